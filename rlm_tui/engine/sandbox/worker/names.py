"""Which identifiers and attribute names REPL code may use.

The parser has applied NFKC to identifiers before we see them, so look-alike letters are plain ones here.
"""

from __future__ import annotations

from RestrictedPython.transformer import INSPECT_ATTRIBUTES

GUARDS = frozenset(
    [
        "_getattr_",
        "_getitem_",
        "_getslice_",
        "_getiter_",
        "_write_",
        "_read_",
        "_aug_attr_",
        "_metaclass_",
        "_import_",
        "_import_from_",
        "_import_star_",
        "_exc_",
        "_await_",
        "_async_",
        "_awith_",
        "_aiter_",
        "_echo_",
        "_typing_",
        "_label_",
        "_import_call_",
        "_generic_",
    ]
)
"""Names that rewritten code calls. They end in ``_`` and so can never be a user's name."""

MAGIC_METHODS = frozenset(
    [
        "__init__",
        "__new__",
        "__repr__",
        "__str__",
        "__bytes__",
        "__bool__",
        "__len__",
        "__length_hint__",
        "__iter__",
        "__next__",
        "__reversed__",
        "__contains__",
        "__getitem__",
        "__setitem__",
        "__delitem__",
        "__missing__",
        "__call__",
        "__enter__",
        "__exit__",
        "__eq__",
        "__ne__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__hash__",
        "__add__",
        "__radd__",
        "__iadd__",
        "__sub__",
        "__rsub__",
        "__isub__",
        "__mul__",
        "__rmul__",
        "__imul__",
        "__matmul__",
        "__rmatmul__",
        "__imatmul__",
        "__truediv__",
        "__rtruediv__",
        "__itruediv__",
        "__floordiv__",
        "__rfloordiv__",
        "__ifloordiv__",
        "__mod__",
        "__rmod__",
        "__imod__",
        "__divmod__",
        "__rdivmod__",
        "__pow__",
        "__rpow__",
        "__ipow__",
        "__lshift__",
        "__rlshift__",
        "__ilshift__",
        "__rshift__",
        "__rrshift__",
        "__irshift__",
        "__and__",
        "__rand__",
        "__iand__",
        "__or__",
        "__ror__",
        "__ior__",
        "__xor__",
        "__rxor__",
        "__ixor__",
        "__neg__",
        "__pos__",
        "__abs__",
        "__invert__",
        "__int__",
        "__float__",
        "__complex__",
        "__index__",
        "__round__",
        "__trunc__",
        "__floor__",
        "__ceil__",
        "__format__",
        "__getattr__",
        "__setattr__",
        "__delattr__",
        "__dir__",
        "__post_init__",
        "__copy__",
        "__deepcopy__",
        "__init_subclass__",
        "__class_getitem__",
        "__set_name__",
        "__get__",
        "__set__",
        "__delete__",
        "__aenter__",
        "__aexit__",
        "__aiter__",
        "__anext__",
        "__await__",
        "__getstate__",
        "__setstate__",
        "__getnewargs__",
        "__reduce__",
        "__sizeof__",
        "__instancecheck__",
        "__subclasshook__",
    ]
)
"""Methods a class may define. Not ``__del__`` (it runs after the cell), ``__getattribute__``, ``__buffer__``,
``__mro_entries__``, ``__prepare__``. User code runs in all of them, and user code is guarded wherever it runs."""

CLASS_NAMES = MAGIC_METHODS | frozenset(
    [
        "__module__",
        "__qualname__",
        "__doc__",
        "__annotations__",
        "__classcell__",
        "__classdictcell__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotate_func__",
        "__annotate__",
        "__conditional_annotations__",
        "__slots__",
        "__match_args__",
        "__classdict__",
    ]
)
"""What the namespace of a class statement may hold besides ordinary names."""

ENUM_NAMES = frozenset({"_missing_", "_generate_next_value_", "_ignore_", "_order_"})

CALLABLE_DUNDERS = MAGIC_METHODS - frozenset(
    [
        "__new__",
        "__setattr__",
        "__delattr__",
        "__format__",
        "__dir__",
        "__init_subclass__",
        "__class_getitem__",
        "__set_name__",
        "__get__",
        "__set__",
        "__delete__",
        "__reduce__",
        "__getnewargs__",
        "__getstate__",
        "__setstate__",
        "__sizeof__",
        "__instancecheck__",
        "__subclasshook__",
    ]
)
"""Dunders that REPL code may look up on any value (``x.__len__()``); the rest has rules of its own or is refused."""

LABELS = frozenset({"__name__", "__qualname__", "__doc__", "__module__", "__wrapped__"})
"""What decorators copy: may be set, all but the last to plain text, on what REPL code made."""

_OPAQUE_PREFIXES = ("tb_", "f_", "co_", "gi_", "cr_", "ag_")
_OPAQUE_NAMES = (
    frozenset(
        name
        for name in INSPECT_ATTRIBUTES
        | frozenset(
            ["f_globals", "f_locals", "f_builtins", "f_code", "f_back", "f_trace", "f_lineno", "f_lasti", "f_generator"]
        )
    )
    | frozenset(
        ["tb_lasti", "tb_lineno", "tb_next", "tb_frame", "cr_running", "cr_suspended", "ag_running", "ag_suspended"]
    )
    | frozenset(["gi_running", "gi_suspended", "gi_yieldfrom", "gi_state", "cr_state", "ag_state"])
)
SPECIAL = frozenset({"format", "format_map", "mro", "obj", "with_traceback", "path", "register"}) | _OPAQUE_NAMES
"""Public attribute names with a meaning that must be asked for through the guard."""

NATIVE = frozenset(
    [
        "append",
        "extend",
        "insert",
        "remove",
        "pop",
        "popitem",
        "clear",
        "index",
        "count",
        "sort",
        "reverse",
        "copy",
        "add",
        "discard",
        "update",
        "union",
        "intersection",
        "difference",
        "symmetric_difference",
        "issubset",
        "issuperset",
        "isdisjoint",
        "intersection_update",
        "difference_update",
        "keys",
        "values",
        "items",
        "get",
        "setdefault",
        "fromkeys",
        "move_to_end",
        "most_common",
        "elements",
        "total",
        "subtract",
        "appendleft",
        "popleft",
        "extendleft",
        "rotate",
        "maxlen",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "title",
        "capitalize",
        "casefold",
        "swapcase",
        "split",
        "rsplit",
        "splitlines",
        "join",
        "replace",
        "find",
        "rfind",
        "rindex",
        "startswith",
        "endswith",
        "isdigit",
        "isalpha",
        "isalnum",
        "isspace",
        "isupper",
        "islower",
        "istitle",
        "isnumeric",
        "isdecimal",
        "isidentifier",
        "isprintable",
        "isascii",
        "partition",
        "rpartition",
        "zfill",
        "center",
        "ljust",
        "rjust",
        "expandtabs",
        "translate",
        "maketrans",
        "removeprefix",
        "removesuffix",
        "encode",
        "decode",
        "hex",
        "fromhex",
        "bit_length",
        "group",
        "groups",
        "groupdict",
        "start",
        "end",
        "span",
        "expand",
        "lastgroup",
        "lastindex",
        "search",
        "match",
        "fullmatch",
        "finditer",
        "findall",
        "sub",
        "subn",
        "pattern",
        "flags",
        "loads",
        "dumps",
        "sqrt",
        "log",
        "log2",
        "log10",
        "exp",
        "floor",
        "ceil",
        "mean",
        "median",
        "stdev",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "days",
        "seconds",
        "total_seconds",
        "strftime",
        "isoformat",
        "strptime",
        "weekday",
        "isoweekday",
        "date",
        "time",
        "now",
        "write",
        "getvalue",
        "readline",
        "readlines",
        "read",
        "heappush",
        "heappop",
        "choice",
        "sample",
        "randint",
        "shuffle",
        "most_common",
    ]
)
"""Methods of text, containers, matches, numbers and dates, which rewritten code reads without asking the guard: the
guard would answer the same for every object that REPL code can reach (the reachability test compares them)."""

READS = frozenset({"split", "splitlines", "items", "values", "get", "partition", "rpartition", "rsplit", "pop"})
"""Methods by which a document is iterated; rewritten code reports the receiver when it is a plain name."""

RESERVED = {
    "__import__": "write `import name`",
    "__builtins__": "the built-in functions are there under their own names",
    "__loader__": "it is not available here",
    "__spec__": "it is not available here",
    "__build_class__": "write a class statement",
}


def is_private(name: str) -> bool:
    """Whether `name` is a user's private name: ``_x``, ``__x``, ``_C__x``, or underscores only; never a dunder or guard."""
    return name.startswith("_") and (not name.endswith("_") or not name.strip("_"))


def is_plain(name: str) -> bool:
    """Whether the interpreter may read the attribute by itself, as it does for class patterns."""
    return not name.startswith("_") and name not in SPECIAL and not name.startswith(_OPAQUE_PREFIXES)


def mangle(name: str, class_name: str | None) -> str:
    """`name` as Python writes it inside a class: ``__x`` becomes ``_C__x``."""
    if class_name is None or not name.startswith("__") or name.endswith("__") or not class_name.strip("_"):
        return name
    return f"_{class_name.lstrip('_')}{name}"
