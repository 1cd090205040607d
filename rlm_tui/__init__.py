"""rlm-tui: a debugger for Recursive Language Models."""
