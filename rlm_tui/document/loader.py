"""Files given by the user, as documents."""

from __future__ import annotations

import difflib
import errno
import gzip
import io
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from rlm_tui.document.body import MappedBody, TextBody
from rlm_tui.document.convert import INSTALL, can_convert, convert, is_page, kind_of_file, said_of
from rlm_tui.document.document import Document
from rlm_tui.document.encoding import Encoding, find_encoding
from rlm_tui.document.errors import DocumentError
from rlm_tui.document.gather import STDIN, gather

MAP_ABOVE = 64 << 20
"""Files of more bytes than this stay on disk and are read through a memory map."""

_SAMPLE = 1 << 20

_MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive (or an Office file)"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"PAR1", "a Parquet file"),
)


def load(paths: Iterable[str | os.PathLike[str]], *, map_above: int = MAP_ABOVE) -> list[Document]:
    """The documents at `paths`, in order, with names that differ from each other.

    A path can be a pattern (``logs/*.txt``), a folder (all below it) or ``-`` (the standard input). UTF-8 and
    UTF-16 with or without a byte order mark, UTF-32 with one, and by a guess, which a note names, what was usual before;
    `.gz` is unpacked; PDF, Office files and web pages, wherever they come from, are converted when markitdown is installed. Files above `map_above` bytes are not held in memory. Raises `DocumentError`
    for the first file that can't be read as a document; what a folder holds besides documents is left out, and a note of
    the first document says so.
    """
    found = gather(paths)
    documents: list[Document] = []
    left_out: dict[str, str] = {}
    for one, name in zip(found, unique_names([one.path for one in found]), strict=True):
        try:
            documents.append(_stdin(map_above) if str(one.path) == STDIN else _load(one.path, name, map_above))
        except DocumentError as error:
            if not one.by_chance:
                raise
            left_out[name] = str(error)
    if not documents:
        # Where a converter would help, the first thing to say is that there is one.
        why = next((said for said in left_out.values() if INSTALL in said), next(iter(left_out.values())))
        raise DocumentError(f"none of the {len(left_out)} files that were found can be read as text: {why}")
    if left_out:
        names = list(left_out)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        hint = f"; {INSTALL} reads some of them" if any(INSTALL in said for said in left_out.values()) else ""
        documents[0].add_note(f"files beside it were left out, as not text: {', '.join(names[:3])}{more}{hint}")
    return documents


def _stdin(map_above: int) -> Document:
    """What comes from the standard input, to its end."""
    if sys.stdin is None or sys.stdin.isatty():
        raise DocumentError(
            "- is the standard input, but nothing is sent there; use it as in: cat FILE | rlm-tui run -"
        )
    file = _spooled(sys.stdin.buffer, map_above)
    if not file.read(1):
        raise DocumentError("nothing came from the standard input; send a text there")
    document = _from_file(file, Path("standard input"), "standard input", map_above)
    document.path = None
    return document


def unique_names(paths: Sequence[Path]) -> list[str]:
    """File names, with as many parent folders as it takes to tell them apart; the same file twice gets a number."""
    same = [os.path.abspath(path) for path in paths]
    if len(set(same)) < len(same):
        once = list(dict.fromkeys(same))
        called = dict(zip(once, unique_names([Path(path) for path in once]), strict=True))
        return _numbered([called[path] for path in same])
    names = [path.name or str(path) for path in paths]
    for depth in range(2, 12):
        if len(set(names)) == len(names):
            return names
        names = [
            "/".join(path.absolute().parts[-depth:]) if names.count(name) > 1 else name
            for path, name in zip(paths, names, strict=True)
        ]
    return _numbered(names)


def _numbered(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return numbered


def _load(path: Path, name: str, map_above: int) -> Document:
    try:
        with open(path, "rb") as file:
            return _read(file, path, name, map_above)
    except DocumentError:
        raise
    except FileNotFoundError:
        raise DocumentError(_missing(path)) from None
    except PermissionError:
        raise DocumentError(f"{path} can't be read: permission denied; check its permissions (chmod +r)") from None
    except MemoryError:
        raise DocumentError(f"{path} is too large for this machine's memory; give a part of it") from None
    except (OSError, ValueError) as error:
        what = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        if isinstance(error, OSError) and error.errno == errno.ENOTDIR:
            raise DocumentError(_missing(path)) from None
        raise DocumentError(f"{path} can't be read: {what}") from None


def _read(file: IO[bytes], path: Path, name: str, map_above: int) -> Document:
    if not os.path.isfile(path):
        if stat.S_ISCHR(os.fstat(file.fileno()).st_mode):
            raise DocumentError(f"{path} is a device, not a file; give files")
        # A pipe, such as the shell's <(command), has no size and can't be mapped.
        file = _spooled(file, map_above)
    return _from_file(file, path, name, map_above)


def _from_file(file: IO[bytes], path: Path, name: str, map_above: int) -> Document:
    file.seek(0)
    notes: tuple[str, ...] = ()
    head = file.read(_SAMPLE)
    if not head:
        raise DocumentError(f"{path} is empty; give a file with text in it")
    if head.startswith(b"\x1f\x8b"):
        file = _unpack(file, path, map_above)
        head = file.read(_SAMPLE)
        notes = ("unpacked from gzip",)
        if not head:
            raise DocumentError(f"{path} is an archive of an empty file; give a file with text in it")
    suffix = Path(path.stem if notes and path.suffix.lower() == ".gz" else path.name).suffix.lower()
    if (kind := kind_of_file(file, suffix, head)) is not None:
        return _converted(file, path, name, kind, notes)
    if is_page(suffix, head):
        if can_convert():
            return _converted(file, path, name, ".html", notes)
        notes += (f"a web page, read as it is written; {INSTALL} reads it as text",)
    encoding = find_encoding(head, whole=len(head) < _SAMPLE)
    if encoding is None:
        raise DocumentError(_binary(path, head))
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size <= map_above:
        return _from_bytes(file.read(), path, name, notes)
    if encoding.guessed:
        notes += (_guess(encoding),)
    if encoding.name not in ("utf-8", "cp1252", "latin-1"):
        file = _as_utf8(file, encoding)
        encoding = Encoding("utf-8")
    body = MappedBody(file.fileno(), str(path), encoding.name, encoding.skip)
    return Document(name, body, path=path, encoding=encoding.name, notes=notes)


def _from_bytes(data: bytes, path: Path, name: str, notes: tuple[str, ...] = ()) -> Document:
    if not data:
        raise DocumentError(f"{path} is empty; give a file with text in it")
    encoding = find_encoding(data)
    if encoding is None:
        raise DocumentError(_binary(path, data))
    if encoding.guessed:
        notes += (_guess(encoding),)
    text = data[encoding.skip :].decode(encoding.name, "replace")
    if encoding.damaged or (encoding.name.startswith("utf-") and "\ufffd" in text and _has_errors(data, encoding)):
        notes += (f"some bytes are not {encoding.name.upper()} and show as \ufffd",)
    if not text.strip():
        what = "holds only white space" if text else "is empty"
        raise DocumentError(f"{path} {what}; give a file with text in it")
    return Document(name, TextBody(text), path=path, encoding=encoding.name, notes=notes)


def _guess(encoding: Encoding) -> str:
    return f"not UTF-8; read as {encoding.name}, which is a guess: convert it first if it looks wrong"


def _has_errors(data: bytes, encoding: Encoding) -> bool:
    try:
        data[encoding.skip :].decode(encoding.name)
    except UnicodeDecodeError:
        return True
    return False


def _unpack(file: IO[bytes], path: Path, map_above: int) -> IO[bytes]:
    """A gzip file's content, in memory while it is small, else in a temporary file that has no name."""
    file.seek(0)
    out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=map_above, prefix="rlm-tui-")  # noqa: SIM115
    try:
        with gzip.open(file) as source:
            while piece := source.read(1 << 20):
                out.write(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DocumentError(f"{path} is a damaged gzip file ({error}); unpack or fetch it again") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DocumentError(f"{path} can't be unpacked: no space left in {tempfile.gettempdir()}") from None
        raise
    out.seek(0)
    return out


def _spooled(source: IO[bytes], map_above: int) -> IO[bytes]:
    """What can be read but once, as a file: in memory while it is small, else a temporary one that has no name."""
    out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=map_above, prefix="rlm-tui-")  # noqa: SIM115
    shutil.copyfileobj(source, out, 1 << 20)
    out.seek(0)
    return out


def _as_utf8(file: IO[bytes], encoding: Encoding) -> IO[bytes]:
    """A huge UTF-16 or UTF-32 file as a temporary UTF-8 one, so that it can be mapped."""
    file.seek(encoding.skip)
    out = tempfile.TemporaryFile(prefix="rlm-tui-")  # noqa: SIM115
    reader = io.TextIOWrapper(file, encoding.name, "replace", newline="")
    while piece := reader.read(1 << 20):
        out.write(piece.encode("utf-8", "replace"))
    reader.detach()
    out.flush()
    return out


def _converted(file: IO[bytes], path: Path, name: str, kind: str, notes: tuple[str, ...]) -> Document:
    text = convert(file, path, kind)
    notes += (f"{said_of(kind)}, converted to Markdown",)
    return Document(name, TextBody(text), path=path, format="markdown", notes=notes)


def _missing(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        why = f"{folder} is not a folder" if folder.exists() else f"the folder {folder} does not exist"
        return f"there is no file {path}: {why}; check the path"
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        names = []
    by_lower = {name.lower(): name for name in names}
    close = [by_lower[low] for low in difflib.get_close_matches(path.name.lower(), list(by_lower), n=3, cutoff=0.6)]
    return f"there is no file {path}" + (f"; did you mean {_or(close)}?" if close else "; check the path")


def _binary(path: Path, head: bytes) -> str:
    kind = next((what for magic, what in _MAGIC if head.startswith(magic)), "a binary file")
    return f"{path} is {kind}, not text; convert it to text first"


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


__all__ = ["MAP_ABOVE", "load", "unique_names"]
