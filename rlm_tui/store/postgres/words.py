"""The index for searching in PostgreSQL. It finds what FTS5 finds, in the same order.

The words are made by FTS5 itself, in memory, so that they are the same. A ``tsvector`` of them finds the candidates; the
words in their order, each between blanks, tell a phrase and count how often it stands there, which BM25 needs. So this
index keeps a folded copy of the texts. (A ``tsvector`` alone forgets the places of frequent words and of long texts.)
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rlm_tui.store.connection import Connection
from rlm_tui.store.words import Passage, Query

if TYPE_CHECKING:
    from rlm_tui.store.postgres.connection import PostgresConnection

TABLES = (
    """CREATE TABLE passage (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL,
    part TEXT NOT NULL, sha TEXT, chars BIGINT, tokens BIGINT NOT NULL, body TEXT COLLATE "C" NOT NULL, words TSVECTOR)""",
    "CREATE INDEX passage_session ON passage (session)",
    "CREATE INDEX passage_words ON passage USING gin (words)",
    "CREATE INDEX passage_large ON passage (id) WHERE words IS NULL",
    'CREATE TABLE indexed (session TEXT COLLATE "C" PRIMARY KEY, seq BIGINT NOT NULL)',
)

LONGEST = 500
"""Bytes of a word that the index keeps; the server's own limit is 2,046."""

LARGEST = 1_000_000
"""Bytes of different words up to which a text is in the index. Those of a larger one are looked through each time."""

K1, B = 1.2, 0.75
"""The constants of BM25, as in FTS5."""


class Folder:
    """Cuts texts into words as SQLite's ``unicode61`` does, without accents and in lower case."""

    def __init__(self) -> None:
        self._memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._memory.execute(
            "CREATE VIRTUAL TABLE text USING fts5(body, content='', tokenize='unicode61 remove_diacritics 2')"
        )
        self._memory.execute("CREATE VIRTUAL TABLE word USING fts5vocab(text, instance)")

    def words(self, text: str) -> list[str]:
        """The words of `text` in their order."""
        self._memory.execute("INSERT INTO text (rowid, body) VALUES (1, ?)", (text,))
        found = [word for (word,) in self._memory.execute('SELECT term FROM word ORDER BY "offset"')]
        self._memory.execute("INSERT INTO text (text) VALUES ('delete-all')")
        return found


class Term(NamedTuple):
    """A word or phrase to look for: as a ``tsquery``, as it stands in the body, and whether the first says it all.

    `overlapping` is a pattern of a phrase that may begin before the last one has ended (``the the`` in ``the the the``).
    """

    query: str
    body: str
    enough: bool
    overlapping: str = ""

    @classmethod
    def of(cls, words: Sequence[str], begins: bool) -> Term:
        """`begins` if the last word may go on."""
        body = "".join(f" {word} " for word in words)
        short = [_short(word) for word in words]
        whole = len(words) == 1 and short[0] == words[0]
        marks = [":*" if begins and number == len(words) else "" for number in range(1, len(words) + 1)]
        query = " & ".join("'" + word.replace("'", "''") + "'" + mark for word, mark in zip(short, marks, strict=True))
        body = body[:-1] if begins else body
        first, rest = f" {words[0]} ", body[len(words[0]) + 2 :]
        again = any(word.startswith(words[0]) or words[0].startswith(word) for word in words[1:])
        # Words are letters and digits, so nothing in them is an operator.
        return cls(query, body, whole, f"{first}(?={rest})" if again else "")

    @property
    def condition(self) -> str:
        """What holds for a passage that has it; its values are `values`."""
        sure = "words IS NOT NULL OR " if self.enough else ""
        return f"(words @@ ?::tsquery OR words IS NULL) AND ({sure}strpos(body, ?) > 0)"

    @property
    def values(self) -> tuple[str, str]:
        return self.query, self.body

    @property
    def often(self) -> tuple[str, tuple[str, ...]]:
        """How often a passage has it, as a number with a point, and the values for that."""
        if self.overlapping:
            return "(SELECT count(*) FROM regexp_matches(body, ?, 'g'))::float8", (self.overlapping,)
        return "((length(body) - length(replace(body, ?, ''))) / length(?))::float8", (self.body, self.body)


class PostgresWords:
    """`rlm_tui.store.words.WordIndex` over ``tsvector``."""

    def __init__(self) -> None:
        self._folder = Folder()

    def make(self, connection: Connection) -> None:
        here: PostgresConnection = connection  # type: ignore[assignment]
        here.lock_index()
        if not connection.has_table("passage"):
            for statement in TABLES:
                connection.execute(statement)

    def drop(self, connection: Connection) -> None:
        for table in ("passage", "indexed"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    def add(self, connection: Connection, passage: Passage, text: str) -> None:
        words = self._folder.words(text)
        different = sorted({_short(word) for word in words})
        small = sum(len(word.encode()) for word in different) <= LARGEST
        connection.execute(
            "INSERT INTO passage (session, seq, part, sha, chars, tokens, body, words)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, array_to_tsvector(?::text[]))",
            (*passage, len(words), "".join(f" {word} " for word in words), different if small else None),
        )

    def forget(self, connection: Connection, session: str, text: Callable[[str | None], str]) -> None:
        connection.execute("DELETE FROM passage WHERE session = ?", (session,))

    def find(self, query: Query, terms: Sequence[str], session: str | None, limit: int) -> Sequence[Passage]:
        wanted = self._terms(terms)
        if not wanted:
            return []
        rows, tokens = query("SELECT count(*), coalesce(sum(tokens), 0) FROM passage")[0]
        average = max(tokens / max(rows, 1), 1e-9)
        scores: list[str] = []
        values: list[Any] = []
        for term in wanted:
            ((hits,),) = query(f"SELECT count(*) FROM passage WHERE {term.condition}", *term.values)
            # What more than half of the texts have still counts a little.
            weight = max(math.log((rows - hits + 0.5) / (hits + 0.5)), 0.0) or 1e-6
            often, counted = term.often
            scores.append(f"?::float8 * ({often} * {K1 + 1}) / ({often} + {K1} * ({1 - B} + {B} * tokens / ?::float8))")
            values += [weight, *counted, *counted, average]
        where = [term.condition for term in wanted]
        found = [value for term in wanted for value in term.values]
        if session is not None:
            where.append("session = ?")
            found.append(session)
        return query(
            f"SELECT session, seq, part, sha, chars FROM passage WHERE {' AND '.join(where)}"
            f" ORDER BY -({' + '.join(scores)}), id LIMIT ?",
            *found,
            *values,
            limit,
        )

    def sessions(self, query: Query, terms: Sequence[str]) -> set[str]:
        wanted = self._terms(terms)
        where = " AND ".join(term.condition for term in wanted)
        values = [value for term in wanted for value in term.values]
        return (
            {name for (name,) in query(f"SELECT DISTINCT session FROM passage WHERE {where}", *values)}
            if wanted
            else set()
        )

    def _terms(self, terms: Sequence[str]) -> list[Term]:
        """What there is to look for; a term without a word (``_``) is left out, as FTS5 does it."""
        cut = [(self._folder.words(term.removesuffix("*")), term.endswith("*")) for term in terms]
        return [Term.of(words, begins) for words, begins in cut if words]


def _short(word: str) -> str:
    return word.encode()[:LONGEST].decode("utf-8", "ignore")
