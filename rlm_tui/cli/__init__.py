"""The command line: one file a command, loaded when it is used."""

from __future__ import annotations

import sys


def main() -> None:
    """The program ``rlm-tui``. Ends the process with the exit code."""
    from rlm_tui.cli.program import run_program

    sys.exit(run_program(sys.argv[1:]))
