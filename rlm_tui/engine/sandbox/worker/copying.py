"""``copy`` and ``deepcopy`` for plain values and the REPL's own objects; the standard ones call hooks by name."""

from __future__ import annotations

from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from typing import Any

from rlm_tui.engine.sandbox.worker.classes import UserClasses

_CONTAINERS: frozenset[type] = frozenset(
    {dict, list, set, bytearray, defaultdict, Counter, OrderedDict, deque, ChainMap}
)
_DEEPEST = 400


class Copier:
    """Copies for one REPL."""

    def __init__(self, classes: UserClasses) -> None:
        self._made = classes.made

    def copy(self, value: Any) -> Any:
        kind = type(value)
        if kind in _CONTAINERS:
            return value.copy()
        if kind in self._made:
            own = getattr(kind, "__copy__", None)
            return own(value) if own is not None else self._shell(value, kind, getattr(value, "__dict__", {}))
        return value

    def _shell(self, value: Any, kind: type, fields: dict[str, Any]) -> Any:
        if issubclass(kind, BaseException) or issubclass(kind, (tuple, str, int, float, bytes, frozenset)):
            return value
        new: Any
        if issubclass(kind, (dict, list, set, deque)):
            make: Any = kind.__new__
            new = make(kind)
            if issubclass(kind, dict):
                dict.update(new, value)
            elif issubclass(kind, set):
                set.update(new, value)
            else:
                new.extend(value)
        else:
            new = object.__new__(kind)
        if fields:
            object.__getattribute__(new, "__dict__").update(fields)
        return new

    def deepcopy(self, value: Any, memo: Any = None) -> Any:
        return self._deep(value, {}, 0)

    def _deep(self, value: Any, memo: dict[int, Any], depth: int) -> Any:
        if depth > _DEEPEST:
            raise RecursionError("maximum recursion depth exceeded in deepcopy")
        if id(value) in memo:
            return memo[id(value)]
        kind = type(value)
        new: Any
        if kind is list or kind is deque:
            memo[id(value)] = new = kind()
            new.extend(self._deep(v, memo, depth + 1) for v in value)
        elif kind is tuple:
            new = tuple(self._deep(v, memo, depth + 1) for v in value)
        elif kind in (dict, OrderedDict, Counter, defaultdict):
            memo[id(value)] = new = value.copy()
            new.clear()
            for key in value:
                new[self._deep(key, memo, depth + 1)] = self._deep(value[key], memo, depth + 1)
        elif kind in self._made:
            own = getattr(kind, "__deepcopy__", None)
            if own is not None:
                return own(value, memo)
            memo[id(value)] = new = self._shell(value, kind, {})
            if new is not value and hasattr(value, "__dict__"):
                fields = object.__getattribute__(new, "__dict__")
                fields.update({k: self._deep(v, memo, depth + 1) for k, v in value.__dict__.items()})
        else:
            return self.copy(value)
        memo[id(value)] = new
        return new
