"""``typing`` for code whose annotations are dropped: names that can be subscripted, combined and inherited from."""

from __future__ import annotations

import collections
import collections.abc
import typing
from collections.abc import Callable
from typing import Any

from rlm_tui.engine.sandbox.worker.classes import Marker

_ORIGINS: dict[str, type] = {
    "List": list, "Dict": dict, "Tuple": tuple, "Set": set, "FrozenSet": frozenset, "DefaultDict": collections.defaultdict,
    "Counter": collections.Counter, "Deque": collections.deque, "OrderedDict": collections.OrderedDict,
    "Callable": collections.abc.Callable,  # type: ignore[dict-item]
    "Iterable": collections.abc.Iterable,
    "Iterator": collections.abc.Iterator, "Sequence": collections.abc.Sequence, "Mapping": collections.abc.Mapping,
    "MutableMapping": collections.abc.MutableMapping, "MutableSequence": collections.abc.MutableSequence,
    "Generator": collections.abc.Generator, "Hashable": collections.abc.Hashable, "Sized": collections.abc.Sized,
    "Collection": collections.abc.Collection, "Container": collections.abc.Container, "AbstractSet": collections.abc.Set,
    "Text": str,
}  # fmt: skip
_NAMES = [
    "Any",
    "Optional",
    "Union",
    "Literal",
    "Type",
    "TypeVar",
    "ParamSpec",
    "Final",
    "ClassVar",
    "Annotated",
    "Self",
    "Never",
    "NoReturn",
    "LiteralString",
    "TypeAlias",
    "Required",
    "NotRequired",
    "ReadOnly",
    "Unpack",
    "TypeVarTuple",
    "Concatenate",
    "TypeGuard",
    "TypeIs",
    "Awaitable",
    "Coroutine",
    "AsyncIterator",
    "AsyncIterable",
    "AsyncGenerator",
    "Match",
    "Pattern",
    "IO",
    "TextIO",
    "BinaryIO",
    "AnyStr",
    "SupportsInt",
    "SupportsFloat",
    "SupportsAbs",
    "SupportsIndex",
    "NewType",
]


class Hint(Marker):
    """A name of ``typing``: subscripting and ``|`` give itself again."""

    __slots__ = ()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        origin = _ORIGINS.get(self.name)
        return super().__mro_entries__(bases) if origin is None else (origin,)

    def __getitem__(self, item: Any) -> Hint:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.role == "newtype":
            return Hint("NewType", "identity")
        if self.role == "identity":
            return args[0] if args else None
        origin = _ORIGINS.get(self.name)
        return origin(*args, **kwargs) if origin is not None and origin.__module__ != "collections.abc" else self

    def __or__(self, other: Any) -> Hint:
        return self

    __ror__ = __or__

    def __instancecheck__(self, ob: Any) -> bool:
        origin = _ORIGINS.get(self.name)
        if origin is None:
            raise TypeError(f"typing.{self.name} cannot be used with isinstance()")
        return isinstance(ob, origin)

    def __repr__(self) -> str:
        return f"typing.{self.name}"


def _identity(value: Any = None, /) -> Any:
    return value


def members(classes: Any, annotations: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """The names of the ``typing`` facade."""
    found: dict[str, Any] = {name: Hint(name) for name in _NAMES}
    found.update({name: Hint(name) for name in _ORIGINS})
    # Whatever else of typing is written in annotations stands for itself.
    found.update({name: Hint(name) for name in typing.__all__ if name[0].isupper() and name not in found})
    found["NewType"] = Hint("NewType", "newtype")
    found["TypedDict"] = Hint("TypedDict", "typeddict")
    found["NamedTuple"] = _NamedTuple("NamedTuple", "namedtuple", classes)
    found.update({name: Hint(name) for name in ("Generic", "Protocol")})
    found.update(
        cast=lambda kind, value: value,
        overload=_identity,
        final=_identity,
        override=_identity,
        runtime_checkable=_identity,
        no_type_check=_identity,
        TYPE_CHECKING=False,
        assert_never=_identity,
        assert_type=lambda value, kind: value,
        reveal_type=_identity,
        dataclass_transform=lambda **options: _identity,
        is_typeddict=lambda kind: False,
        get_type_hints=lambda ob, *scopes, **options: annotations(ob),
        get_args=lambda hint: (),
        get_origin=lambda hint: None,
    )
    return found


class _NamedTuple(Hint):
    __slots__ = ("_classes",)

    def __init__(self, name: str, role: str, classes: Any) -> None:
        super().__init__(name, role)
        self._classes = classes

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name, fields = args
        return self._classes.named_tuple(name, [field[0] for field in fields])
