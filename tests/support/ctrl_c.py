"""Programs that tests start and then interrupt."""

from __future__ import annotations

import signal


def heeding_ctrl_c() -> None:
    """For ``preexec_fn``: where the tests themselves run in the background, a shell has told them to ignore ctrl+c (and nohup, SIGHUP)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
