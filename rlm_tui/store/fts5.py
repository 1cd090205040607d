"""The index for searching in a file: SQLite's FTS5. It keeps words and places, no texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rlm_tui.store.connection import Connection
from rlm_tui.store.words import Passage, Query

TABLES = (
    """CREATE TABLE IF NOT EXISTS passage (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, seq INTEGER NOT NULL, part TEXT NOT NULL,
    sha TEXT, chars INTEGER)""",
    "CREATE INDEX IF NOT EXISTS passage_session ON passage (session)",
    "CREATE TABLE IF NOT EXISTS indexed (session TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE IF NOT EXISTS passage_text USING fts5(body, content='', tokenize='unicode61 remove_diacritics 2')",
)
FOUND = "FROM passage_text JOIN passage p ON p.id = passage_text.rowid WHERE passage_text MATCH ?"


class Fts5:
    """`rlm_tui.store.words.WordIndex` over FTS5."""

    def make(self, connection: Connection) -> None:
        for statement in TABLES:
            connection.execute(statement)

    def drop(self, connection: Connection) -> None:
        for table in ("passage_text", "passage", "indexed"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    def add(self, connection: Connection, passage: Passage, text: str) -> None:
        (number,) = connection.execute(
            "INSERT INTO passage (session, seq, part, sha, chars) VALUES (?, ?, ?, ?, ?) RETURNING id", passage
        ).fetchall()[0]
        connection.execute("INSERT INTO passage_text (rowid, body) VALUES (?, ?)", (number, text))

    def forget(self, connection: Connection, session: str, text: Callable[[str | None], str]) -> None:
        for number, sha in connection.execute("SELECT id, sha FROM passage WHERE session = ?", (session,)).fetchall():
            # An index without texts must be told what it is to forget.
            connection.execute(
                "INSERT INTO passage_text (passage_text, rowid, body) VALUES ('delete', ?, ?)", (number, text(sha))
            )
        connection.execute("DELETE FROM passage WHERE session = ?", (session,))

    def find(self, query: Query, terms: Sequence[str], session: str | None, limit: int) -> Sequence[Passage]:
        where = "" if session is None else "AND p.session = ? "
        sql = (
            f"SELECT p.session, p.seq, p.part, p.sha, p.chars {FOUND} {where}ORDER BY bm25(passage_text), p.id LIMIT ?"
        )
        return query(sql, _expression(terms), *([] if session is None else [session]), limit)

    def sessions(self, query: Query, terms: Sequence[str]) -> set[str]:
        return {session for (session,) in query(f"SELECT DISTINCT p.session {FOUND}", _expression(terms))}


def _expression(terms: Sequence[str]) -> str:
    """The terms in FTS5's language, each quoted, so that nothing in them is an operator."""
    return " ".join(f'"{term.removesuffix("*")}"' + ("*" if term.endswith("*") else "") for term in terms)
