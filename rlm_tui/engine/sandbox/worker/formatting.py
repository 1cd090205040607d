"""``str.format`` whose fields go through the attribute guard.

A format string is code: ``"{0.__class__}"`` walks attributes inside C. Bound, unbound and on subclasses, `format` and
`format_map` are these functions instead.
"""

from __future__ import annotations

from _string import formatter_field_name_split, formatter_parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Getattr = Callable[..., Any]


class Formatter:
    """Formats with `getattr_` in place of attribute access."""

    def __init__(self, getattr_: Getattr) -> None:
        self._getattr = getattr_

    def bound(self, text: str) -> Callable[..., str]:
        """What ``text.format`` gives."""
        plain = str.__str__(text)

        def format(*args: Any, **kwargs: Any) -> str:
            return self._fields(plain, args, kwargs, 2, [0])

        return format

    def bound_map(self, text: str) -> Callable[[Mapping[str, Any]], str]:
        """What ``text.format_map`` gives."""
        plain = str.__str__(text)

        def format_map(mapping: Mapping[str, Any], /) -> str:
            return self._fields(plain, (), mapping, 2, [0])

        return format_map

    def unbound(self, text: str, /, *args: Any, **kwargs: Any) -> str:
        """What ``str.format`` gives."""
        return self._fields(str.__str__(text), args, kwargs, 2, [0])

    def unbound_map(self, text: str, mapping: Mapping[str, Any], /) -> str:
        """What ``str.format_map`` gives."""
        return self._fields(str.__str__(text), (), mapping, 2, [0])

    def string_formatter(self) -> type:
        """The ``string.Formatter`` of the REPL: formats as `unbound` does, and lists the fields of a text."""
        fields = self._fields

        class StringFormatter:
            def format(self, text: str, /, *args: Any, **kwargs: Any) -> str:
                return fields(str.__str__(text), args, kwargs, 2, [0])

            def vformat(self, text: str, args: Any, kwargs: Mapping[str, Any]) -> str:
                return fields(str.__str__(text), tuple(args), kwargs, 2, [0])

            def parse(self, text: str) -> Iterator[tuple[str, str | None, str | None, str | None]]:
                return iter(list(formatter_parser(str.__str__(text))))

        StringFormatter.__name__ = StringFormatter.__qualname__ = "Formatter"
        StringFormatter.__module__ = "string"
        return StringFormatter

    def _fields(self, text: str, args: tuple[Any, ...], kwargs: Any, depth: int, auto: list[Any]) -> str:
        if depth < 0:
            raise ValueError("Max string recursion exceeded")
        out: list[str] = []
        for literal, field, spec, conversion in formatter_parser(text):
            if literal:
                out.append(literal)
            if field is None:
                continue
            value = self._value(field, args, kwargs, auto)
            if conversion == "r":
                value = repr(value)
            elif conversion == "s":
                value = str(value)
            elif conversion == "a":
                value = ascii(value)
            elif conversion:
                raise ValueError(f"Unknown conversion specifier {conversion!r}")
            out.append(format(value, self._fields(spec, args, kwargs, depth - 1, auto) if spec else ""))
        return "".join(out)

    def _value(self, field: str, args: tuple[Any, ...], kwargs: Any, auto: list[Any]) -> Any:
        first, rest = formatter_field_name_split(field)
        if first == "":
            if auto[0] is False:
                raise ValueError("cannot switch from manual field specification to automatic field numbering")
            first = auto[0]
            auto[0] += 1
        elif type(first) is int:
            if auto[0]:
                raise ValueError("cannot switch from automatic field numbering to manual field specification")
            auto[0] = False
        if type(first) is int:
            if first >= len(args):
                raise IndexError(f"Replacement index {first} out of range for positional args tuple")
            value = args[first]
        else:
            value = kwargs[first]
        for is_attribute, key in rest:
            value = self._getattr(value, key) if is_attribute else value[key]
        return value
