"""The laboratory: tasks, methods, runner, scores and statistics."""
