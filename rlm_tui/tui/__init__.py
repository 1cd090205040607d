"""The workbench: a Textual app over projected state."""
