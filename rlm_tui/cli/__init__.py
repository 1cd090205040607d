"""The command line: one file a command, loaded when it is used."""

from __future__ import annotations

import gc
import sys

GARBAGE = (50_000, 20, 20)
"""Objects until the collector looks at the youngest, and how often those that are older get a look, too.

Nearly all that a start allocates is there to stay: to look through it for garbage took a tenth of the first frame.
"""


def main() -> None:
    """The program ``rlm-tui``. Ends the process with the exit code."""
    gc.set_threshold(*GARBAGE)
    from rlm_tui.cli.program import run_program

    sys.exit(run_program(sys.argv[1:]))
