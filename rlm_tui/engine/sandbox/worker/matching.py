"""The part of the language wall that reads ``match`` statements.

The interpreter reads attributes by itself there, so only plain ones may be named.
"""

from __future__ import annotations

import ast
from typing import Any

from RestrictedPython.transformer import RestrictingNodeTransformer

from rlm_tui.engine.sandbox.worker.names import is_plain


class Patterns(RestrictingNodeTransformer):
    """Visits the patterns of ``match``; refuses names and attributes that are not plain."""

    def visit_Match(self, node: ast.Match) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_MatchSingleton(self, node: ast.MatchSingleton) -> ast.AST:
        return node

    def visit_MatchSequence(self, node: ast.MatchSequence) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_MatchOr(self, node: ast.MatchOr) -> ast.AST:
        return self.node_contents_visit(node)

    def _constant(self, node: ast.expr) -> None:
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            if not is_plain(inner.attr):
                self.error(node, f"{inner.attr} cannot be matched by value here; compare it in an `if`")
            inner = inner.value
        if isinstance(inner, ast.Name):
            self.check_name(inner, inner.id)
        elif isinstance(inner, ast.BinOp):
            self._constant(inner.left)
            self._constant(inner.right)
        elif isinstance(inner, ast.UnaryOp):
            self._constant(inner.operand)
        elif not isinstance(inner, ast.Constant):
            self.error(node, "only constants and dotted names can be matched by value")

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        self._constant(node.value)
        return node

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        self.check_name(node, node.name)
        return self.node_contents_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.AST:
        self.check_name(node, node.name)
        return node

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        self.check_name(node, node.rest)
        for key in node.keys:
            self._constant(key)
        node.patterns = self._patterns(node.patterns)
        return node

    def visit_MatchClass(self, node: ast.MatchClass) -> ast.AST:
        self._constant(node.cls)
        for name in node.kwd_attrs:
            if not is_plain(name):
                self.error(node, f"the attribute {name} cannot be matched here; test it in an `if`")
        node.patterns = self._patterns(node.patterns)
        node.kwd_patterns = self._patterns(node.kwd_patterns)
        return node

    def _patterns(self, patterns: list[Any]) -> list[Any]:
        return [self.visit(p) for p in patterns]
