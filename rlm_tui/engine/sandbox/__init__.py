"""The REPL that runs the model's code behind three walls."""
