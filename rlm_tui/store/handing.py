"""What several processes that work on one table hand each other through the store."""

from __future__ import annotations

from rlm_tui.events import BlobRef
from rlm_tui.store import blobs
from rlm_tui.store.connection import Connection
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.results import CELL, CellRow
from rlm_tui.store.store import Store

_CELL = f'SELECT {", ".join(chr(34) + name + chr(34) for name in CELL)} FROM bench_cell WHERE "key" = ?'


def cell(reader: StoreReader, key: str) -> CellRow | None:
    """The cell of that key as it is now; ``None`` if there is none. Raises `StoreError`."""
    rows = reader.query(_CELL, key)
    return CellRow(**dict(zip(CELL, rows[0], strict=True))) if rows else None


def hand_over(store: Store, text: str) -> BlobRef:
    """Keep a text that no session refers to yet, once. Raises `StoreError`."""
    ref = BlobRef.of(text)

    def write(connection: Connection) -> None:
        if connection.execute(blobs.EXISTS, (ref.sha,)).fetchone() is None:
            connection.executemany(blobs.INSERT, blobs.pieces(ref.sha, text))

    store._writer.call(write)
    return ref


def cell_of(reader: StoreReader, session: str) -> CellRow | None:
    """The cell whose outcome the session is; ``None`` if it was not run for a table. Raises `StoreError`."""
    rows = reader.query(_CELL.replace('"key" = ?', "session = ?"), session)
    return CellRow(**dict(zip(CELL, rows[0], strict=True))) if rows else None
