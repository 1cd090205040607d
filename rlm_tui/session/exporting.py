"""A saved session as a file: to be replayed, to be read, or for another tool's viewer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rlm_tui.session.adapters.told import Told
    from rlm_tui.store import Recording
    from rlm_tui.store.results import CellRow

FORMATS = {
    "jsonl": ".jsonl",
    "md": ".md",
    "html": ".html",
    "rlms": ".rlms.jsonl",
    "bundle": ".db",
    "inspect": ".inspect.json",
    "verifiers": ".verifiers.jsonl",
    "otel": ".otel.json",
}
"""The formats and the ending of a file in each."""

_ENDINGS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".db": "bundle", ".sqlite": "bundle"}


def format_of(name: str) -> str:
    """The format that a file's name asks for; JSON lines if it asks for none."""
    lower = name.lower()
    if lower.endswith((".rlms.jsonl", ".rlms")):
        return "rlms"
    for other in ("inspect", "verifiers", "otel"):
        if lower.endswith(FORMATS[other]):
            return other
    return _ENDINGS.get(Path(lower).suffix, "jsonl")


def export(
    recording: Recording,
    path: Path,
    format: str,
    *,
    redact: bool = False,
    bodies: bool = False,
    cell: CellRow | None = None,
    gold: Sequence[str] = (),
) -> None:
    """Write `recording` to `path`. `redact` leaves out every text (`rlm_tui.store.redact`), `bodies` puts texts into the
    spans of ``otel``; `cell` is the session's row in the laboratory's table, `gold` its right answers.

    What was at `path` before is replaced as a whole or not at all. Raises `rlm_tui.store.StoreError`.
    """
    from rlm_tui.store import write_session

    if format in ("jsonl", "bundle"):
        write_session(recording, path, redact, bundle=format == "bundle")
    else:
        with replaced(path) as out:
            write(recording, out, format, redact=redact, bodies=bodies, cell=cell, gold=gold)


def write(
    recording: Recording,
    out: IO[bytes],
    format: str,
    *,
    redact: bool = False,
    bodies: bool = False,
    cell: CellRow | None = None,
    gold: Sequence[str] = (),
) -> None:
    """Write `recording` to a stream, in any format but ``bundle``. As `export`."""
    from rlm_tui.store.export import write_lines

    if format == "jsonl":
        write_lines(recording, out, redact)
        return
    from rlm_tui.store.redact import Redacted

    shown: Recording = Redacted(recording) if redact else recording
    if format == "rlms":
        from rlm_tui.store.export_rlms import write_rlms

        write_rlms(shown, out)
    elif format == "otel":
        from rlm_tui.session.adapters.otlp import write_otlp
        from rlm_tui.session.adapters.spans import all_spans

        write_otlp(all_spans(shown.entries(), shown.text, bodies=bodies and not redact), out)
    elif format in ("inspect", "verifiers"):
        write_told([told(shown, cell, gold, redact=redact)], out, format)
    else:
        out.writelines(_report(shown, format, redact))


def told(recording: Recording, cell: CellRow | None, gold: Sequence[str], *, redact: bool = False) -> Told:
    """A recording for `write_told`."""
    from msgspec.structs import replace

    from rlm_tui.session.adapters.told import Told

    if redact:
        gold = ()
        cell = replace(cell, question="", answer=None, parsed="", error=None) if cell is not None else None
    return Told(recording, cell, gold)


def write_told(sessions: Iterable[Told], out: IO[bytes], format: str, name: str = "") -> None:
    """Write several sessions as one file: a log of ``inspect``, called `name`, or rollouts of ``verifiers``."""
    if format == "inspect":
        from rlm_tui.session.adapters.inspect_log import write_inspect

        write_inspect(sessions, out, name)
    else:
        from rlm_tui.session.adapters.rollouts import write_rollouts

        write_rollouts(sessions, out)


def _report(recording: Recording, format: str, redact: bool) -> Iterator[bytes]:
    from rlm_tui.projection.fold import fold
    from rlm_tui.session.replay import SavedSession

    saved = SavedSession(recording)
    state = fold(saved.entries)
    note = "" if redact else str(getattr(recording, "note", recording.row.note))
    if format == "md":
        from rlm_tui.session.report.markdown import markdown

        for line in markdown(state, saved.documents, saved.text, note=note):
            yield line.encode("utf-8", "replace") + b"\n"
    else:
        from rlm_tui.session.report.data import PageData
        from rlm_tui.session.report.page import page

        yield page(PageData(state, saved.documents, saved.text, note=note, redacted=redact)).encode("utf-8")


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once all of it is written. Raises `rlm_tui.store.StoreError`."""
    from rlm_tui.store import StoreError

    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as out:
            yield out
        os.replace(part, path)
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror or error}); choose another place") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
