"""The built-in explorer: a deterministic reader that plays the model when no language model is connected."""
