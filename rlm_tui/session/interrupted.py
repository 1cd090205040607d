"""Sessions that were cut off, as the next start finds them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlm_tui.events import SessionEnded, SessionStarted
from rlm_tui.projection.conditions import parse

if TYPE_CHECKING:
    from rlm_tui.config.store_url import StorePlace
    from rlm_tui.document.document import Document
    from rlm_tui.store import SessionRow, Store, StoreReader

CUT_OFF = "status:interrupted"
NOT_RESUMED = ("import:", "direct")
"""How the origins begin of sessions that nothing can go on with: those of other tools, and single calls."""

LOOKED_AT = 200
"""Sessions that are looked at: an older one is still found by name, and by `rlm-tui resume last`."""


def can_go_on(row: SessionRow) -> bool:
    """Whether the session was cut off and can be resumed."""
    return row.status == "interrupted" and not row.origin.startswith(NOT_RESUMED)


def unfinished(store: Store, limit: int = 20) -> list[SessionRow]:
    """The sessions that were cut off and can be resumed, the newest first."""
    found: list[SessionRow] = []
    for row in store.catalog.list(limit=None, where=parse(CUT_OFF)):
        if can_go_on(row):
            found.append(row)
        if len(found) == limit:
            break
    return found


def unfinished_of(path: StorePlace, documents: Sequence[Document]) -> list[SessionRow]:
    """The sessions in the store at `path` that were cut off and are about exactly these documents, the newest first.

    The documents are the same when their texts are, whatever the files are called now. A store that isn't there yet, or
    can't be read, has none: whoever is about to write to it says what is wrong.
    """
    from rlm_tui.store import Catalog, StoreError, StoreReader

    if not path.exists() or not documents:
        return []
    try:
        with StoreReader(path) as reader:
            rows = [row for row in Catalog(reader).list(limit=LOOKED_AT) if _may_be_of(row, documents)]
            return [row for row in rows if _is_of(reader, row, documents)]
    except StoreError:
        return []


def _may_be_of(row: SessionRow, documents: Sequence[Document]) -> bool:
    """What the list alone tells: only then is it worth hashing a text."""
    if not can_go_on(row) or len(row.documents) != len(documents):
        return False
    return sorted(chars for _, chars in row.documents) == sorted(document.chars for document in documents)


def _is_of(reader: StoreReader, row: SessionRow, documents: Sequence[Document]) -> bool:
    for entry in reader.entries(row.id, limit=1):
        started = entry.event
        if isinstance(started, SessionStarted):
            return sorted(d.body.sha for d in started.documents) == sorted(d.ref().sha for d in documents)
    return False


def give_up(path: str | os.PathLike[str], session: str) -> None:
    """End a session that was cut off as ``cancelled``: it is not offered any more, but can still be resumed by name.

    Raises `StoreError` when there is no such session, or a living process writes it.
    """
    from rlm_tui.store import Store

    with Store.open(path) as store:
        row = store.catalog.find(session)
        log = store.resume(row.id)
        if row.status == "interrupted":
            log.append_now(SessionEnded(status="cancelled", error="it was cut off, and given up", usage=row.usage))
        log.close()
