"""Reads the YAML file of a scripted provider; what is wrong in it is named by file, line and key."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from rlm_tui.engine.providers.base import FAULTS, Price, ProviderError
from rlm_tui.events import Usage

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True, slots=True)
class Line:
    """One reply of a script; `number` is its line in the file. `usage` ``None`` means: count the characters."""

    number: int
    text: str = ""
    match: re.Pattern[str] | None = None
    expand: bool = False
    delay: float | None = None
    finish: str = "stop"
    usage: Usage | None = None
    fault: str = ""
    message: str = ""
    status: int | None = None
    retry_after: float | None = None
    times: int | None = None
    then: Line | None = None

    def expanded(self, found: re.Match[str]) -> Line:
        """The line with the match's groups in its text, if it asks for that."""
        if not self.expand:
            return self
        try:
            return replace(self, text=found.expand(self.text))
        except (re.error, IndexError) as error:
            raise ProviderError("bad_request", f"line {self.number} of the script: text: {error}.") from None


@dataclass(frozen=True, slots=True)
class Node:
    """The turns of the nodes whose first user message matches."""

    match: re.Pattern[str]
    turns: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A whole file."""

    path: Path
    turns: tuple[Line, ...]
    nodes: tuple[Node, ...]
    leaves: tuple[Line, ...]
    default: Line | None
    note: str
    window: int | None
    price: Price | None
    piece: int
    pace: float
    delay: float


def load_script(path: Path) -> Script:
    """The script in `path`. Raises `ProviderError` (``bad_request``) that names file, line and key."""
    import yaml

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ProviderError("bad_request", f"Can't read the script {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ProviderError("bad_request", f"The script {path} is not UTF-8 text.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ProviderError("bad_request", f"{path}, line {line}: {error.problem or 'not YAML'}.") from None
    except yaml.YAMLError as error:
        raise ProviderError("bad_request", f"{path} is not YAML: {' '.join(str(error).split())}.") from None
    return _Reader(path).script(root)


_TOP = ("note", "window", "price", "piece", "pace", "delay", "turns", "nodes", "leaves", "default")
_RATES = ("input", "output", "cached", "cache_write", "reasoning")
_LINE = ("text", "delay", "finish", "usage", "fault", "message", "status", "retry_after", "times", "then")


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path

    def script(self, root: yaml.Node | None) -> Script:
        if root is None:
            raise ProviderError("bad_request", f"The script {self._path} is empty: give it turns, leaves or a default.")
        top = self._mapping(root, "", _TOP)
        nodes = tuple(self._node(n, f"nodes[{i}]") for i, n in enumerate(self._items(top.get("nodes"), "nodes")))
        leaves = tuple(
            self._line(n, f"leaves[{i}]", match=True) for i, n in enumerate(self._items(top.get("leaves"), "leaves"))
        )
        script = Script(
            path=self._path,
            turns=self._turns(top.get("turns"), "turns"),
            nodes=nodes,
            leaves=leaves,
            default=self._line(top["default"], "default") if "default" in top else None,
            note=self._text(top.get("note"), "note", "scripted replies, not a language model"),
            window=self._whole(top.get("window"), "window", 1),
            price=self._price(top.get("price")),
            piece=self._whole(top.get("piece"), "piece", 1) or 16,
            pace=self._number(top.get("pace"), "pace") or 0.0,
            delay=self._number(top.get("delay"), "delay") or 0.0,
        )
        if not (script.turns or script.nodes or script.leaves or script.default):
            self._fail(root, "", "nothing to say: give it turns, nodes, leaves or a default")
        return script

    def _node(self, node: yaml.Node, key: str) -> Node:
        fields = self._mapping(node, key, ("match", "turns"))
        if "match" not in fields or "turns" not in fields:
            self._fail(node, key, "needs both match and turns")
        return Node(self._pattern(fields["match"], f"{key}.match"), self._turns(fields["turns"], f"{key}.turns"))

    def _turns(self, node: yaml.Node | None, key: str) -> tuple[Line, ...]:
        return tuple(self._line(n, f"{key}[{i}]") for i, n in enumerate(self._items(node, key)))

    def _line(self, node: yaml.Node, key: str, match: bool = False) -> Line:
        import yaml

        number = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode) and not match:
            return Line(number, text=self._text(node, key, ""))
        fields = self._mapping(node, key, (*_LINE, "match", "expand") if match else _LINE)
        fault = self._text(fields.get("fault"), f"{key}.fault", "")
        if match and "match" not in fields:
            self._fail(node, key, "needs a match")
        if fault and fault not in FAULTS:
            self._fail(fields["fault"], f"{key}.fault", f"unknown kind {fault!r}; known: {', '.join(FAULTS)}")
        if not fault and "text" not in fields:
            self._fail(node, key, "needs a text or a fault")
        for only in ("message", "status", "retry_after", "times", "then"):
            if only in fields and not fault:
                self._fail(fields[only], f"{key}.{only}", "belongs to a fault, and there is none")
        return Line(
            number,
            text=self._text(fields.get("text"), f"{key}.text", ""),
            match=self._pattern(fields["match"], f"{key}.match") if match else None,
            expand=self._flag(fields.get("expand"), f"{key}.expand"),
            delay=self._number(fields.get("delay"), f"{key}.delay"),
            finish=self._text(fields.get("finish"), f"{key}.finish", "stop"),
            usage=self._usage(fields.get("usage"), f"{key}.usage"),
            fault=fault,
            message=self._text(fields.get("message"), f"{key}.message", ""),
            status=self._whole(fields.get("status"), f"{key}.status", 100),
            retry_after=self._number(fields.get("retry_after"), f"{key}.retry_after"),
            times=self._whole(fields.get("times"), f"{key}.times", 1),
            then=self._line(fields["then"], f"{key}.then") if "then" in fields else None,
        )

    def _usage(self, node: yaml.Node | None, key: str) -> Usage | None:
        if node is None:
            return None
        counts = {name: self._whole(n, f"{key}.{name}", 0) or 0 for name, n in self._mapping(node, key, _RATES).items()}
        usage = msgspec.structs.replace(Usage(calls=1), **counts)
        if usage.cached + usage.cache_write > usage.input or usage.reasoning > usage.output:
            self._fail(node, key, "cached and cache_write are parts of input, reasoning is a part of output")
        return usage

    def _price(self, node: yaml.Node | None) -> Price | None:
        if node is None:
            return None
        rates = {n: self._number(v, f"price.{n}") for n, v in self._mapping(node, "price", _RATES).items()}
        if rates.get("input") is None or rates.get("output") is None:
            self._fail(node, "price", "needs input and output, in US dollars per million tokens")
        price: dict[str, Any] = {name: rate / 1e6 for name, rate in rates.items() if rate is not None}
        return Price(**price)

    def _mapping(self, node: yaml.Node, key: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        import yaml

        if not isinstance(node, yaml.MappingNode):
            self._fail(node, key, f"must be a mapping with {', '.join(known)}")
        fields: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = str(name_node.value)
            if name not in known:
                self._fail(name_node, f"{key}.{name}" if key else name, f"unknown key; known: {', '.join(known)}")
            fields[name] = value
        return fields

    def _items(self, node: yaml.Node | None, key: str) -> list[yaml.Node]:
        import yaml

        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._fail(node, key, "must be a list")
        return list(node.value)

    def _pattern(self, node: yaml.Node, key: str) -> re.Pattern[str]:
        try:
            return re.compile(self._text(node, key, ""), re.DOTALL)
        except re.error as error:
            self._fail(node, key, f"not a regular expression: {error}")

    def _text(self, node: yaml.Node | None, key: str, default: str) -> str:
        import yaml

        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode):
            self._fail(node, key, "must be a text")
        return str(node.value)

    def _flag(self, node: yaml.Node | None, key: str) -> bool:
        value = self._value(node)
        if not isinstance(value, bool | None):
            self._fail(node, key, "must be true or false")
        return bool(value)

    def _number(self, node: yaml.Node | None, key: str) -> float | None:
        value = self._value(node)
        if value is None and node is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            self._fail(node, key, "must be a number, 0 or more")
        return float(value)

    def _whole(self, node: yaml.Node | None, key: str, least: int) -> int | None:
        value = self._value(node)
        if value is None and node is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self._fail(node, key, f"must be a whole number, {least} or more")
        return value

    def _value(self, node: yaml.Node | None) -> Any:
        import yaml

        return None if node is None else yaml.SafeLoader("").construct_object(node, deep=True)

    def _fail(self, node: yaml.Node | None, key: str, what: str) -> NoReturn:
        line = node.start_mark.line + 1 if node is not None else 1
        raise ProviderError("bad_request", f"{self._path}, line {line}: {key + ': ' if key else ''}{what}.")
