"""Panes of the workbench."""
