"""BrowseComp-Plus, from local files: questions, and a corpus of which each question gets a thousand documents."""

from __future__ import annotations

import base64
import binascii
import hashlib
import random
from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import BenchError, Document, Item, Score, digest
from rlm_tui.bench.scores import text
from rlm_tui.bench.tasks.files import Row, column, kind_of, rows, text_column
from rlm_tui.bench.tasks.options import Options

_CANARY = "canary"
_SECRET = ("query", "answer", "gold_docs", "evidence_docs", "negative_docs")


class BrowseCompPlus:
    """Questions whose evidence is spread over the web, over documents that hold all of it and much else.

    `path` is a folder with the questions (``queries.*``) and the corpus (``corpus.*``, or a folder ``corpus``). The
    questions may be as published, that is obfuscated; then the option `canary` is the text that opens them, as its authors
    give it. They are opened in memory only.

    A question's documents are all its gold and evidence documents, its negatives, and others by the seed, up to the length,
    shuffled. A gold or evidence document that the corpus lacks is refused: without it the question has no answer.

    The official grade is a judge model's; until one is asked, `official` is 1 for the gold's very words only.
    """

    name: ClassVar[str] = "browsecomp-plus"
    summary: ClassVar[str] = "BrowseComp-Plus: questions over a thousand web documents each, from local files"
    notice: ClassVar[str] = (
        "arXiv 2508.06600. Never put its opened text where others or crawlers can read it: sessions hold it, so don't export or "
        "share them. Its official grade is a judge model's: read the judge column."
    )
    answer_types: ClassVar[tuple[str, ...]] = ("TEXT",)
    axis: ClassVar[str] = "documents"
    needs: ClassVar[str] = "a folder with queries.* and corpus.* of BrowseComp-Plus"
    lengths: tuple[int, ...] = (1_000,)

    def __init__(self, path: Path, **given: Any) -> None:
        options = Options(self.name, given)
        self._canary = options.text(_CANARY)
        options.done()
        self.path = Path(path)
        if not self.path.is_dir():
            raise BenchError(f"{path} is not a folder; {self.name} needs {self.needs}")
        self._corpus = self._read_corpus()
        self._queries = self._read_queries()
        self._kept: tuple[str, list[str]] | None = None

    def items(self, length: int, seed: int, limit: int | None = None) -> list[Item]:
        """One item a question. `seed` chooses the documents that fill up, and their order."""
        if not 1 <= length <= len(self._corpus):
            raise BenchError(f"a window can have 1 to {len(self._corpus):,} documents of this corpus, not {length:,}")
        if limit is not None and limit < 1:
            raise BenchError(f"a limit of {limit} items leaves nothing to run; take 1 or more")
        found = []
        for query, row in list(self._queries.items())[:limit]:
            window = f"{self.name}/{length}/{seed}/{query}"
            meta = {
                "confidential": True,
                "gold_documents": len(row["gold"]),
                "evidence_documents": len(row["evidence"]),
            }
            found.append(
                Item(
                    window,
                    window,
                    row["query"],
                    (row["answer"],),
                    "TEXT",
                    length,
                    digest(self._window(window)),
                    {**meta},
                )
            )
        return found

    def document(self, item: Item) -> Document:
        """The documents of the item's question as a list of texts."""
        documents = self._window(item.window)
        if digest(documents) != item.document:
            raise BenchError(f"the documents of {item.id} are others than when it was made; give the same files")
        return documents

    def score(self, item: Item, answer: str) -> Score:
        return text.short(item.gold, answer)

    def _window(self, name: str) -> list[str]:
        if self._kept is not None and self._kept[0] == name:
            return self._kept[1]
        try:
            task, length, _seed, query = name.split("/", 3)
            if task != self.name:
                raise ValueError(name)
            row, most = self._queries[query], int(length)
        except (ValueError, KeyError):
            raise BenchError(f"{self.path} has no window {name}; give the folder that the item is from") from None
        source = random.Random(name)
        needed = list(dict.fromkeys(row["gold"] + row["evidence"]))
        if len(needed) > most:
            raise BenchError(
                f"question {query} has {len(needed)} gold and evidence documents, more than the {most} of a window; none may be "
                "left out, so take a greater length"
            )
        chosen = dict.fromkeys(needed)
        for other in row["negative"]:
            if len(chosen) < most and other in self._corpus:
                chosen.setdefault(other)
        others = [other for other in self._corpus if other not in chosen]
        chosen.update(dict.fromkeys(source.sample(others, min(most - len(chosen), len(others)))))
        order = sorted(chosen)
        source.shuffle(order)
        documents = [self._corpus[one] for one in order]
        self._kept = (name, documents)
        return documents

    def _read_corpus(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for where, row in rows(self._part("corpus")):
            found[str(column(row, where, "docid", "id"))] = text_column(row, where, "text")
        if not found:
            raise BenchError(f"the corpus in {self.path} is empty")
        return dict(sorted(found.items()))

    def _read_queries(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for where, raw in rows(self._part("queries")):
            row = self._opened(raw, where)
            query = str(column(row, where, "query_id", "id"))
            parts: dict[str, Any] = {
                part: _ids(row, where, f"{part}_docs") for part in ("gold", "evidence", "negative")
            }
            if not parts["gold"]:
                raise BenchError(f"{where} names no gold documents (column gold_docs), so its window can't be made")
            missing = [one for one in parts["gold"] + parts["evidence"] if one not in self._corpus]
            if missing:
                raise BenchError(
                    f"the corpus in {self.path} lacks {len(missing)} gold or evidence documents of question {query} (such as "
                    f"{missing[0]}); without them it has no answer: get the whole corpus"
                )
            if query in found:
                raise BenchError(f"{where} has the query_id {query} of an earlier row")
            parts["query"] = text_column(row, where, "query")
            parts["answer"] = text_column(row, where, "answer")
            found[query] = parts
        if not found:
            raise BenchError(f"the questions in {self.path} are empty")
        return found

    def _part(self, name: str) -> Path:
        if (self.path / name).is_dir():
            return self.path / name
        files = sorted(one for one in self.path.glob(f"{name}*") if one.is_file() and kind_of(one))
        if len(files) != 1:
            raise BenchError(
                f"{self.path} should have one file or folder {name}, not {len(files)}; {self.name} needs {self.needs}"
            )
        return files[0]

    def _opened(self, row: Row, where: str) -> Row:
        """The row as plain text. The text never leaves memory from here, and no message quotes it."""
        query = text_column(row, where, "query")
        if not _is_closed(query):
            return row
        if not self._canary:
            raise BenchError(
                f"{where} is obfuscated, so that it is not found by crawlers; give the text that opens it, from the authors' "
                "repository, with --option canary=TEXT, and keep what you open to yourself"
            )
        key = hashlib.sha256(self._canary.encode()).digest()
        try:
            return {name: _open(value, key) if name in _SECRET else value for name, value in row.items()}
        except (ValueError, UnicodeDecodeError):
            raise BenchError(
                f"{where} can't be opened with that canary; copy the whole sentence, to the last character"
            ) from None


def _is_closed(value: str) -> bool:
    """Whether a text is Base64, as the obfuscated ones are: a question has spaces."""
    if len(value) < 16 or " " in value.strip():
        return False
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _open(value: Any, key: bytes) -> Any:
    """A value with all its texts decoded, except numbers of documents, which some releases leave as they are."""
    if isinstance(value, list):
        return [_open(one, key) for one in value]
    if isinstance(value, dict):
        return {name: _open(one, key) for name, one in value.items()}
    if not isinstance(value, str) or not value or value.isdecimal():
        return value
    closed = base64.b64decode(value, validate=True)
    return bytes(a ^ b for a, b in zip(closed, key * (len(closed) // len(key) + 1), strict=False)).decode()


def _ids(row: Row, where: str, name: str) -> list[str]:
    """The ids of a column of documents, which are ids or objects with a docid."""
    value = row.get(name) or []
    if not isinstance(value, list):
        raise BenchError(f"the column {name} of {where} is not a list of documents")
    return [str(column(one, where, "docid", "id")) if isinstance(one, dict) else str(one) for one in value]
