"""``ast`` for reading source text: parsing, walking and printing. Nothing here can be compiled or run.

The nodes are the standard ones, and code may make some of its own. A node can be made with a ``_fields`` that names any
attribute, so what goes through fields here takes their names from the node's class and never from the node.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

LONGEST_SOURCE = 5_000_000
"""Characters of source text that are parsed at once."""

_KINDS: dict[str, type[ast.AST]] = {
    name: kind
    for name, kind in vars(ast).items()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and kind.__module__ == "ast" and not name.startswith("_")
}
NODES = frozenset(_KINDS.values())


def _node(ob: Any, who: str) -> ast.AST:
    if type(ob) not in NODES:
        raise TypeError(f"{who} takes a node of a parsed tree, not {type(ob).__name__}")
    found: ast.AST = ob
    return found


def parse(source: Any, filename: str = "<unknown>", mode: str = "exec", **options: Any) -> ast.AST:
    """``ast.parse`` of a text."""
    if type(source) is not str or len(source) > LONGEST_SOURCE:
        raise TypeError(f"ast.parse takes a str of at most {LONGEST_SOURCE:,} characters here")
    if mode not in ("exec", "eval", "single"):
        raise ValueError("mode must be 'exec', 'eval' or 'single'")
    tree: ast.AST = ast.parse(source, "<unknown>", mode)
    return tree


def iter_fields(node: Any) -> Iterator[tuple[str, Any]]:
    """``ast.iter_fields``."""
    node = _node(node, "iter_fields()")
    for name in type(node)._fields:
        try:
            yield name, object.__getattribute__(node, name)
        except AttributeError:
            continue


def iter_child_nodes(node: Any) -> Iterator[ast.AST]:
    """``ast.iter_child_nodes``."""
    for _, value in iter_fields(node):
        for one in value if type(value) is list else (value,):
            if type(one) in NODES:
                yield one


def walk(node: Any) -> Iterator[ast.AST]:
    """``ast.walk``: the node and everything below it, breadth first."""
    todo = deque([_node(node, "walk()")])
    while todo:
        one = todo.popleft()
        todo.extend(iter_child_nodes(one))
        yield one


def _checked(who: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(node: Any, *args: Any, **options: Any) -> Any:
        for one in walk(node):
            if one.__dict__.get("_fields") is not None:
                raise TypeError(f"{who} takes a tree as it was parsed")
        return function(node, *args, **options)

    return call


def tree_members(read: Callable[[Any, str, Any], Any], allow_base: Callable[..., None]) -> dict[str, Any]:
    """The names of the ``ast`` facade; `read` is the guard's getattr."""

    class NodeVisitor:
        """``ast.NodeVisitor``: calls ``visit_`` and the name of the node's class."""

        def visit(self, node: Any) -> Any:
            return read(self, "visit_" + type(_node(node, "visit()")).__name__, self.generic_visit)(node)

        def generic_visit(self, node: Any) -> None:
            for child in iter_child_nodes(node):
                self.visit(child)

    allow_base(NodeVisitor)

    def get_source_segment(source: Any, node: Any, *, padded: bool = False) -> str | None:
        if type(source) is not str:
            raise TypeError("get_source_segment() takes the source as str")
        return ast.get_source_segment(source, _node(node, "get_source_segment()"), padded=padded)

    return {
        **_KINDS,
        "NodeVisitor": NodeVisitor,
        "parse": parse,
        "walk": walk,
        "iter_fields": iter_fields,
        "iter_child_nodes": iter_child_nodes,
        "dump": _checked("dump()", ast.dump),
        "unparse": _checked("unparse()", ast.unparse),
        "get_docstring": _checked("get_docstring()", ast.get_docstring),
        "get_source_segment": get_source_segment,
    }
