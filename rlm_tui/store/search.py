"""Full-text search over questions, code, outputs, replies and answers.

The index is a projection like any other, but it is made when somebody searches, not while a session runs: a search first
takes in what came since the last one. The index itself is the database's own (`rlm_tui.store.words`). Its tables are not
among those of `rlm_tui.store.tables`, because they may be dropped and made again at any time.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, decode
from rlm_tui.events.codec import UnreadableEvent
from rlm_tui.store import blobs
from rlm_tui.store.connection import Connection
from rlm_tui.store.errors import StoreError
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.words import WordIndex

TABLE = "passage"
"""The table that is there when there is an index."""

KINDS = ("session.started", "cell.proposed", "cell.edited", "cell.finished", "call.finished", "session.ended")
"""The events that carry text worth finding."""

STEP = 2000
"""Events taken in by one transaction, so that a running session never waits long."""

AROUND = 60
"""Characters of a snippet on either side of what was found."""

WINDOW = 50_000
"""Characters in which one looks for a snippet at a time."""


class Hit(msgspec.Struct, frozen=True):
    """A text that was found: `part` is ``question``, ``code``, ``output``, ``reply`` or ``answer`` of event `seq`.

    `text` is the whole of it (``None`` for a question, which stands in the event itself). `snippet` is one line; the
    characters from `start` to `end` of it are what was found.
    """

    session: str
    seq: int
    part: str
    text: BlobRef | None
    snippet: str
    start: int = 0
    end: int = 0


def update(connection: Connection) -> bool:
    """Take in the next events, inside the caller's transaction; returns whether there are more."""
    index = connection.words()
    index.make(connection)
    behind = connection.execute(
        "SELECT s.id, coalesce(i.seq, 0), s.last_seq FROM session s LEFT JOIN indexed i ON i.session = s.id "
        "WHERE coalesce(i.seq, 0) < s.last_seq ORDER BY s.created LIMIT ?",
        (STEP,),
    ).fetchall()
    left = STEP
    for session, after, last in behind:
        upto = min(last, after + left)
        _take_in(connection, index, session, after, upto)
        left -= upto - after
        if left <= 0:
            return True
    return len(behind) == STEP


def forget(connection: Connection, session: str) -> None:
    """Take a session out of the index, inside the caller's transaction, while its texts are still there."""
    if not connection.has_table(TABLE):
        return
    (question,) = connection.execute("SELECT query FROM session WHERE id = ?", (session,)).fetchone()

    def text(sha: str | None) -> str:
        return _indexable(question if sha is None else _load(connection, sha))

    connection.words().forget(connection, session, text)
    connection.execute("DELETE FROM indexed WHERE session = ?", (session,))


def find(reader: StoreReader, wanted: str, limit: int = 50, session: str | None = None) -> list[Hit]:
    """The texts in which all of `wanted` stands, the best first. Uses the index as it is (see `update`).

    Words are found whatever their case and accents, ``"in quotes"`` next to each other, ``begin*`` by their beginning.
    Raises `StoreError` when there is nothing to look for.
    """
    terms = parse(wanted)
    rows = _index(reader).find(reader.query, terms, session, limit)
    return [_hit(reader, row, terms) for row in rows]


def sessions(reader: StoreReader, wanted: str) -> set[str]:
    """The sessions that have all of `wanted` in one of their texts. Raises `StoreError`."""
    return _index(reader).sessions(reader.query, parse(wanted))


def parse(wanted: str) -> list[str]:
    """The words and phrases of a search. Raises `StoreError` if there are none."""
    terms = []
    for phrase, word in re.findall(r'"([^"]*)"?|([^\s"]+)', wanted.encode("utf-8", "replace").decode()):
        term = " ".join((phrase or word).replace("\0", " ").split())
        if re.search(r"\w", term):
            terms.append(term)
    if not terms:
        raise StoreError(f'there is no word to look for in {wanted!r}; write words, or "a phrase" in quotes')
    return terms


def _index(reader: StoreReader) -> WordIndex:
    if not reader.has_table(TABLE):
        raise StoreError(
            f"the store {reader.path} has no index for searching, and making one needs the right to write to it"
        )
    return reader.words()


def _take_in(connection: Connection, index: WordIndex, session: str, after: int, upto: int) -> None:
    marks = ", ".join("?" for _ in KINDS)
    rows = connection.execute(
        "SELECT seq, schema, CAST(payload AS BLOB) FROM event "
        f"WHERE session = ? AND seq > ? AND seq <= ? AND kind IN ({marks}) ORDER BY seq",
        (session, after, upto, *KINDS),
    ).fetchall()
    for seq, schema, payload in rows:
        try:
            event = decode(payload, schema)
        except UnreadableEvent:
            continue
        part, ref, text = _passage(connection, event)
        body = _indexable(text)
        if body:
            index.add(connection, (session, seq, part, *((None, None) if ref is None else (ref.sha, ref.chars))), body)
    connection.execute(
        "INSERT INTO indexed (session, seq) VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET seq = excluded.seq",
        (session, upto),
    )


def _passage(connection: Connection, event: ev.Event) -> tuple[str, BlobRef | None, str]:
    part, ref = "", None
    if isinstance(event, ev.SessionStarted | ev.SessionAsked):
        return "question", None, event.query
    if isinstance(event, ev.CellProposed | ev.CellEdited):
        part, ref = "code", event.code
    elif isinstance(event, ev.CellFinished):
        part, ref = "output", event.output
    elif isinstance(event, ev.CallFinished):
        part, ref = "reply", event.reply
    elif isinstance(event, ev.SessionEnded):
        part, ref = "answer", event.answer
    return part, ref, "" if ref is None else _load(connection, ref.sha)


def _load(connection: Connection, sha: str) -> str:
    try:
        return blobs.load(connection, sha)
    except (KeyError, ValueError):
        return ""


def _indexable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def _hit(reader: StoreReader, row: tuple[Any, ...], terms: list[str]) -> Hit:
    session, seq, part, sha, chars = row
    ref = None if sha is None else BlobRef(sha, chars)
    try:
        text = (
            reader.query("SELECT query FROM session WHERE id = ?", session)[0][0] if ref is None else reader.text(ref)
        )
    except (KeyError, IndexError, StoreError):
        return Hit(session, seq, part, ref, "")
    start, end = _locate(text, terms[0])
    before = _line(text[max(0, start - AROUND) : start], "…" if start > AROUND else "", "")
    found = _line(text[start:end], "", "")
    after = _line(text[end : end + AROUND], "", "…" if end + AROUND < len(text) else "")
    return Hit(session, seq, part, ref, before + found + after, len(before), len(before) + len(found))


def _line(text: str, before: str, after: str) -> str:
    return before + re.sub(r"\s+", " ", text) + after


def _locate(text: str, term: str) -> tuple[int, int]:
    """Where `term` stands in `text`, without regard to case and accents; the beginning if it can't be told."""
    words = [re.escape(_fold(word)[0]) for word in re.findall(r"\w+", term)]
    ending = "" if term.endswith("*") else r"(?!\w)"
    pattern = re.compile(r"(?<!\w)" + r"\W+".join(words) + ending)
    for begin in range(0, len(text), WINDOW):
        folded, places = _fold(text[begin : begin + WINDOW + len(term) + 100])
        if (match := pattern.search(folded)) and match.end() > match.start():
            return begin + places[match.start()], begin + places[match.end() - 1] + 1
    return 0, 0


def _fold(text: str) -> tuple[str, list[int]]:
    """`text` in lower case without accents, and for each of its characters where it came from."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in character.lower() if character.isascii() else unicodedata.normalize("NFKD", character).lower():
            if not unicodedata.combining(part):
                folded.append(part)
                places.append(place)
    return "".join(folded), places
