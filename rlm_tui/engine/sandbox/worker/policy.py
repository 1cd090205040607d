"""The language wall: which Python a cell may be written in, and how it is rewritten so that guards see what it does.

A subclass of RestrictedPython's transformer. It keeps that library's first rule, that a syntax node nobody has reviewed
is refused, and widens the rest to the Python that models write. What is rewritten:

=====================================  =============================================================================
``o.name``                             ``_getattr_(o, 'name')``, except for the vetted names of `names.NATIVE`
``o.name = v``, ``del o.name``         on ``_write_(o)``
``o[a:b]``                             ``_getslice_(o, a, b)``, which reports what was read of a document
``o[a:b:c]``, ``context[k]``           ``_getitem_(o, …)``, which does the same
``for x in o``                         ``for x in _getiter_(o)`` where `o` may be a document
``import m``, ``from m import a``      assignments of what ``_import_`` and ``_import_from_`` give; never the import system
``class C(B)``                         the same with ``metaclass=_metaclass_``
annotations                            kept as text on arguments and in class bodies; dropped elsewhere
``async def``, ``await``               functions that run when awaited: see `aio`
the last expression                    ``_echo_(…)``
=====================================  =============================================================================

Imported only inside the worker; `matching` has what ``match`` needs, `compiling` what comes before and after.
"""

from __future__ import annotations

import ast
from typing import Any

from RestrictedPython.transformer import IOPERATOR_TO_STR

from rlm_tui.engine.sandbox.worker.matching import Patterns
from rlm_tui.engine.sandbox.worker.names import (
    ENUM_NAMES,
    LABELS,
    MAGIC_METHODS,
    NATIVE,
    READS,
    RESERVED,
    SPECIAL,
    is_private,
    mangle,
)

_WHOLE_READERS = frozenset({"enumerate", "list", "tuple", "set", "sorted", "reversed", "iter", "zip"})
_MAY_BE_DOCUMENT = (ast.Name, ast.Attribute, ast.Subscript, ast.IfExp, ast.BoolOp)
_CLASS_CONSTANTS = frozenset({"__slots__", "__match_args__", "__doc__"})
_MODULE_CONSTANTS = frozenset({"__all__", "__version__", "__author__"})


class Policy(Patterns):
    """Rewrites one cell. `problems` collects refusals as (line, sentence)."""

    def __init__(self, errors: Any = None, warnings: Any = None, used_names: Any = None) -> None:
        super().__init__(errors, warnings, used_names)
        self.problems: list[tuple[int | None, str]] = []
        self._scopes: list[str | None] = []
        self._classes: list[str] = []

    # Refusals

    def error(self, node: ast.AST, info: str) -> None:
        line = getattr(node, "lineno", None)
        self.problems.append((line, info))
        super().error(node, info)

    def not_allowed(self, node: ast.AST) -> None:
        self.error(node, f"{type(node).__name__} is syntax that this REPL does not offer; write it in plainer Python")

    @property
    def _in_class(self) -> bool:
        return bool(self._scopes) and self._scopes[-1] is not None

    @property
    def _class(self) -> str | None:
        return self._classes[-1] if self._classes else None

    def check_name(self, node: ast.AST, name: str | None, allow_magic_methods: bool = False) -> None:
        if name is None or not name.startswith("_") or is_private(name) or name in _MODULE_CONSTANTS:
            return
        if self._in_class and (name in ENUM_NAMES or name in _CLASS_CONSTANTS or name in MAGIC_METHODS):
            return
        if name in RESERVED:
            self.error(node, f"{name} is not available here: {RESERVED[name]}")
        elif name == "__del__":
            self.error(node, "__del__ is not available here; write a method and call it, or use `with`")
        else:
            self.error(node, f"the name {name} is not available here; choose one without underscores at both ends")

    # Names and attributes

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            if node.id == "__name__" or node.id == "__doc__":
                new = ast.Constant("__main__" if node.id == "__name__" else None)
                ast.copy_location(new, node)
                return new
            if node.id == "__debug__" or (node.id == "__class__" and self._classes):
                return node
            if self._in_class and node.id in MAGIC_METHODS:
                return node
            if node.id == "__import__":
                return ast.copy_location(ast.Name("_import_call_", ast.Load()), node)
            if node.id == "__file__":
                self.error(node, "__file__ is not available here: there are no files; the input is in `context`")
                return node
        self.check_name(node, node.id)
        return node

    def _call(self, guard: str, node: Any, *arguments: ast.expr) -> ast.Call:
        new = ast.Call(ast.Name(guard, ast.Load()), list(arguments), [])
        ast.copy_location(new, node)
        return new

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = mangle(node.attr, self._class)
        if isinstance(node.ctx, ast.Load):
            node.value = self.visit(node.value)
            if name in NATIVE:
                if name in READS and isinstance(node.value, ast.Name):
                    node.value = self._call("_read_", node.value, node.value)
                return node
            return self._call("_getattr_", node, node.value, ast.Constant(name))
        guard = "_write_"
        if name in LABELS and isinstance(node.ctx, ast.Store):
            guard = "_label_"
        elif name.startswith("_") and not is_private(name):
            self.error(node, f"the attribute {name} cannot be set here")
        node.value = self._call(guard, node.value, self.visit(node.value))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        sliced = isinstance(node.slice, ast.Slice)
        documents = isinstance(node.value, ast.Name) and node.value.id == "context"
        node = self.node_contents_visit(node)
        if isinstance(node.ctx, ast.Load) and (sliced or documents):
            if isinstance(node.slice, ast.Slice) and node.slice.step is None:
                ends = (node.slice.lower or ast.Constant(None), node.slice.upper or ast.Constant(None))
                return self._call("_getslice_", node, node.value, *ends)
            return self._call("_getitem_", node, node.value, node.slice)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in _WHOLE_READERS:
            node = self.node_contents_visit(node)
            node.args = [self._call("_read_", a, a) if isinstance(a, ast.Name) else a for a in node.args]
            return node
        return self.node_contents_visit(node)

    # Assignments

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        target = node.target
        if isinstance(target, ast.Attribute) and target.attr in LABELS:
            self.error(node, f"the attribute {target.attr} cannot be changed in place here; assign it")
        if isinstance(target, ast.Attribute) and mangle(target.attr, self._class) in SPECIAL:
            operator = ast.Constant(IOPERATOR_TO_STR[type(node.op)])
            value = self.visit(node.value)
            call = self._call("_aug_attr_", node, operator, self.visit(target.value), ast.Constant(target.attr), value)
            new = ast.Expr(call)
            ast.copy_location(new, node)
            return new
        return self.node_contents_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if self._in_class and isinstance(node.target, ast.Name):
            self.check_name(node.target, node.target.id)
            text = ast.Constant(_annotation_text(node.annotation))
            ast.copy_location(text, node)
            node.annotation = text
            if node.value is not None:
                node.value = self.visit(node.value)
            return node
        new: ast.stmt
        if node.value is None:
            new = ast.Pass()
            ast.copy_location(new, node)
            return new
        new = ast.Assign(targets=[node.target], value=node.value)
        ast.copy_location(new, node)
        return self.visit_Assign(new)

    def visit_TypeAlias(self, node: Any) -> ast.AST:
        self.check_name(node, node.name.id)
        new = ast.Assign(targets=[node.name], value=ast.Constant(_annotation_text(node.value)))
        ast.copy_location(new, node)
        return new

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        return self.node_contents_visit(node)

    # Iteration: unpacking stays the interpreter's, for the guard would only repeat it

    def guard_iter(self, node: Any) -> Any:
        documents = isinstance(node.iter, _MAY_BE_DOCUMENT)
        node = self.node_contents_visit(node)
        if documents:
            node.iter = self._call("_getiter_", node.iter, node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        if node.is_async:
            node.is_async = 0
            node = self.node_contents_visit(node)
            node.iter = self._call("_aiter_", node.iter, node.iter)
            return node
        result: ast.AST = self.guard_iter(node)
        return result

    # Imports

    def _bind(self, node: Any, name: str, value: ast.expr) -> ast.AST:
        self.check_name(node, name)
        new = ast.Assign([ast.Name(name, ast.Store())], value)
        ast.copy_location(new, node)
        return new

    def visit_Import(self, node: ast.Import) -> Any:
        found: list[ast.AST] = []
        for alias in node.names:
            whole = self._call("_import_", node, ast.Constant(alias.name))
            if alias.asname or "." not in alias.name:
                found.append(self._bind(node, alias.asname or alias.name, whole))
                continue
            # `import a.b` binds `a`; asking for a.b first says clearly when only that is missing.
            check = ast.Expr(whole)
            ast.copy_location(check, node)
            package = alias.name.split(".")[0]
            found += [check, self._bind(node, package, self._call("_import_", node, ast.Constant(package)))]
        return found

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        new: ast.stmt = ast.Pass()
        ast.copy_location(new, node)
        if node.module == "__future__":
            return new
        if node.level or node.module is None:
            self.error(node, "relative imports are not available here: a cell is not part of a package")
            return new
        found: list[ast.AST] = []
        for alias in node.names:
            module = ast.Constant(node.module)
            if alias.name == "*":
                new = ast.Expr(self._call("_import_star_", node, module))
                ast.copy_location(new, node)
                found.append(new)
                continue
            value = self._call("_import_from_", node, module, ast.Constant(alias.name))
            found.append(self._bind(node, alias.asname or alias.name, value))
        return found

    # Functions and classes

    def visit_arg(self, node: ast.arg) -> ast.AST:
        self.check_name(node, node.arg)
        if node.annotation is not None:
            node.annotation = ast.copy_location(ast.Constant(_annotation_text(node.annotation)), node)
        return node

    def _function(self, node: Any, is_async: bool) -> Any:
        self.check_name(node, node.name)
        node.returns = None
        node.type_comment = None
        if getattr(node, "type_params", None):
            node.type_params = []
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.args = self.visit(node.args)
        self._scopes.append(None)
        try:
            node.body = self._statements(node.body, node)
        finally:
            self._scopes.pop()
        if is_async:
            kept = {name: getattr(node, name) for name in ast.FunctionDef._fields if hasattr(node, name)}
            new = ast.FunctionDef(**kept)
            ast.copy_location(new, node)
            mark = ast.Name("_async_", ast.Load())
            ast.copy_location(mark, node)
            new.decorator_list = [*node.decorator_list, mark]
            return new
        return node

    def _statements(self, body: list[ast.stmt], node: ast.AST) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in body:
            result: Any = self.visit(statement)
            out.extend(result if isinstance(result, list) else [result] if result is not None else [])
        return out or [ast.copy_location(ast.Pass(), node)]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return self._function(node, is_async=False)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Any:
        return self._function(node, is_async=True)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._scopes.append(None)
        try:
            return self.node_contents_visit(node)
        finally:
            self._scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.check_name(node, node.name)
        keywords = []
        for keyword in node.keywords:
            if keyword.arg == "metaclass":
                name = keyword.value.attr if isinstance(keyword.value, ast.Attribute) else None
                name = keyword.value.id if isinstance(keyword.value, ast.Name) else name
                if name not in {"ABCMeta", "EnumMeta", "EnumType", "type"}:
                    self.error(node, "metaclasses are not available here; use a class decorator or a base class")
                continue
            keywords.append(self.visit(keyword))
        generic = bool(getattr(node, "type_params", None))
        if generic:
            node.type_params = []  # type: ignore[attr-defined]
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.bases = [self.visit(b) for b in node.bases]
        self._scopes.append(node.name)
        self._classes.append(node.name)
        try:
            node.body = self._statements(node.body, node)
        finally:
            self._scopes.pop()
            self._classes.pop()
        if generic:  # class C[T]: C[int] is C
            value = ast.copy_location(ast.Name("_generic_", ast.Load()), node)
            target = ast.copy_location(ast.Name("__class_getitem__", ast.Store()), node)
            node.body.append(ast.copy_location(ast.Assign([target], value), node))
        meta = ast.keyword("metaclass", ast.Name("_metaclass_", ast.Load()))
        ast.copy_location(meta, node)
        ast.copy_location(meta.value, node)
        node.keywords = [meta, *keywords]
        return node

    # Exceptions, with, async

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.check_name(node, node.name)
        node = self.node_contents_visit(node)
        if node.type is None:
            # A bare `except:` must not swallow the clock's interrupt.
            node.type = ast.copy_location(ast.Name("_exc_", ast.Load()), node)
        return node

    def visit_TryStar(self, node: ast.AST) -> Any:
        self.error(node, "except* is not available here; use except")
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        return self.node_contents_visit(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> Any:
        for item in node.items:
            item.context_expr = self._call("_awith_", item.context_expr, item.context_expr)
        new = ast.With(node.items, node.body)
        ast.copy_location(new, node)
        for item in new.items:
            # The guard's name would be refused as a user's; only its argument is still to be visited.
            call = item.context_expr
            assert isinstance(call, ast.Call)
            call.args = [self.visit(a) for a in call.args]
            if item.optional_vars is not None:
                item.optional_vars = self.visit(item.optional_vars)
        new.body = self._statements(new.body, new)
        return new

    def visit_AsyncFor(self, node: ast.AsyncFor) -> Any:
        node.iter = self._call("_aiter_", node.iter, self.visit(node.iter))
        node.target = self.visit(node.target)
        node.body = self._statements(node.body, node)
        node.orelse = self._statements(node.orelse, node) if node.orelse else []
        new = ast.For(node.target, node.iter, node.body, node.orelse)
        ast.copy_location(new, node)
        return new

    def visit_Await(self, node: ast.Await) -> Any:
        return self._call("_await_", node, self.visit(node.value))

    # The whole cell

    def visit_Module(self, node: ast.Module) -> ast.AST:
        last = node.body[-1] if node.body else None
        echo = isinstance(last, ast.Expr)
        node.body = self._statements(node.body, ast.copy_location(ast.Pass(), ast.Constant(0, lineno=1, col_offset=0)))
        statement = node.body[-1]
        if echo and isinstance(statement, ast.Expr):
            statement.value = self._call("_echo_", statement.value, statement.value)
        return node


def _annotation_text(node: ast.expr) -> str:
    try:
        return ast.unparse(node)[:200]
    except (RecursionError, ValueError):
        return "object"
