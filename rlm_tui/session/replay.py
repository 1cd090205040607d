"""A saved session as an event source: nothing runs, nothing costs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_tui.document.document import Document
from rlm_tui.events import BlobRef, Entry, SessionStarted

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.store import Recording


class SavedSession:
    """An `EventSource` over saved events."""

    gate: Gate | None = None
    failure: str | None = None

    @property
    def process(self) -> int | None:
        """The process that runs the session now; ``None`` for one that nobody runs."""
        return None

    def __init__(self, recording: Recording) -> None:
        self.session = recording.session
        self._recording = recording
        self._kept = list(recording.entries())
        self._entries = list(self._kept)
        self._documents: list[Document] | None = None

    @property
    def documents(self) -> Sequence[Document]:
        """The documents, loaded when they are first looked at. One whose text is not kept here is empty."""
        if self._documents is None:
            self._documents = []
            first = next((e.event for e in self.entries if isinstance(e.event, SessionStarted)), None)
            for ref in first.documents if first else ():
                try:
                    text = self._recording.text(ref.body)
                except KeyError:
                    text = ""
                path = Path(ref.path) if ref.path else None
                self._documents.append(Document.from_text(ref.name, text, path=path, format=ref.format))
        return self._documents

    @property
    def entries(self) -> list[Entry]:
        """All events, in order."""
        return self._kept

    def drain(self) -> list[Entry]:
        """Everything at the first call, nothing later."""
        entries, self._entries = self._entries, []
        return entries

    def text(self, ref: BlobRef) -> str:
        """A body by reference. Raises `KeyError`."""
        return self._recording.text(ref)

    def keep(self, text: str) -> BlobRef:
        """The reference of `text`: a saved session takes nothing new."""
        return BlobRef.of(text)

    def close(self) -> None:
        """Let go of files. Idempotent."""
        self._recording.close()


def open_saved(what: str, store: str | os.PathLike[str] | None = None) -> SavedSession:
    """The saved session that `what` names: an id, a unique prefix of one, ``last``, or a file that holds one.

    One that another process is running is followed (`rlm_tui.session.follow.FollowedSession`). Raises `rlm_tui.store.StoreError` with a sentence when there is none.
    """
    from rlm_tui.store import StoredSession, open_recording

    recording = open_recording(what, store)
    if isinstance(recording, StoredSession) and recording.row.status == "running":
        from rlm_tui.session.follow import FollowedSession

        return FollowedSession(recording)
    return SavedSession(recording)
