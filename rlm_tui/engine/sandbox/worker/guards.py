"""What rewritten code calls in place of attribute access and assignment.

One rule for every way an attribute can be asked for by name: `Guards.getattr`. Public names are read as they are, except
on types whose public names open doors (generators, frames, code, functions, modules); names with underscores are refused
except for those that ordinary programs use. Errors raised here are fresh: they carry nothing that the code did not have.
"""

from __future__ import annotations

import functools
import operator
import sys
import types
from abc import ABCMeta
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from decimal import Context
from textwrap import TextWrapper
from typing import Any
from xml.etree.ElementTree import Element

from rlm_tui.engine.sandbox.worker.aio import is_async
from rlm_tui.engine.sandbox.worker.classes import SafeType, UserClasses, is_namedtuple
from rlm_tui.engine.sandbox.worker.facade import Facade, facade_name, members
from rlm_tui.engine.sandbox.worker.formatting import Formatter
from rlm_tui.engine.sandbox.worker.names import CALLABLE_DUNDERS, LABELS, MAGIC_METHODS, SPECIAL, is_private
from rlm_tui.engine.sandbox.worker.objects import Logger, Trace, trace_of
from rlm_tui.engine.sandbox.worker.pools import Thread

_GENERATOR = frozenset({"send", "throw", "close", "gi_running", "gi_suspended"})
_OPAQUE: dict[type, frozenset[str]] = {
    types.GeneratorType: _GENERATOR,
    types.CoroutineType: frozenset(),
    types.AsyncGeneratorType: frozenset(),
    types.FrameType: frozenset(),
    types.TracebackType: frozenset(),
    types.CodeType: frozenset(),
    types.ModuleType: frozenset(),
    types.FunctionType: frozenset(),
    types.MethodType: frozenset(),
    types.BuiltinFunctionType: frozenset(),
    types.CellType: frozenset(),
}
_CALLABLES = (
    type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType,
    types.MethodWrapperType, types.WrapperDescriptorType, types.ClassMethodDescriptorType,
)  # fmt: skip
_OPAQUE[Trace] = frozenset({"tb_lineno", "tb_next", "tb_lasti"})
_EXCEPTION_HIDDEN = frozenset({"obj", "path", "with_traceback"})
_NAMEDTUPLE = frozenset({"_asdict", "_replace", "_fields", "_make", "_field_defaults"})
_PLAIN_WRITABLE: frozenset[type] = frozenset(
    {dict, list, set, bytearray, defaultdict, Counter, OrderedDict, deque, ChainMap, types.SimpleNamespace, Context}
)
_IN_PLACE: dict[str, Any] = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv, "%=": operator.imod,
    "**=": operator.ipow, "<<=": operator.ilshift, ">>=": operator.irshift, "|=": operator.ior, "^=": operator.ixor,
    "&=": operator.iand, "//=": operator.ifloordiv, "@=": operator.imatmul,
}  # fmt: skip
_PICKLING = frozenset({"__reduce__", "__getstate__", "__setstate__", "__getnewargs__"})
"""What the built-in classes do there reaches further than the object itself."""

_ABSTRACT_OWN = frozenset({"_abc_impl", "_dump_registry", "_abc_registry_clear", "_abc_caches_clear"})
"""What the library's abstract base classes carry for themselves."""

_CACHED = type(functools.lru_cache(lambda: None))
_NOTHING = object()


_FIELDS: dict[type, frozenset[str]] = {
    type(Element("e")): frozenset({"text", "tail", "tag", "attrib"}),
    TextWrapper: frozenset(name for name in vars(TextWrapper()) if name != "wordsep_re"),
    Thread: frozenset({"name", "daemon"}),
    Logger: frozenset({"propagate", "disabled"}),
}
"""Objects of the library whose public fields programs assign, and which fields these are."""


class _Assigned:
    """Takes the assignment ``ob.field = value`` for the objects of `_FIELDS`; see `Guards.write`."""

    __slots__ = ("_names", "_ob")

    def __init__(self, ob: Any, names: frozenset[str]) -> None:
        object.__setattr__(self, "_ob", ob)
        object.__setattr__(self, "_names", names)

    def __getattr__(self, name: str) -> Any:  # an assignment in place reads first
        return getattr(self._field(name), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._field(name), name, value)

    def _field(self, name: str) -> Any:
        ob = object.__getattribute__(self, "_ob")
        if name not in object.__getattribute__(self, "_names"):
            raise TypeError(f"the attribute {name} of a {type(ob).__name__!r} object cannot be assigned in this REPL")
        return ob


class _Label:
    """Takes the assignment ``f.__name__ = text``; see `Guards.label`."""

    __slots__ = ("_guards", "_ob")
    _guards: Guards
    _ob: Any

    def __init__(self, guards: Guards, ob: Any) -> None:
        object.__setattr__(self, "_guards", guards)
        object.__setattr__(self, "_ob", ob)

    def __setattr__(self, name: str, value: Any) -> None:
        self._guards.set_label(self._ob, name, value)


class Guards:
    """The guards of one REPL. `classes` knows which classes the REPL's code made, `namespace` is the code's globals."""

    def __init__(self, classes: UserClasses, namespace: dict[str, Any]) -> None:
        self.classes = classes
        self._made = classes.made
        self._namespace = namespace
        self.formatter = Formatter(self.getattr)
        self.assignable: dict[int, Any] = {}  # facades with names that may be assigned: what takes the assignment

    # Reading

    def getattr(self, ob: Any, name: Any, default: Any = _NOTHING, /) -> Any:
        """``ob.name``, or `default` when there is no such attribute."""
        if type(name) is not str:
            raise TypeError("attribute name must be string, not " + repr(type(name).__name__))
        kind = type(ob)
        if name[:1] == "_":
            return self._private(ob, kind, name, default)
        if issubclass(kind, types.GenericAlias):  # `list[int]` hands every public name on to what it was made of
            return self.getattr(ob.__origin__, name, default)
        if kind in self._made and name not in SPECIAL:
            return getattr(ob, name) if default is _NOTHING else getattr(ob, name, default)
        allowed = _OPAQUE.get(kind)
        if allowed is not None and name not in allowed:
            if kind is types.FunctionType and self.is_users(ob) and name in ob.__dict__:
                return ob.__dict__[name]
            return self._absent(ob, kind, name, default)
        if name in SPECIAL:
            if name in ("format", "format_map"):
                found = self._format(ob, kind, name)
                if found is not None:
                    return found
            elif name == "mro" and issubclass(kind, type):
                return self._refuse(name)
            elif name == "register":  # of an abstract base class of the library, which the library itself asks
                if isinstance(ob, ABCMeta) or (isinstance(ob, type) and not self.classes.is_made(ob)):
                    return self._refuse(name)
            elif name in _EXCEPTION_HIDDEN:
                if issubclass(kind, BaseException):
                    return self._refuse(name)
            elif (
                allowed is None
                and kind not in self._made
                and not isinstance(ob, (types.SimpleNamespace, tuple))
                and not self.classes.is_made(ob)
            ):
                return self._refuse(name)
        if default is not _NOTHING:
            try:
                return getattr(ob, name)
            except AttributeError:
                return default
        return getattr(ob, name)

    def _absent(self, ob: Any, kind: type, name: str, default: Any) -> Any:
        if default is not _NOTHING:
            return default
        raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}", name=name, obj=None)

    def _refuse(self, name: str, hint: str = "") -> Any:
        raise AttributeError(f"attribute {name!r} is not available in this REPL{hint}")

    def is_users(self, function: Any) -> bool:
        """Whether REPL code defined `function`, by ``def``, ``lambda`` or ``async def``."""
        return type(function) is types.FunctionType and (function.__globals__ is self._namespace or is_async(function))

    def _format(self, ob: Any, kind: type, name: str) -> Any:
        formatter = self.formatter
        if issubclass(kind, str):
            own = kind.__dict__.get(name) if kind in self._made else None
            if own is None:
                return formatter.bound(ob) if name == "format" else formatter.bound_map(ob)
        elif issubclass(kind, type) and issubclass(ob, str):
            return formatter.unbound if name == "format" else formatter.unbound_map
        elif kind is super and type(getattr(ob, name, None)) is not types.MethodType:
            raise AttributeError(f"super().{name} is not available in this REPL; write str.{name}(text, …)")
        return None

    def _private(self, ob: Any, kind: type, name: str, default: Any) -> Any:
        if name == "__class__":
            return SafeType if issubclass(kind, type) else kind
        if name == "__name__" or name == "__qualname__":
            if kind is Facade:
                return facade_name(ob)
            if isinstance(ob, (*_CALLABLES, _CACHED)):
                return str(getattr(ob, name))
            own = self._own(ob, kind)
            if name in own:
                return own[name]
        elif name == "__doc__":
            text = getattr(ob, "__doc__", None)
            return text if type(text) is str else None
        elif name == "__module__":
            return "__main__"
        elif name == "__dict__":
            return self._fields(ob, kind)
        elif name in ("__cause__", "__context__", "__notes__", "__suppress_context__") and issubclass(
            kind, BaseException
        ):
            found = getattr(ob, name, None)
            return found if name != "__notes__" else list(found or ())
        elif name == "__traceback__" and issubclass(kind, BaseException):
            return trace_of(ob.__traceback__, self._namespace)
        elif name == "__annotations__":
            return self.annotations(ob)
        elif name == "__members__" and issubclass(kind, type) and self.classes.is_enum(ob):
            return dict(ob.__members__)
        elif name == "__mro__" and ob in self._made if issubclass(kind, type) else False:
            return tuple(c for c in ob.__mro__)
        elif name == "__bases__" and ob in self._made if issubclass(kind, type) else False:
            return tuple(ob.__bases__)
        elif name in ("__stdout__", "__stderr__") and kind is Facade:
            return self._plain(ob, name, default)
        elif name in ("__new__", "__setattr__", "__delattr__", "__getattribute__"):
            return self._object_protocol(ob, kind, name)
        elif name == "__wrapped__" and kind is _CACHED:
            return ob.__wrapped__
        elif name == "__wrapped__" and (kind in self._made or (kind is types.FunctionType and self.is_users(ob))):
            own = self._own(ob, kind)
            if name in own:
                return own[name]
        elif name in CALLABLE_DUNDERS:
            if self._may_call(ob, kind, name):
                return self._plain(ob, name, default)
        elif name in MAGIC_METHODS and (kind is super or kind in self._made or self.classes.is_made(ob)):
            if self.classes.defines(ob, kind, name) and not (
                kind is super and name in _PICKLING and not self._own_method(ob, name)
            ):
                return self._plain(ob, name, default)
            if kind is super and name == "__init_subclass__":
                return self._plain(ob, name, default)
        elif name in _ABSTRACT_OWN:
            return self._refuse(name)
        elif is_private(name):
            if kind in self._made or self.classes.adopt(kind) or self.classes.is_made(ob) or kind is super:
                if name in _NAMEDTUPLE or kind is not super or name.strip("_"):
                    return self._plain(ob, name, default)
            elif name in _NAMEDTUPLE and (is_namedtuple(kind) or (kind is type and is_namedtuple(ob))):
                return dict(ob._field_defaults) if name == "_field_defaults" else self._plain(ob, name, default)
            elif kind is types.SimpleNamespace or (kind is types.FunctionType and self.is_users(ob)):
                if name in ob.__dict__:
                    return ob.__dict__[name]
            elif kind is Facade:
                return self._plain(ob, name, default)
        if default is not _NOTHING:
            return default
        if is_private(name):
            raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
        return self._refuse(name)

    def _own(self, ob: Any, kind: type) -> dict[str, Any]:
        """The instance's own fields, without asking its class."""
        if kind is types.FunctionType:
            return dict(ob.__dict__)
        try:
            return dict(object.__getattribute__(ob, "__dict__")) if kind in self._made else {}
        except AttributeError:
            return {}

    def _own_method(self, ob: Any, name: str) -> bool:
        found = getattr(ob, name, None)
        return type(found) is types.MethodType and self.is_users(found.__func__)

    def _may_call(self, ob: Any, kind: type, name: str) -> bool:
        if kind in self._made or kind is super:
            return True
        if kind is Facade:
            return False
        if kind in _OPAQUE:
            return name in ("__call__", "__iter__", "__next__")
        if issubclass(kind, type):
            return ob in self._made or ob in self.classes.bases
        return name != "__init__"

    def _plain(self, ob: Any, name: str, default: Any) -> Any:
        return getattr(ob, name) if default is _NOTHING else getattr(ob, name, default)

    def _fields(self, ob: Any, kind: type) -> Any:
        if kind in self._made or kind is types.SimpleNamespace or self.is_users(ob):
            return object.__getattribute__(ob, "__dict__")
        if issubclass(kind, type) and ob in self._made:
            return {k: v for k, v in ob.__dict__.items() if not k.startswith("__")}
        if kind is Facade:
            return members(ob)
        return self._refuse("__dict__", "; use the object's own attributes")

    def annotations(self, ob: Any) -> dict[str, Any]:
        """The annotations of a class or function of the REPL, as text."""
        kind = type(ob)
        if issubclass(kind, type) and ob in self._made:
            return dict(getattr(ob, "__annotations__", {}))
        return dict(ob.__annotations__) if self.is_users(ob) else {}

    def _object_protocol(self, ob: Any, kind: type, name: str) -> Any:
        """``object.__setattr__`` and the like, by ``super()`` or on a class: with the checks of plain assignment."""
        if name == "__new__":
            bound = ob.__new__
            if (
                kind is super
                or ob is object
                or self.classes.is_made(ob)
                or (isinstance(ob, type) and ob in self.classes.bases)
            ):

                def new(cls: type, *args: Any, **kwargs: Any) -> Any:
                    if cls not in self._made:
                        raise TypeError("__new__ takes a class made in this REPL")
                    return bound(cls) if bound is object.__new__ else bound(cls, *args, **kwargs)

                return new
            return self._refuse(name)
        if name == "__getattribute__":
            if kind is super:
                raw = ob

                def getattribute(attribute: str) -> Any:
                    return self.getattr(raw, attribute)

                return getattribute
            return self._refuse(name)
        if kind is not super and ob is not object and not self.classes.is_made(ob):
            return self._refuse(name)
        plain = object.__setattr__ if name == "__setattr__" else object.__delattr__
        if kind is super:
            # super() of a class that inherits a __setattr__ from another class of the REPL must call that one.
            inherited = getattr(ob, name)
            if type(inherited) is types.MethodType:
                return inherited
            me = inherited.__self__
            return lambda attribute, *value: plain(self.write(me), self._settable(attribute), *value)
        if self.classes.is_made(ob) and self.classes.defines(ob, kind, name):
            return getattr(ob, name)
        return lambda me, attribute, *value: plain(self.write(me), self._settable(attribute), *value)

    # Writing

    def write(self, ob: Any) -> Any:
        """`ob`, when its attributes may be assigned: plain containers, and what the REPL's code made."""
        kind = type(ob)
        if kind in self._made or kind in _PLAIN_WRITABLE or self.classes.adopt(kind):
            return ob
        if issubclass(kind, type):
            if ob in self._made:
                return ob
        elif kind is types.FunctionType and self.is_users(ob):
            return ob
        if kind in _FIELDS:
            return _Assigned(ob, _FIELDS[kind])
        if kind is Facade and id(ob) in self.assignable:
            return self.assignable[id(ob)]
        name = f"module {facade_name(ob)!r}" if kind is Facade else f"{kind.__name__!r} object"
        raise TypeError(f"the attributes of a {name} cannot be assigned in this REPL")

    def label(self, ob: Any) -> _Label:
        """What takes ``ob.__name__ = …`` and the like."""
        return _Label(self, ob)

    def set_label(self, ob: Any, name: str, value: Any) -> None:
        """``ob.name = value`` for the names of `LABELS`: plain text, on functions, classes and objects of the REPL."""
        kind = type(ob)
        if (
            name != "__wrapped__"
            and type(value) is not str
            and not (value is None and name in ("__doc__", "__module__"))
        ):
            raise TypeError(f"{name} must be set to a plain str")
        if name not in LABELS:
            self._refuse(name)
        if self.is_users(ob) or self.classes.is_made(ob):
            setattr(ob, name, value)
        elif kind in self._made and hasattr(ob, "__dict__"):
            object.__getattribute__(ob, "__dict__")[name] = value
        else:
            raise TypeError(f"{name} of a {kind.__name__!r} object cannot be assigned in this REPL")

    def named(self, name: str) -> Any:
        """What `name` stands for at the top level of the REPL; ``None`` when there is no such name."""
        found = self._namespace.get(name)
        return found if found is not None else self._namespace["__builtins__"].get(name)

    def _settable(self, name: Any) -> str:
        if type(name) is not str:
            raise TypeError("attribute name must be a plain str")
        if name.startswith("_") and not is_private(name):
            self._refuse(name)
        return str(name)

    def setattr(self, ob: Any, name: Any, value: Any, /) -> None:
        """The built-in ``setattr``."""
        setattr(self.write(ob), self._settable(name), value)

    def delattr(self, ob: Any, name: Any, /) -> None:
        """The built-in ``delattr``."""
        delattr(self.write(ob), self._settable(name))

    def aug_attr(self, op: str, ob: Any, name: str, value: Any) -> None:
        """``ob.name op= value`` for the names that must go through the guard."""
        self.setattr(ob, name, _IN_PLACE[op](self.getattr(ob, name), value))

    # The built-ins that look attributes up by name

    def builtin_getattr(self, ob: Any, name: Any, /, *default: Any) -> Any:
        """The built-in ``getattr``."""
        if len(default) > 1:
            raise TypeError(f"getattr expected at most 3 arguments, got {2 + len(default)}")
        if not default:
            return self.getattr(ob, name)
        try:
            return self.getattr(ob, name, default[0])
        except AttributeError:
            return default[0]

    def builtin_hasattr(self, ob: Any, name: Any, /) -> bool:
        """The built-in ``hasattr``. Special methods are looked for on the type."""
        if type(name) is not str:
            raise TypeError("hasattr(): attribute name must be string")
        if name.startswith("__") and name.endswith("__") and name in MAGIC_METHODS:
            kind = type(ob)
            return any(c.__dict__.get(name) is not None for c in kind.__mro__) or (
                isinstance(ob, type) and hasattr(ob, name)
            )
        try:
            self.getattr(ob, name)
        except AttributeError:
            return False
        return True

    def builtin_dir(self, *ob: Any) -> list[str]:
        """The built-in ``dir``: names that could be asked for."""
        if not ob:
            return sorted(self.builtin_locals())
        target = ob[0]
        if type(target) is Facade:
            return sorted(members(target))
        found = dir(target)
        return [n for n in found if type(n) is str and not (n.startswith("__") and n not in MAGIC_METHODS)]

    def builtin_vars(self, *ob: Any) -> dict[str, Any]:
        """The built-in ``vars``."""
        if not ob:
            return self.builtin_locals()
        found: dict[str, Any] = self._fields(ob[0], type(ob[0]))
        return found

    def builtin_locals(self) -> dict[str, Any]:
        """The built-in ``locals``: a copy. Only frames of the REPL's own code are looked at."""
        frame = sys._getframe(1)
        while frame.f_globals is not self._namespace:
            if frame.f_back is None:
                return {}
            frame = frame.f_back
        return self.visible(frame.f_locals)

    @staticmethod
    def visible(names: Any) -> dict[str, Any]:
        """The user's part of a namespace."""
        return {
            n: v for n, v in list(names.items())
            if type(n) is str and (not n.startswith("_") or is_private(n)) and not n.startswith(".")
        }  # fmt: skip
