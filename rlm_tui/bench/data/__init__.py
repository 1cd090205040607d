"""Texts that the tasks are made of, and the script that made them."""
