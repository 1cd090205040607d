"""When the screen itself breaks down: one sentence for the operator, the whole report in a file."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path

from rlm_tui.config.paths import data_dir


def report(error: BaseException, folder: Path | None = None) -> str:
    """Write the report. Returns what to tell the operator.

    The report holds file names, line numbers and messages, but no values of variables: documents and keys stay out of it.
    """
    words = (
        f"rlm-tui: the screen broke down ({type(error).__name__}). The session is saved up to here; "
        "`rlm-tui replay last` opens it."
    )
    folder = folder or data_dir()
    path = folder / f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    except OSError:
        return words
    return f"{words} What happened is in {path}."
