"""The state of a session as a fold over its events."""
