"""Text on disk and in memory: line index, search, format detection, loaders, and which spans of it a prompt contains.

Importing the package loads nothing else; import what you need from its modules.
"""
