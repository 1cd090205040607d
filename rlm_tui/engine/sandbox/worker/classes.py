"""Classes that REPL code makes: which bases and class attributes they may have, and a safe ``type``."""

from __future__ import annotations

import enum
from abc import ABCMeta
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Any

from rlm_tui.engine.sandbox.worker.names import CLASS_NAMES, ENUM_NAMES, is_plain, is_private

_DATA_BASES: frozenset[type] = frozenset(
    {object, dict, list, set, frozenset, tuple, str, int, float, bytes, defaultdict, OrderedDict, Counter, deque}
)
_ENUMS: tuple[type, ...] = (enum.Enum, enum.IntEnum, enum.StrEnum, enum.Flag, enum.IntFlag)


class Marker:
    """A base that is no class: ``Generic[T]``, ``Protocol``, ``NamedTuple``, ``TypedDict``. `role` says which."""

    __slots__ = ("name", "role")

    def __init__(self, name: str, role: str = "") -> None:
        self.name = name
        self.role = role

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (_MARKED[self.role],) if self.role in _MARKED else ()


GENERIC = classmethod(lambda cls, item: cls)
"""``C[int]`` is `C`, for classes with type parameters."""


def _is_abstract(member: Any) -> bool:
    return getattr(member, "__isabstractmethod__", False) is True


class NamedTupleBase:
    """Stands among the bases of ``class P(NamedTuple)`` until the class is made."""


class TypedDictBase:
    """Stands among the bases of ``class P(TypedDict)`` until the class is made."""


_MARKED: dict[str, type] = {"namedtuple": NamedTupleBase, "typeddict": TypedDictBase}


def is_namedtuple(kind: Any) -> bool:
    """Whether `kind` is a class made by ``namedtuple``."""
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


class UserClasses:
    """The classes that code of this REPL made, and the call that makes one (``_metaclass_``)."""

    def __init__(self) -> None:
        self.made: set[type] = set()
        self.bases: set[type] = set(_DATA_BASES)
        self.abstract: set[type] = set()
        self._making = 0

    def allow_base(self, *kinds: type) -> None:
        """Let REPL code inherit from `kinds`."""
        self.bases.update(kinds)

    def is_made(self, ob: Any) -> bool:
        """Whether `ob` is a class that REPL code made."""
        return isinstance(ob, type) and ob in self.made

    def adopt(self, kind: type) -> bool:
        """Whether `kind` is an enumeration that is being made: its members are, before the class is done."""
        if self._making and issubclass(kind, enum.Enum) and kind.__module__ == "__main__":
            self.made.add(kind)
            return True
        return False

    def is_enum(self, ob: Any) -> bool:
        """Whether `ob` is an enumeration that REPL code made."""
        return self.is_made(ob) and issubclass(ob, enum.Enum)

    def defines(self, ob: Any, kind: type, name: str) -> bool:
        """Whether REPL code defined the special method `name` that ``ob.name`` would find."""
        start = ob if isinstance(ob, type) else kind
        if kind is super:
            start = ob.__self_class__ if ob.__self_class__ is not None else object
        return any(c in self.made and name in c.__dict__ for c in start.__mro__)

    def __prepare__(self, name: str, bases: tuple[type, ...], **keywords: Any) -> Any:
        if any(issubclass(b, enum.Enum) for b in bases if isinstance(b, type)):
            self._check_bases(bases)
            return enum.EnumType.__prepare__(name, bases)
        return {}

    def _check_bases(self, bases: tuple[type, ...]) -> None:
        for base in bases:
            if not (base in self.made or base in self.bases or base in _ENUMS or base in _MARKED.values()):
                raise TypeError(
                    f"cannot inherit from {getattr(base, '__name__', base)!r} in this REPL; "
                    "your own classes, built-in containers, exceptions and enums are possible"
                )

    def enum_by_call(
        self,
        base: Any,
        name: Any,
        names: Any,
        *,
        type: Any = None,
        start: int = 1,
        boundary: Any = None,
        **ignored: Any,
    ) -> Any:
        """``Enum("Color", "RED GREEN")``: the same checks as of a class statement."""
        if isinstance(names, str):
            names = names.replace(",", " ").split()
        pairs = list(names.items()) if isinstance(names, dict) else list(names)
        bases = (base,) if type is None else (type, base)
        body = self.__prepare__(name, bases)
        body["__module__"] = "__main__"
        values: list[Any] = []
        for index, one in enumerate(pairs):
            if isinstance(one, str):
                key, value = one, base._generate_next_value_(one, start, index, values[:])
            else:
                key, value = one
            if key.__class__ is not str or key.startswith("_"):
                raise TypeError(f"a member of an enumeration cannot be named {key!r} in this REPL")
            values.append(value)
            body[key] = value
        return self(name, bases, body, **({} if boundary is None else {"boundary": boundary}))

    def _check_names(self, namespace: dict[str, Any]) -> None:
        for key in namespace:
            if type(key) is not str:
                raise TypeError("class attributes must be named by a str")
            if key.startswith("_") and not is_private(key) and key not in CLASS_NAMES and key not in ENUM_NAMES:
                raise TypeError(f"the class attribute {key} is not available in this REPL")
        for label in ("__qualname__", "__module__"):
            if type(namespace.get(label, "")) is not str:
                raise TypeError(f"{label} must be a plain str")
        patterns = namespace.get("__match_args__", ())
        if type(patterns) not in (tuple, list) or not all(type(p) is str and is_plain(p) for p in patterns):
            raise TypeError("__match_args__ must be a tuple of plain attribute names")
        slots = namespace.get("__slots__", ())
        slots = (slots,) if type(slots) is str else tuple(slots)
        if not all(type(s) is str and (not s.startswith("_") or is_private(s)) for s in slots):
            raise TypeError("__slots__ must be a sequence of plain attribute names")
        if "__slots__" in namespace:
            namespace["__slots__"] = slots
        if "__match_args__" in namespace:
            namespace["__match_args__"] = tuple(patterns)

    def __call__(self, name: Any, bases: Any, namespace: Any, **keywords: Any) -> type:
        if type(name) is not str or type(bases) is not tuple:
            raise TypeError("a class is made of a name, a tuple of bases and a dict")
        self._check_bases(bases)
        written = dict.pop(namespace, "__orig_bases__", ()) if isinstance(namespace, dict) else ()
        if NamedTupleBase in bases:
            return self._named_tuple(name, dict(namespace))
        if TypedDictBase in bases:
            return self._register(type(name, (dict,), self._without_markers(dict(namespace))))
        if any(issubclass(b, enum.Enum) for b in bases):
            body = namespace
            if type(body) is not _ENUM_BODY:  # by ``type(…)``: what is checked must be what is used
                body = enum.EnumType.__prepare__(name, bases)
                for key, value in dict(namespace).items():
                    body[key] = value
            self._check_names(body)
            self._making += 1
            try:
                return self._register(enum.EnumType(name, bases, body, **keywords))
            finally:
                self._making -= 1
        namespace = dict(namespace)
        namespace.setdefault("__module__", "__main__")
        self._check_names(namespace)
        if any(issubclass(b, dict) for b in bases):
            keywords.pop("total", None)
        if type(written) is tuple and any(isinstance(b, Marker) and b.name in ("Generic", "Protocol") for b in written):
            namespace.setdefault("__class_getitem__", GENERIC)
        if any(isinstance(b, ABCMeta) for b in bases) and "__subclasshook__" in namespace:
            # The library asks such hooks about objects of its own.
            raise TypeError(
                "__subclasshook__ is not available in classes that inherit from the library's abstract ones"
            )
        made = type(name, bases, namespace, **keywords)
        if not self.abstract.isdisjoint(made.__mro__):
            inherited = {n for b in bases for n in getattr(b, "__abstractmethods__", ())}
            missing = {n for n in [*namespace, *inherited] if _is_abstract(getattr(made, n, None))}
            made.__abstractmethods__ = frozenset(missing)  # type: ignore[attr-defined]
        return self._register(made)

    def _without_markers(self, namespace: dict[str, Any]) -> dict[str, Any]:
        self._check_names(namespace)
        return namespace

    def _named_tuple(self, name: str, namespace: dict[str, Any]) -> type:
        self._check_names(namespace)
        annotate = namespace.get("__annotate_func__") or namespace.get("__annotate__")
        notes = namespace.get("__annotations__") or (annotate(1) if annotate is not None else {})
        fields = list(notes)
        defaults = [namespace[f] for f in fields if f in namespace]
        base = self.named_tuple(name, fields, defaults=defaults)
        rest = {k: v for k, v in namespace.items() if k not in fields and k != "__slots__"}
        rest["__slots__"] = ()
        return self._register(type(name, (base,), rest))

    def named_tuple(self, typename: Any, field_names: Any, *, rename: bool = False, defaults: Any = None) -> Any:
        """The facade's ``namedtuple``: classes it makes may be inherited from."""
        if type(typename) is not str:
            raise TypeError("the type name must be a str")
        names = field_names.replace(",", " ").split() if type(field_names) is str else [str(f) for f in field_names]
        plain = [str.__str__(n) for n in names]
        return self._register(namedtuple(typename, plain, rename=bool(rename), defaults=defaults, module="__main__"))

    def _register(self, made: type) -> type:
        self.made.add(made)
        return made


_ENUM_BODY = type(enum.EnumType.__prepare__("E", (enum.Enum,)))
_current: list[UserClasses] = []


def bind_type(classes: UserClasses) -> None:
    """Let ``type(name, bases, namespace)`` make classes of `classes`: a process serves one REPL."""
    _current[:] = [classes]


def bind_enums() -> None:
    """Let ``Enum("Color", "RED GREEN")`` make classes as a class statement does. After every import: libraries do it, too."""
    enum.EnumType._create_ = lambda base, class_name, names, **options: _current[-1].enum_by_call(  # type: ignore[attr-defined]
        base, class_name, names, **options
    )


class _TypeMeta(type):
    """Makes `SafeType` answer for the real ``type`` in calls and ``isinstance`` without being it."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        if len(arguments) == 3:
            return _current[-1](*arguments, **keywords)
        if len(arguments) != 1 or keywords:
            raise TypeError("type() takes 1 or 3 arguments")
        kind = type(arguments[0])
        return SafeType if issubclass(kind, type) else kind

    def __instancecheck__(cls, ob: Any) -> bool:
        return isinstance(ob, type)

    def __subclasscheck__(cls, ob: Any) -> bool:
        return ob is SafeType

    def __repr__(cls) -> str:
        return "<class 'type'>"


class SafeType(metaclass=_TypeMeta):
    """The name ``type`` in the REPL; the real one is not reachable."""


SafeType.__name__ = SafeType.__qualname__ = "type"
