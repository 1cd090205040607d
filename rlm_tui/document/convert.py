"""Files that are not text, as text: PDF, Office files, web pages, by the optional package markitdown."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import warnings
import zipfile
from pathlib import Path
from typing import IO, Any

from rlm_tui.document.errors import DocumentError

INSTALL = "pip install 'rlm-tui[documents]'"
"""What brings the converter."""

_KINDS = {
    ".pdf": "a PDF file",
    ".docx": "a Word file",
    ".pptx": "a PowerPoint file",
    ".xlsx": "an Excel file",
    ".epub": "an e-book",
    ".xls": "an Excel file",
    ".msg": "an Outlook message",
    ".html": "a web page",
}
"""What can be converted, by the suffix that the converter knows it by."""

_PARTS = {
    "word/document.xml": ".docx",
    "ppt/presentation.xml": ".pptx",
    "xl/workbook.xml": ".xlsx",
    "META-INF/container.xml": ".epub",
}
"""What a ZIP archive is, by a part that it must have."""

_OLD_OFFICE = (".xls", ".msg")
_RAW = ("%PDF", "PK\x03\x04", "\xd0\xcf\x11\xe0", "\ufffd")
_PAGES = (".html", ".htm", ".xhtml")
_SPACE = b"\xef\xbb\xbf \t\r\n"


def kind_of_file(file: IO[bytes], suffix: str, head: bytes) -> str | None:
    """What `file` is, if it has to be converted, as the suffix that such files have: ``.pdf``. `head` is how it begins.

    What is in it says more than its own `suffix`: it may have come through a pipe, or under another name.
    """
    if head[:1024].lstrip(_SPACE).startswith(b"%PDF"):
        return ".pdf"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(file, suffix)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return suffix if suffix in _OLD_OFFICE else None
    return None


def _kind_of_archive(file: IO[bytes], suffix: str) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = frozenset(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        names = frozenset()
    known = suffix if suffix in _PARTS.values() else None
    return next((kind for part, kind in _PARTS.items() if part in names), known)


def is_page(suffix: str, head: bytes) -> bool:
    """Whether this is the beginning of a web page, which is text, but reads better converted."""
    begins = head[:512].lstrip(_SPACE).lower()
    if not suffix:
        return begins.startswith((b"<!doctype html", b"<html"))
    return suffix in _PAGES and begins.startswith((b"<!doctype html", b"<html", b"<?xml", b"<!--"))


def said_of(kind: str) -> str:
    """What to call a file of `kind`: ``a PDF file``."""
    return _KINDS[kind]


def can_convert() -> bool:
    """Whether the converter is installed. Finding out loads nothing."""
    try:
        return importlib.util.find_spec("markitdown") is not None
    except (ImportError, ValueError):
        return False


def convert(file: IO[bytes], path: Path, kind: str) -> str:
    """The text of `file` as Markdown; `path` is what messages call it. Raises `DocumentError` with one sentence."""
    what = _KINDS[kind]
    try:
        # It is loud, and loads half a dozen packages.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            markitdown: Any = importlib.import_module("markitdown")
            for name in ("pdfminer", "pdfplumber", "magika"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
            file.seek(0)
            converter = markitdown.MarkItDown(enable_plugins=False)
            # Not every kind of stream is one to it.
            result = converter.convert_stream(
                io.BytesIO(file.read()), stream_info=markitdown.StreamInfo(extension=kind)
            )
    except ImportError:
        raise DocumentError(
            f"{path} is {what}, which needs a converter: {INSTALL}; or convert it to text first"
        ) from None
    except DocumentError:
        raise
    except Exception as error:  # Each format has a library behind it, and each library its own errors.
        if "MissingDependency" in type(error).__name__:
            raise DocumentError(f"{path} is {what}, which needs a part of the converter: {INSTALL}") from None
        if "password" in str(error).lower():
            raise DocumentError(f"{path} is {what} that is locked with a password; unlock it first") from None
        if type(error).__name__ in ("FileConversionException", "UnsupportedFormatException"):
            raise DocumentError(_damaged(path, what)) from None
        raise DocumentError(
            f"{path} can't be read as {what} ({type(error).__name__}); convert it to text first"
        ) from None
    text = str(result.text_content)
    if text.startswith(_RAW):
        # A file that it can't read as what it is, it hands over as if it were text.
        raise DocumentError(_damaged(path, what))
    if not text.strip():
        raise DocumentError(f"{path} has no text in it (scanned pages?); run text recognition on it first")
    return text


def _damaged(path: Path, what: str) -> str:
    return f"{path} is {what}, but a damaged one; make it anew, or convert it to text first"
