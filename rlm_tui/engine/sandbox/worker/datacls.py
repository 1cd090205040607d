"""``dataclasses`` for classes of the REPL, made by closures: the standard one builds source text and runs ``exec``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rlm_tui.engine.sandbox.worker.classes import UserClasses
from rlm_tui.engine.sandbox.worker.hints import Hint
from rlm_tui.engine.sandbox.worker.names import is_plain, is_private

MISSING = type("MISSING", (), {"__repr__": lambda self: "MISSING"})()
KW_ONLY = type("KW_ONLY", (), {"__repr__": lambda self: "KW_ONLY"})()


class FrozenInstanceError(AttributeError):
    """Assignment to an attribute of a frozen dataclass."""


class Field:
    """What ``field(…)`` gives, and what ``fields(…)`` lists."""

    def __init__(self, **options: Any) -> None:
        self.name = ""
        self.type: Any = None
        self.only_init = False
        self.default = options.get("default", MISSING)
        self.default_factory = options.get("default_factory", MISSING)
        self.init = bool(options.get("init", True))
        self.repr = bool(options.get("repr", True))
        self.compare = bool(options.get("compare", True))
        self.kw_only = bool(options.get("kw_only", False))
        self.metadata = dict(options.get("metadata") or {})
        if self.default is not MISSING and self.default_factory is not MISSING:
            raise ValueError("cannot specify both default and default_factory")


def field(
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    init: bool = True,
    repr: bool = True,
    hash: Any = None,
    compare: bool = True,
    metadata: Any = None,
    kw_only: bool = False,
) -> Any:
    """``dataclasses.field``."""
    return Field(
        default=default, default_factory=default_factory, init=init, repr=repr, compare=compare, metadata=metadata, kw_only=kw_only
    )  # fmt: skip


class Dataclasses:
    """The ``dataclasses`` facade over the classes of one REPL."""

    def __init__(self, classes: UserClasses, read: Callable[[Any, str], Any]) -> None:
        self._classes = classes
        self._read = read  # fields are named by the code, so they are read through the guard
        self._fields: dict[type, dict[str, Field]] = {}

    def members(self) -> dict[str, Any]:
        return {
            "dataclass": self._dataclass_function(),
            "field": field,
            "fields": lambda ob: tuple(self._of(ob, "fields()").values()),
            "asdict": lambda ob, *, dict_factory=dict: self._as_dict(ob, dict_factory),
            "astuple": lambda ob: tuple(self._plain(self._read(ob, n), tuple) for n in self._of(ob, "astuple()")),
            "replace": self._replace_function(),
            "is_dataclass": lambda ob: self._known(ob) is not None,
            "FrozenInstanceError": FrozenInstanceError,
            "MISSING": MISSING,
            "KW_ONLY": KW_ONLY,
            "InitVar": Hint("InitVar"),
            "Field": Field,
        }

    def _known(self, ob: Any) -> dict[str, Field] | None:
        kind = ob if isinstance(ob, type) else type(ob)
        for base in kind.__mro__:
            if base in self._fields:
                return self._fields[base]
        return None

    def _of(self, ob: Any, who: str) -> dict[str, Field]:
        found = self._known(ob)
        if found is None:
            raise TypeError(f"{who} should be called on dataclass instances")
        return found

    def _as_dict(self, ob: Any, factory: Callable[[Any], Any] = dict) -> Any:
        return factory([(n, self._plain(self._read(ob, n), dict)) for n in self._of(ob, "asdict()")])

    def _plain(self, value: Any, shape: type, depth: int = 0) -> Any:
        if depth > 100:
            raise RecursionError("the dataclass is nested too deeply")
        kind = type(value)
        if kind is not type and not isinstance(value, type) and self._known(value) is not None:
            items = [(n, self._plain(self._read(value, n), shape, depth + 1)) for n in self._known(value) or ()]
            return dict(items) if shape is dict else tuple(v for _, v in items)
        if kind is list or kind is tuple:
            return kind(self._plain(v, shape, depth + 1) for v in value)
        if kind is dict:
            return {k: self._plain(v, shape, depth + 1) for k, v in value.items()}
        return value

    def _replace_function(self) -> Callable[..., Any]:
        def replace(ob: Any, /, **changes: Any) -> Any:
            known = self._of(ob, "replace()")
            return type(ob)(**{**{n: self._read(ob, n) for n, f in known.items() if f.init}, **changes})

        return replace

    def _dataclass_function(self) -> Callable[..., Any]:
        def dataclass(
            cls: Any = None,
            /,
            *,
            init: bool = True,
            repr: bool = True,
            eq: bool = True,
            order: bool = False,
            unsafe_hash: bool = False,
            frozen: bool = False,
            match_args: bool = True,
            kw_only: bool = False,
            slots: bool = False,
            weakref_slot: bool = False,
        ) -> Any:
            def wrap(made: Any) -> Any:
                if not self._classes.is_made(made):
                    raise TypeError("dataclass() takes a class made in this REPL")
                self._build(made, init, repr, eq, order, unsafe_hash, frozen, kw_only)
                return made

            return wrap if cls is None else wrap(cls)

        return dataclass

    def _collect(self, made: type, kw_only: bool) -> dict[str, Field]:
        fields: dict[str, Field] = {}
        for base in reversed(made.__mro__[1:]):
            fields.update(self._fields.get(base, {}))
        own = any(k in made.__dict__ for k in ("__annotations__", "__annotate_func__", "__annotate__"))
        notes: dict[str, Any] = dict(made.__annotations__) if own else {}
        for name, note in notes.items():
            if type(name) is not str or (name.startswith("_") and not is_private(name)):
                raise TypeError(f"a field cannot be named {name!r} in this REPL")
            text = str(note)
            if "KW_ONLY" in text:
                kw_only = True
                continue
            if text.startswith(("ClassVar", "typing.ClassVar", "t.ClassVar")):
                continue
            value = made.__dict__.get(name, MISSING)
            if type(value) is not Field:
                if type(value) in (list, dict, set):
                    shown = type(value).__name__
                    raise ValueError(
                        f"mutable default <class '{shown}'> for field {name} is not allowed: use default_factory"
                    )
                value = Field(default=value)
            elif value.default is not MISSING:
                setattr(made, name, value.default)
            else:
                delattr(made, name)
            value.name, value.type = name, note
            value.only_init = text.startswith(("InitVar", "dataclasses.InitVar"))
            value.kw_only = value.kw_only or kw_only
            fields[name] = value
        return fields

    def _build(
        self, made: Any, init: bool, repr: bool, eq: bool, order: bool, unsafe_hash: bool, frozen: bool, kw_only: bool
    ) -> None:
        fields = self._collect(made, kw_only)
        kept = {name: f for name, f in fields.items() if not f.only_init}
        self._fields[made] = kept
        if init and "__init__" not in made.__dict__:
            made.__init__ = _initialiser(made, fields)
        if repr and "__repr__" not in made.__dict__:
            shown = [n for n, f in kept.items() if f.repr]
            made.__repr__ = lambda me: _shown(me, shown, self._read)
        compared = [n for n, f in kept.items() if f.compare]

        def key(me: Any) -> tuple[Any, ...]:
            return tuple(self._read(me, n) for n in compared)

        if eq and "__eq__" not in made.__dict__:
            made.__eq__ = lambda me, other: key(me) == key(other) if type(me) is type(other) else NotImplemented
            if "__hash__" not in made.__dict__ or made.__dict__["__hash__"] is None:
                made.__hash__ = (lambda me: hash(key(me))) if frozen or unsafe_hash else None
        if order:
            made.__lt__ = lambda me, other: key(me) < key(other) if type(me) is type(other) else NotImplemented
            made.__le__ = lambda me, other: key(me) <= key(other) if type(me) is type(other) else NotImplemented
            made.__gt__ = lambda me, other: key(me) > key(other) if type(me) is type(other) else NotImplemented
            made.__ge__ = lambda me, other: key(me) >= key(other) if type(me) is type(other) else NotImplemented
        if frozen:
            made.__setattr__ = _frozen("assign to")
            made.__delattr__ = _frozen("delete")
        matched = tuple(n for n, f in fields.items() if f.init and not f.kw_only and is_plain(n))
        setattr(made, "__match_args__", matched)  # noqa: B010


_showing: set[int] = set()


def _shown(me: Any, names: list[str], read: Callable[[Any, str], Any]) -> str:
    if id(me) in _showing:
        return "..."
    _showing.add(id(me))
    try:
        return f"{type(me).__qualname__}({', '.join(f'{n}={read(me, n)!r}' for n in names)})"
    finally:
        _showing.discard(id(me))


def _frozen(what: str) -> Callable[..., None]:
    def refuse(me: Any, name: str, *value: Any) -> None:
        raise FrozenInstanceError(f"cannot {what} field {name!r}")

    return refuse


def _initialiser(made: type, fields: dict[str, Field]) -> Callable[..., None]:
    positional = [n for n, f in fields.items() if f.init and not f.kw_only]
    taken = frozenset(n for n, f in fields.items() if f.init)
    seen_default = ""
    for name in positional:
        f = fields[name]
        if f.default is not MISSING or f.default_factory is not MISSING:
            seen_default = name
        elif seen_default:
            raise TypeError(f"non-default argument {name!r} follows default argument {seen_default!r}")

    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:
        who = f"{type(self).__name__}.__init__()"
        if len(args) > len(positional):
            least = len(
                [n for n in positional if fields[n].default is MISSING and fields[n].default_factory is MISSING]
            )
            most = len(positional) + 1
            takes = f"{most}" if least + 1 == most else f"from {least + 1} to {most}"
            raise TypeError(f"{who} takes {takes} positional arguments but {len(args) + 1} were given")
        values = dict(zip(positional, args, strict=False))
        for name, value in kwargs.items():
            if name not in taken:
                raise TypeError(f"{who} got an unexpected keyword argument {name!r}")
            if name in values:
                raise TypeError(f"{who} got multiple values for argument {name!r}")
            values[name] = value
        missing = []
        initial: list[tuple[str, Any]] = []
        for name, f in fields.items():
            if name in values:
                value = values[name]
            elif f.default_factory is not MISSING:
                value = f.default_factory()
            elif f.default is not MISSING:
                value = f.default
            elif f.init:
                missing.append(name)
                continue
            else:
                continue
            initial.append((name, value))
        if missing:
            names = " and ".join(", ".join(map(repr, missing)).rsplit(", ", 1))
            plural = "s" if len(missing) > 1 else ""
            raise TypeError(f"{who} missing {len(missing)} required positional argument{plural}: {names}")
        for name, value in initial:
            if not fields[name].only_init:
                object.__setattr__(self, name, value)
        after = _post_init(type(self))
        if after is not None:
            after(self, *(value for name, value in initial if fields[name].only_init))

    return __init__


def _post_init(kind: type) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = getattr(kind, "__post_init__", None)
    return found
