"""Saved sessions side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.projection.compare import Comparison, Session, compare
from rlm_tui.projection.fold import fold
from rlm_tui.session.replay import SavedSession


def compare_saved(saved: Sequence[SavedSession]) -> tuple[Comparison, list[Session]]:
    """Compare two or three saved sessions as they ended; the first is the base.

    Returns the comparison with the sessions it is about, whose states and texts the rows' keys lead to. Nothing runs.
    """
    sessions = [Session(fold(item.entries), item.text) for item in saved]
    return compare(sessions), sessions
