"""What the app offers when it opens documents: to go on with a session about them that was cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rlm_tui.config.store_url import StorePlace
from rlm_tui.document.visible import visible
from rlm_tui.store.row import SessionRow

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.tui.app import WorkbenchApp


class Unfinished:
    """The sessions of the store at `path` that were cut off. Its methods read files: they are for a thread."""

    def __init__(self, path: StorePlace) -> None:
        self._path = path

    def about(self, documents: Sequence[Document]) -> Sequence[SessionRow]:
        """Those about exactly these documents, the newest first."""
        from rlm_tui.session.interrupted import unfinished_of

        return unfinished_of(self._path, documents)

    def give_up(self, session: str) -> None:
        """End one as cancelled. Raises `StoreError`."""
        from rlm_tui.session.interrupted import give_up

        give_up(self._path, session)


def offer_resume(app: WorkbenchApp, unfinished: Unfinished, question: str, start: Callable[[], None]) -> None:
    """Ask whether to go on where a session about the documents on the screen was cut off; else, `start`.

    One that was asked another `question` than the given one is only mentioned.
    """

    def decided(row: SessionRow, answer: str | None) -> None:
        from rlm_tui.tui.messages import ResumeWanted
        from rlm_tui.tui.screens.resume import GIVE_UP, RESUME

        if answer == RESUME:
            app.post_message(ResumeWanted(row.id))
            return
        if answer == GIVE_UP:
            app.aside(partial(unfinished.give_up, row.id), lambda _: start(), "It can't be given up")
            return
        start()

    def found(rows: Sequence[SessionRow]) -> None:
        same = [row for row in rows if not question.strip() or row.query.strip() == question.strip()]
        if same:
            from rlm_tui.tui.screens.resume import OfferResume

            app.push_screen(OfferResume(same, app.view.now(), app.view.glyphs.dot), partial(decided, same[0]))
            return
        if rows:
            row = rows[0]
            app.notify(
                f"«{visible(' '.join(row.query.split()))[:80]}» was interrupted: rlm-tui resume {row.id[:8]}",
                markup=False,
                timeout=8,
            )
        start()

    app.aside(partial(unfinished.about, app.view.documents), found)
