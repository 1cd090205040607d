"""From saved sessions, or the one on the screen, to the diff screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlm_tui.tui.view import View

if TYPE_CHECKING:
    from rlm_tui.projection.compare import Session
    from rlm_tui.session.source import EventSource
    from rlm_tui.tui.screens.diff import Diff
    from rlm_tui.tui.shelf import Shelf


def diff_of_saved(shelf: Shelf, sessions: Sequence[str]) -> Diff:
    """The screen that compares two or three saved sessions; the first is the base. It closes them when it goes.

    Raises exceptions whose text is one sentence.
    """
    from rlm_tui.projection.compare import compare
    from rlm_tui.tui.screens.diff import Diff

    opened: list[EventSource] = []
    try:
        for session in sessions:
            opened.append(shelf.open(session))
        sides = [_side(source) for source in opened]
        return Diff(compare(sides), sides, lambda: _close(opened))
    except BaseException:
        _close(opened)
        raise


def diff_of_view(view: View, shelf: Shelf, other: str) -> Diff:
    """The screen that compares the session of the workbench, as it ended, with a saved one. Raises as `diff_of_saved`."""
    from rlm_tui.projection.compare import Session, compare
    from rlm_tui.tui.screens.diff import Diff

    assert view.source is not None
    source = shelf.open(other)
    try:
        sides = [Session(view.head, view.source.text), _side(source)]
        return Diff(compare(sides), sides, source.close)
    except BaseException:
        source.close()
        raise


def _side(source: EventSource) -> Session:
    from rlm_tui.projection.compare import Session
    from rlm_tui.projection.fold import fold

    return Session(fold(source.drain()), source.text)


def _close(sources: Sequence[EventSource]) -> None:
    for source in sources:
        source.close()
