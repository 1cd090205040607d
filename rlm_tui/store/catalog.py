"""The sessions of a store: listing, finding, summing up, marking, deleting."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from rlm_tui.events import Usage
from rlm_tui.store import row
from rlm_tui.store.connection import EVERYTHING
from rlm_tui.store.errors import StoreError
from rlm_tui.store.facts import SessionFacts
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.row import SessionRow

LAST = "last"
SHOWN = 8
"""How many candidates an error lists."""

PAGE = 500
"""Sessions looked at together when a condition is put to them."""

NEWEST = " ORDER BY s.created DESC, s.id LIMIT ? OFFSET ?"
OLDER = " WHERE s.created <= ? AND (s.created < ? OR s.id > ?)"
"""What comes after a session in that order. Counting rows off with OFFSET would sort all of them for each page."""

_ID = re.compile(r"[0-9a-z][0-9a-z_.:-]*")

if TYPE_CHECKING:
    from rlm_tui.projection.conditions import Condition


class Sums(msgspec.Struct, frozen=True):
    """What all sessions of a store come to."""

    sessions: int
    events: int
    usage: Usage


class Catalog:
    """The list of sessions behind a `StoreReader`."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader

    def list(self, limit: int | None = None, offset: int = 0, where: Condition | None = None) -> list[SessionRow]:
        """A page of sessions, the newest first; only those for which `where` holds, if one is given.

        ``text:"first meet"`` is answered by the index for searching (`rlm_tui.store.indexed`). Another condition about
        texts (``code~requests``) reads those of every session it is put to: write the cheaper ones first.
        """
        if where is None:
            return list(self._select(NEWEST, EVERYTHING if limit is None else limit, offset))
        end = None if limit is None else offset + limit
        return list(islice(self._where(where), offset, end))

    def _where(self, condition: Condition) -> Iterator[SessionRow]:
        from rlm_tui.store.indexed import indexed

        condition, now = indexed(condition, self._reader), time.time()
        page = self.list(PAGE)
        while page:
            yield from (row for row in page if condition.test(SessionFacts(row, self._reader, now)))
            last = page[-1]
            page = list(self._select(OLDER + NEWEST, last.created, last.created, last.id, PAGE, 0))

    def get(self, session: str) -> SessionRow | None:
        """The session of exactly this id."""
        return next(self._select(" WHERE s.id = ?", session), None)

    def find(self, text: str) -> SessionRow:
        """The session that `text` means: an id, a beginning of one that is unique, or ``last``.

        Raises `StoreError`: nothing like it (says what to do), or several (lists them).
        """
        wanted = text.strip().lower()
        if wanted == LAST:
            newest = self.list(limit=1)
            if not newest:
                raise StoreError(f"there are no sessions yet in {self._reader.path}; `rlm-tui open FILE` makes one")
            return newest[0]
        if not _ID.fullmatch(wanted):
            raise StoreError(f"{text!r} is not a session id; `rlm-tui sessions` lists them")
        # Every id that begins with `wanted` lies between it and `wanted` followed by the highest character.
        found = list(
            self._select(" WHERE s.id >= ? AND s.id < ?" + NEWEST, wanted, wanted + "\U0010ffff", EVERYTHING, 0)
        )
        exact = [r for r in found if r.id == wanted]
        if exact or len(found) == 1:
            return (exact or found)[0]
        if not found:
            raise StoreError(f"no session begins with {text!r} in {self._reader.path}; `rlm-tui sessions` lists them")
        names = ", ".join(f"{r.id} ({_shorten(r.query)})" for r in found[:SHOWN])
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise StoreError(f"{text!r} could be {len(found)} sessions: {names}{more}; type more of the id")

    def sums(self) -> Sums:
        """How many sessions and events there are, and what they used."""
        names = Usage.__struct_fields__
        columns = ", ".join(f"coalesce(sum({name}), 0)" for name in names if name != "estimated")
        values = self._reader.query(
            f"SELECT count(*), coalesce(sum(last_seq), 0), coalesce(max(CASE WHEN estimated THEN 1 ELSE 0 END), 0), {columns} FROM session"
        )[0]
        numbers = dict(zip([name for name in names if name != "estimated"], values[3:], strict=True))
        return Sums(values[0], values[1], Usage(**numbers, estimated=bool(values[2])))

    def _select(self, tail: str, *values: object) -> Iterator[SessionRow]:
        living = self._reader.living()
        return (row.from_sql(r, living) for r in self._reader.query(row.SELECT + tail, *values))


def _shorten(text: str, length: int = 40) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
