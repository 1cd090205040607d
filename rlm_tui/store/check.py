"""Looking for damage: is everything that the log refers to there, and is it what it was?"""

from __future__ import annotations

from rlm_tui.events import BlobRef, encode
from rlm_tui.store.blobs import references
from rlm_tui.store.errors import StoreError
from rlm_tui.store.reader import StoreReader


def check(reader: StoreReader) -> list[str]:
    """One sentence for each thing that is wrong with the store; none if it is sound. Reads all of it."""
    problems = [f"the file is damaged: {text}" for text in reader.damage(20)]
    if problems:
        return problems
    seen: set[str] = set()
    for (session,) in reader.query("SELECT DISTINCT session FROM event ORDER BY session"):
        try:
            problems += _check_session(reader, session, seen)
        except StoreError as error:
            problems.append(str(error))
    return problems


def _check_session(reader: StoreReader, session: str, seen: set[str]) -> list[str]:
    problems = []
    for number, entry in enumerate(reader.entries(session), 1):
        if entry.seq != number:
            problems.append(f"session {session}: event {number} is missing")
            break
        for ref in references(encode(entry.event)):
            if ref.sha not in seen:
                seen.add(ref.sha)
                if problem := _check_text(reader, ref):
                    problems.append(f"session {session}, event {entry.seq}: a text {problem} ({ref.sha[:12]}…)")
    return problems


def _check_text(reader: StoreReader, ref: BlobRef) -> str:
    try:
        return "" if BlobRef.of(reader.text(ref)).sha == ref.sha else "has changed"
    except KeyError:
        return "is missing"
    except StoreError:
        return "can't be unpacked"
