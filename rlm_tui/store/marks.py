"""What the user notes about a session: tags, a note, a score. Not part of the log, and kept when it is rebuilt."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rlm_tui.store.connection import Connection
from rlm_tui.store.errors import StoreError

SCORES = range(1, 6)
_TAG = re.compile(r"[^\s,:\"'()]{1,40}")


def tag(connection: Connection, session: str, add: Iterable[str], remove: Iterable[str]) -> tuple[str, ...]:
    """Add and remove tags; returns all there are now, sorted. A tag is one word without blanks or punctuation."""
    before = _row(connection, session)[0]
    wanted = {_checked(name) for name in add}
    tags = tuple(sorted((set(before.split()) | wanted) - {name.lower() for name in remove}))
    connection.execute("UPDATE mark SET tags = ? WHERE session = ?", (" ".join(tags), session))
    return tags


def note(connection: Connection, session: str, text: str) -> None:
    """Set the note; an empty one takes it away."""
    _row(connection, session)
    connection.execute(
        "UPDATE mark SET note = ? WHERE session = ?", (text.encode("utf-8", "replace").decode(), session)
    )


def score(connection: Connection, session: str, value: int | None) -> None:
    """Set the score, from 1 to 5, or take it away."""
    if value is not None and value not in SCORES:
        raise StoreError(f"a score is a number from {SCORES[0]} to {SCORES[-1]}, not {value}")
    _row(connection, session)
    connection.execute("UPDATE mark SET score = ? WHERE session = ?", (value, session))


def _checked(name: str) -> str:
    if not _TAG.fullmatch(name):
        raise StoreError(
            f"{name!r} can't be a tag: a tag is one word of at most 40 characters, without : , quotes or brackets"
        )
    return name.lower()


def _row(connection: Connection, session: str) -> tuple[str, str, int | None]:
    if connection.execute("SELECT 1 FROM session WHERE id = ?", (session,)).fetchone() is None:
        raise StoreError(f"there is no session {session}; `rlm-tui sessions` lists them")
    # One statement that also locks the row: two programs may be adding a tag at once.
    found: tuple[str, str, int | None] = connection.execute(
        "INSERT INTO mark (session, tags, note) VALUES (?, '', '') ON CONFLICT (session) DO UPDATE SET session = excluded.session"
        " RETURNING tags, note, score",
        (session,),
    ).fetchone()
    return found
