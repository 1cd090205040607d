"""What the document room refuses."""

from __future__ import annotations


class DocumentError(Exception):
    """A file can't be read as a document. The message is one sentence that says what is wrong and what to do."""
