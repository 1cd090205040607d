"""Files that are not text, as text: PDF, Office files, web pages, by the optional package markitdown."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import warnings
from pathlib import Path
from typing import Any

from rlm_tui.document.errors import DocumentError

INSTALL = "pip install 'rlm-tui[documents]'"
"""What brings the converter."""

_OFFICE = {".docx": "a Word file", ".pptx": "a PowerPoint file", ".xlsx": "an Excel file", ".epub": "an e-book"}
_OLD_OFFICE = {".xls": "an Excel file", ".msg": "an Outlook message"}
_RAW = ("%PDF", "PK\x03\x04", "\xd0\xcf\x11\xe0", "\ufffd")
_PAGES = (".html", ".htm", ".xhtml")


def kind_of_file(path: Path, head: bytes) -> str | None:
    """What `path` is, if it has to be converted: ``a PDF file``. `head` is how it begins."""
    suffix = path.suffix.lower()
    if head.startswith(b"%PDF"):
        return "a PDF file"
    if head.startswith(b"PK\x03\x04"):
        return _OFFICE.get(suffix)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _OLD_OFFICE.get(suffix)
    return None


def is_page(path: Path, head: bytes) -> bool:
    """Whether `path` is a web page, which is text, but reads better converted."""
    begins = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return path.suffix.lower() in _PAGES and begins.startswith((b"<!doctype html", b"<html", b"<?xml", b"<!--"))


def can_convert() -> bool:
    """Whether the converter is installed. Finding out loads nothing."""
    try:
        return importlib.util.find_spec("markitdown") is not None
    except (ImportError, ValueError):
        return False


def convert(path: Path, kind: str) -> str:
    """The text of `path` as Markdown. Raises `DocumentError` with one sentence."""
    try:
        # It is loud, and loads half a dozen packages.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            markitdown: Any = importlib.import_module("markitdown")
            for name in ("pdfminer", "pdfplumber", "magika"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
            result = markitdown.MarkItDown(enable_plugins=False).convert_local(str(path))
    except ImportError:
        raise DocumentError(
            f"{path} is {kind}, which needs a converter: {INSTALL}; or convert it to text first"
        ) from None
    except DocumentError:
        raise
    except Exception as error:  # Each format has a library behind it, and each library its own errors.
        if "MissingDependency" in type(error).__name__:
            raise DocumentError(f"{path} is {kind}, which needs a part of the converter: {INSTALL}") from None
        if "password" in str(error).lower():
            raise DocumentError(f"{path} is {kind} that is locked with a password; unlock it first") from None
        raise DocumentError(
            f"{path} can't be read as {kind} ({type(error).__name__}); convert it to text first"
        ) from None
    text = str(result.text_content)
    if text.startswith(_RAW):
        # A file that it can't read as what it is, it hands over as if it were text.
        raise DocumentError(f"{path} is {kind}, but a damaged one; make it anew, or convert it to text first")
    if not text.strip():
        raise DocumentError(f"{path} has no text in it (scanned pages?); run text recognition on it first")
    return text
