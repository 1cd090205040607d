"""Text on disk and in memory: line index, search, format detection, loaders, and which spans of it a prompt contains."""

from rlm_tui.document.coverage import Match, Matcher
from rlm_tui.document.document import Document
from rlm_tui.document.errors import DocumentError
from rlm_tui.document.formats import FORMATS, detect
from rlm_tui.document.loader import load
from rlm_tui.document.probe import probe
from rlm_tui.document.quotes import Unsupported, unsupported
from rlm_tui.document.search import Search
from rlm_tui.document.visible import visible

__all__ = [
    "FORMATS",
    "Document",
    "DocumentError",
    "Match",
    "Matcher",
    "Search",
    "Unsupported",
    "detect",
    "load",
    "probe",
    "unsupported",
    "visible",
]
