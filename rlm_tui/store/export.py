"""A session as one file, and that file as a session: JSON lines, or a store that holds nothing else.

::

    {"format": "rlm-tui session", "version": 1, "session": "3f…", "events": 123, "texts": 45}
    {"seq": 1, "at": 1760000000.0, "schema": 1, "event": {"kind": "session.started", …}}      one line an event
    {"sha": "9f86d0…", "chars": 1200, "text": "…"}                                            one line a text
    {"sha": "60303a…", "chars": 7, "base64": "…"}                                             if it isn't Unicode

The counts in the first line tell a whole file from one that was cut off. With ``.gz`` the whole file is compressed.
A redacted file has no texts at all, and says so in its first line.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from rlm_tui.events import BlobRef, Entry, decode, encode
from rlm_tui.events.codec import SCHEMA, UnreadableEvent
from rlm_tui.store.blobs import references
from rlm_tui.store.errors import AGAIN, StoreError, explain
from rlm_tui.store.recording import Recording, row_of
from rlm_tui.store.redact import Redacted

FORMAT = "rlm-tui session"
VERSION = 1
GZIP = b"\x1f\x8b"


class _Header(msgspec.Struct):
    format: str
    version: int
    session: str
    events: int
    texts: int
    redacted: bool = False


class _EventLine(msgspec.Struct):
    seq: int
    at: float
    schema: int
    event: msgspec.Raw


class _TextLine(msgspec.Struct):
    sha: str
    chars: int
    text: msgspec.Raw = msgspec.Raw()
    base64: bytes | None = None


_header = msgspec.json.Decoder(_Header)
_event = msgspec.json.Decoder(_EventLine)
_text = msgspec.json.Decoder(_TextLine)


def is_session_file(path: Path) -> bool:
    """Whether the file at `path` begins as `write_session` begins one. Raises `StoreError` if it can't be read."""
    try:
        return _header.decode(next(iter(read_lines(path)), b"")).format == FORMAT
    except msgspec.DecodeError:
        return False


def write_session(recording: Recording, path: Path, redact: bool = False, *, bundle: bool | None = None) -> None:
    """Write `recording` to `path`: a store if its name ends in ``.db``, else JSON lines, compressed with ``.gz``.

    `bundle` says whether it is to be a store, whatever its name. `redact` leaves out all words
    (`rlm_tui.store.redact`). Raises `StoreError`; no half file is left.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix == ".db" if bundle is None else bundle:
            _write_store(Redacted(recording) if redact else recording, part)
        else:
            with part.open("xb") as raw:
                if path.suffix == ".gz":
                    # Neither name nor time inside, so that the same session gives the same bytes.
                    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                        write_lines(recording, packed, redact)
                else:
                    write_lines(recording, raw, redact)
        os.replace(part, path)
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror or error}); choose another place") from error
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error
    finally:
        for left in (part, *(part.with_name(part.name + ending) for ending in ("-wal", "-shm", "-journal"))):
            with contextlib.suppress(OSError):
                left.unlink()


def _write_store(recording: Recording, path: Path) -> None:
    from rlm_tui.store.store import Store

    with Store.open(path) as store:
        store.add(recording)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # One file, without a write-ahead log beside it; whoever writes to it later switches that on again.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")
    finally:
        connection.close()


def write_lines(recording: Recording, out: IO[bytes] | gzip.GzipFile, redact: bool = False) -> None:
    """Write `recording` as JSON lines in UTF-8. Raises `StoreError` if a text of it is missing."""
    refs: dict[str, BlobRef] = {}
    lines: list[bytes] = []
    if redact:
        recording = Redacted(recording)
    for entry in recording.entries():
        payload = encode(entry.event)
        if not redact:
            refs.update((ref.sha, ref) for ref in references(payload))
        lines.append(
            b'{"seq":%d,"at":%s,"schema":%d,"event":%s}\n' % (entry.seq, repr(entry.at).encode(), SCHEMA, payload)
        )
    header = _Header(FORMAT, VERSION, recording.session, len(lines), len(refs), redact)
    out.write(msgspec.json.encode(header) + b"\n")
    out.writelines(lines)
    for ref in refs.values():
        try:
            text = recording.text(ref)
        except KeyError:
            raise StoreError(f"a text of session {recording.session} is missing ({ref.sha[:12]}…)") from None
        out.write(_text_line(ref, text))


def _text_line(ref: BlobRef, text: str) -> bytes:
    record: dict[str, object] = {"sha": ref.sha, "chars": ref.chars}
    try:
        return msgspec.json.encode(record | {"text": text}) + b"\n"
    except UnicodeEncodeError:
        # Lone surrogates have no place in JSON.
        return msgspec.json.encode(record | {"base64": text.encode("utf-8", "surrogatepass")}) + b"\n"


class SessionFile:
    """A session in a file of JSON lines. Texts are decoded when they are asked for."""

    def __init__(
        self, path: Path, session: str, entries: Sequence[Entry], texts: dict[str, _TextLine], redacted: bool = False
    ) -> None:
        self.path = path
        self.redacted = redacted
        self.session = session
        self._entries = entries
        self._texts = texts
        self.row = row_of(session, entries, self.text)

    @classmethod
    def open(cls, path: Path) -> SessionFile:
        """Read the file at `path`. Raises `StoreError`: not such a file, of a newer version, damaged or cut off."""
        lines = read_lines(path)
        try:
            header = _header.decode(next(lines, b""))
        except msgspec.DecodeError:
            header = None
        if header is None or header.format != FORMAT:
            raise StoreError(f"{path} is not a session file of rlm-tui")
        if header.version > VERSION:
            raise StoreError(f"{path} was written by a newer rlm-tui (file version {header.version}); upgrade rlm-tui")
        entries: list[Entry] = []
        texts: dict[str, _TextLine] = {}
        number = 1
        try:
            for number, line in enumerate(lines, 2):
                if len(entries) < header.events:
                    record = _event.decode(line)
                    if record.seq != len(entries) + 1:
                        raise StoreError(f"{path}, line {number}: event {len(entries) + 1} is missing; {AGAIN}")
                    entries.append(Entry(record.seq, record.at, decode(bytes(record.event), record.schema)))
                else:
                    text = _text.decode(line)
                    if text.base64 is None and not bytes(text.text).startswith(b'"'):
                        raise StoreError(f"{path}, line {number}: this text can't be read; {AGAIN}")
                    texts[text.sha] = text
        except UnreadableEvent as error:
            raise StoreError(f"{path}, line {number}: {error}") from None
        except msgspec.DecodeError:
            raise StoreError(
                f"{path}, line {number}: the line is damaged, or the file is cut off there; {AGAIN}"
            ) from None
        if len(entries) < header.events or len(texts) < header.texts:
            raise StoreError(
                f"{path} is cut off: it has {len(entries)} of {header.events} events and {len(texts)} of {header.texts} texts; "
                f"{AGAIN}"
            )
        return cls(path, header.session, entries, texts, header.redacted)

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        return self._entries[after : None if limit is None else after + limit]

    def text(self, ref: BlobRef) -> str:
        line = self._texts[ref.sha]
        if line.base64 is not None:
            return line.base64.decode("utf-8", "surrogatepass")
        return msgspec.json.decode(line.text, type=str)

    def close(self) -> None:
        pass


def read_lines(path: Path, blank: bool = False) -> Iterator[bytes]:
    """The lines of a file, unpacked if it is compressed, and without the `blank` ones. Raises `StoreError`."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            yield from (line for line in stream if blank or line.strip())
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise StoreError(f"{path} is damaged or cut off: it can't be unpacked; {AGAIN}") from None
    except OSError as error:
        raise StoreError(f"{path} can't be read ({error.strerror or error})") from error
