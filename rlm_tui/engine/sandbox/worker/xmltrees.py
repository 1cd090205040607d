"""The names of ``xml.etree.ElementTree`` that read and write files, for texts in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as Etree

_PIECE = 65_536


def _text_of(source: Any) -> io.StringIO | io.BytesIO:
    if type(source) not in (io.StringIO, io.BytesIO):
        raise TypeError("there are no files here: use ElementTree.fromstring(text), or give an io.StringIO")
    found: io.StringIO | io.BytesIO = source
    return found


class ElementTree:
    """``ElementTree.ElementTree``: a tree with a root, without files."""

    def __init__(self, element: Any = None, file: Any = None) -> None:
        if element is None and file is not None:
            element = parse(file).getroot()
        self._root = element

    def getroot(self) -> Any:
        return self._root

    def iter(self, tag: str | None = None) -> Iterator[Any]:
        found: Iterator[Any] = self._root.iter(tag)
        return found

    def find(self, path: str, namespaces: Any = None) -> Any:
        return self._root.find(_below(path), namespaces)

    def findall(self, path: str, namespaces: Any = None) -> Any:
        return self._root.findall(_below(path), namespaces)

    def findtext(self, path: str, default: Any = None, namespaces: Any = None) -> Any:
        return self._root.findtext(_below(path), default, namespaces)

    def iterfind(self, path: str, namespaces: Any = None) -> Any:
        return self._root.iterfind(_below(path), namespaces)

    def write(self, target: Any, encoding: str | None = None, **options: Any) -> None:
        """Write into an ``io.StringIO`` or ``io.BytesIO``."""
        into = _text_of(target)
        if isinstance(into, io.StringIO):
            into.write(Etree.tostring(self._root, encoding="unicode"))
        else:
            into.write(Etree.tostring(self._root, encoding=encoding or "us-ascii"))


def _below(path: str) -> str:
    return "." + path if path[:1] == "/" else path


def parse(source: Any, parser: Any = None) -> ElementTree:
    """``ElementTree.parse`` of a text in memory."""
    return ElementTree(Etree.fromstring(_text_of(source).read()))


def iterparse(source: Any, events: Any = ("end",), parser: Any = None) -> Iterator[tuple[str, Any]]:
    """``ElementTree.iterparse`` of a text in memory."""
    text = _text_of(source)

    def run() -> Iterator[tuple[str, Any]]:
        pull: Any = Etree.XMLPullParser(tuple(events))
        while piece := text.read(_PIECE):
            pull.feed(piece)
            yield from pull.read_events()
        pull.close()
        yield from pull.read_events()

    return run()


def _escape(data: str, entities: Mapping[str, str] | None = None) -> str:
    data = data.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")
    for plain, written in (entities or {}).items():
        data = data.replace(plain, written)
    return data


def _unescape(data: str, entities: Mapping[str, str] | None = None) -> str:
    data = data.replace("&lt;", "<").replace("&gt;", ">")
    for written, plain in (entities or {}).items():
        data = data.replace(written, plain)
    return data.replace("&amp;", "&")


def _quote(data: str, entities: Mapping[str, str] | None = None) -> str:
    data = _escape(data, {**(entities or {}), "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    if '"' not in data:
        return f'"{data}"'
    return f"'{data}'" if "'" not in data else '"' + data.replace('"', "&quot;") + '"'


def sax_members() -> dict[str, Any]:
    """The names of ``xml.sax.saxutils``; the module itself loads the network."""
    return {"escape": _escape, "unescape": _unescape, "quoteattr": _quote}


def xml_members(emit: Callable[[str], None]) -> dict[str, Any]:
    """What the facade of ``xml.etree.ElementTree`` has in place of the library's own."""
    return {
        "ElementTree": ElementTree,
        "parse": parse,
        "iterparse": iterparse,
        "dump": lambda element: emit(Etree.tostring(element, encoding="unicode") + "\n"),
    }
