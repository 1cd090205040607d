"""Plots of results: what is drawn (`series`), and on what (`terminal`, `svg`)."""
