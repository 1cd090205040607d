"""Making the projections again from the log: the list of sessions is only ever a summary of events."""

from __future__ import annotations

from rlm_tui.events import BlobRef, Entry, decode
from rlm_tui.events.codec import UnreadableEvent
from rlm_tui.store import blobs
from rlm_tui.store.connection import EVERYTHING, Connection
from rlm_tui.store.errors import StoreError
from rlm_tui.store.reader import EVENTS
from rlm_tui.store.row import WRITE, SessionRow, fold, to_sql


def refold(connection: Connection, session: str) -> SessionRow:
    """The row of `session` from its events alone. Raises `StoreError` for an event that can't be read."""

    def text(ref: BlobRef) -> str:
        return blobs.load(connection, ref.sha)

    row = SessionRow(id=session)
    for seq, at, schema, payload in connection.execute(EVENTS, (session, 0, EVERYTHING)):
        try:
            row = fold(row, Entry(seq, at, decode(payload, schema)), text)
        except UnreadableEvent as error:
            raise StoreError(f"session {session}, event {seq}: {error}") from None
    return row


def rebuild(connection: Connection) -> int:
    """Make the table of sessions again, inside the caller's transaction; returns how many there are.

    The index for searching goes: the next search makes it.
    """
    connection.words().drop(connection)
    connection.execute("DELETE FROM session")
    # One step of the primary key for each session, instead of a walk over all events.
    session, count = "", 0
    while (
        found := connection.execute("SELECT min(session) FROM event WHERE session > ?", (session,)).fetchone()[0]
    ) is not None:
        session = found
        connection.execute(WRITE, to_sql(refold(connection, session)))
        count += 1
    return count
