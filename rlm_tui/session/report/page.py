"""The page: one HTML file that holds the session, its style and its program, and asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files

from rlm_tui.session.report.data import PageData

SCRIPTS = (
    "base.js",
    "text.js",
    "rows.js",
    "timeline.js",
    "detail.js",
    "document.js",
    "panes.js",
    "search.js",
    "main.js",
)
"""The program's parts, in the order in which they are put together."""

_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def page(data: PageData) -> str:
    """The page of a session.

    Texts of documents and models stand in it as JSON in which no character can end the element that holds it, and the
    program makes text nodes of them, never markup. A policy in the page allows its own style and program by their
    hashes, and nothing from anywhere else.
    """
    folder = files(__package__) / "page"
    style = (folder / "page.css").read_text(encoding="utf-8")
    parts = [(folder / name).read_text(encoding="utf-8") for name in SCRIPTS]
    script = '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"
    chunks = "\n".join(
        f'<script type="application/json" id="texts-{number}">{embed(chunk)}</script>'
        for number, chunk in enumerate(data.texts.chunks)
    )
    session = data.session
    values = {
        "title": html.escape(_line(session["query"]) or session["id"]),
        "question": html.escape(session["query"]),
        "answer": html.escape(data.found.answer or "There is no answer."),
        "style": style,
        "script": script,
        "style-hash": _hash(style),
        "script-hash": _hash(script),
        "session": embed(session),
        "texts": chunks,
    }
    template = (folder / "page.html").read_text(encoding="utf-8")
    text = re.sub(r"\{\{([a-z-]+)\}\}", lambda match: values[match[1]], template)
    # What is left of lone surrogates stands in the page's own markup, where there is no way to write them.
    return text.encode("utf-8", "replace").decode("utf-8")


def embed(value: object) -> str:
    """`value` as JSON that can stand in a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _line(text: str) -> str:
    return " ".join(text.split())[:120]
