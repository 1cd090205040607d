"""Stand-ins for modules: immutable, and nothing in them but vetted names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn


class Facade:
    """What `import name` gives. Its names are in its instance dictionary, so that the interpreter reads them quickly;
    that dictionary itself is out of reach (``__dict__`` and ``vars`` are guarded), and `_write_` refuses to change it.
    """

    def __init__(self, name: str, members: Mapping[str, Any] | None = None) -> None:
        fields = object.__getattribute__(self, "__dict__")
        fields.update(members or {})
        fields["__name__"] = name

    def __getattr__(self, name: str) -> NoReturn:
        own = facade_name(self)
        raise AttributeError(f"module {own!r} has no attribute {name!r} in this REPL", name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"module {facade_name(self)!r} is read-only in this REPL")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"module {facade_name(self)!r} is read-only in this REPL")

    def __repr__(self) -> str:
        return f"<module {facade_name(self)!r}>"

    def __dir__(self) -> Iterable[str]:
        return sorted(members(self))


def facade_name(facade: Facade) -> str:
    """The module's name."""
    return str(object.__getattribute__(facade, "__dict__").get("__name__", "?"))


def members(facade: Facade) -> dict[str, Any]:
    """A copy of the vetted names and what they stand for."""
    fields = object.__getattribute__(facade, "__dict__")
    return {name: value for name, value in fields.items() if not name.startswith("__")}


def add_member(facade: Facade, name: str, value: object) -> None:
    """Put a name into a facade while the facades are being built."""
    object.__getattribute__(facade, "__dict__")[name] = value
