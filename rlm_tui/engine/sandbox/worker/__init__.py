"""What runs inside the locked process. Nothing here imports the rest of rlm-tui; the host imports nothing from here."""
