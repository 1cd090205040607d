"""A comparison as a file: Markdown to read, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rlm_tui.document.visible import visible
from rlm_tui.projection.compare import CallPair, Comparison, NodePair, Session, TurnPair, code_diff
from rlm_tui.session.plain import plain_values
from rlm_tui.tui.diff_rows import cost_of, name_of, rows_of, texts_of, words_of
from rlm_tui.tui.diff_summary import summary, verdict
from rlm_tui.tui.glyphs import UNICODE

KINDS = (".md", ".json")
_SIGNS = {"same": "=", "changed": "≠", "replaced": "≠", "removed": "-", "added": "+", "moved": "→"}
_WIDE = 240
"""Columns of the summary's lines: nothing is cut there."""


def default_name(comparison: Comparison) -> str:
    """A name for the file: the beginnings of the sessions' ids."""
    return "diff-" + "-".join(side.session[:7] or side.name for side in comparison.sides) + ".md"


def write(path: Path, comparison: Comparison, sessions: Sequence[Session]) -> Path:
    """Write the comparison in the format that the name's ending asks for. Raises `ValueError` with a sentence."""
    if path.suffix not in KINDS:
        raise ValueError(f"{path.name} should end in {' or '.join(KINDS)}.")
    if path.suffix == ".json":
        text = json.dumps(as_json(comparison, sessions), ensure_ascii=False, indent=2) + "\n"
    else:
        text = "\n".join(markdown(comparison, sessions)) + "\n"
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ValueError(f"{path} can't be written: {error.strerror or error}.") from None
    return path.absolute()


def as_json(comparison: Comparison, sessions: Sequence[Session]) -> dict[str, Any]:
    """All of it as plain values, with the code where it differs."""
    values: dict[str, Any] = plain_values(comparison)
    values["same"] = comparison.same
    for pair, value in zip(comparison.pairs, values["pairs"], strict=True):
        if pair.first is not None:
            value["first"]["sentence"] = pair.first.sentence
        if pair.root is not None:
            _add_code(pair.root, value["root"], sessions[0], sessions[pair.side])
    return values


def _add_code(pair: NodePair, value: dict[str, Any], left: Session, right: Session) -> None:
    """Put the code itself beside the references, where it differs."""
    for turn, row in zip(pair.turns, value["turns"], strict=True):
        _add_turn(turn, row, left, right)
        for call, inner in zip(turn.calls, row["calls"], strict=True):
            _add_call(call, inner, left, right)


def _add_turn(turn: TurnPair, row: dict[str, Any], left: Session, right: Session) -> None:
    if turn.kind == "same":
        return
    for session, side, name in ((left, turn.a, "a"), (right, turn.b, "b")):
        if side is not None and side.code:
            row[name]["text"] = session.load(*side.code)


def _add_call(call: CallPair, row: dict[str, Any], left: Session, right: Session) -> None:
    if call.node is not None:
        _add_code(call.node, row["node"], left, right)


def markdown(comparison: Comparison, sessions: Sequence[Session]) -> Iterator[str]:
    """The comparison as the lines of a Markdown file: figures, where they part, all rows, and the code that differs."""
    yield "# " + " and ".join(f"{side.name} {side.session}" for side in comparison.sides)
    for side in comparison.sides:
        yield ""
        models = side.model if side.sub_model in (None, side.model) else f"{side.model} / {side.sub_model}"
        yield f"* **{side.name}** `{side.session}`, {_line(models)}: {_line(side.query)}"
    for pair in comparison.pairs:
        left, right = sessions[0], sessions[pair.side]
        other = comparison.sides[pair.side].name
        yield f"\n## A and {other}\n"
        yield _line(verdict(pair, comparison)) + "\n"
        yield from _fenced((text for text, _ in summary(comparison, pair, UNICODE, _WIDE, short=False)), "text")
        if pair.settings:
            yield f"\n| setting | A | {other} |\n|---|---|---|"
            for setting in pair.settings:
                yield f"| {_line(setting.name)} | {_line(setting.a)} | {_line(setting.b)} |"
        yield f"\n|   | A | | {other} | |\n|---|---|---|---|---|"
        for row in rows_of(pair):
            cells = []
            for session, key, side_ in (
                (left, row.a, row.turn.a if row.turn else None),
                (right, row.b, row.turn.b if row.turn else None),
            ):
                if key is None:
                    cells += ["", ""]
                else:
                    words = _line(words_of(session, row, key, side_))[:80]
                    cells += [f"{'· ' * row.level}{name_of(session, key)} {words}", cost_of(session, key)]
            yield f"| {_SIGNS[row.kind]} | {' | '.join(cells)} |"
        for row in rows_of(pair):
            a, b = texts_of(row, "code", left, right)
            if row.turn is not None and a != b:
                key = row.a or row.b or ""
                yield f"\n### Code of {name_of(left if row.a else right, key)}\n"
                yield from _fenced((f"{line.sign}{visible(line.text)}" for line in code_diff(a, b)), "diff")
    for side in comparison.sides:
        yield f"\n## Answer of {side.name}\n"
        yield from _fenced((visible(line) for line in (side.answer or "none").split("\n")), "text")


def _line(text: str) -> str:
    """Text within a line of Markdown: what would be markup there is not."""
    words = visible(" ".join(text.split()))
    for sign in "\\`*_[]<>|#":
        words = words.replace(sign, f"\\{sign}")
    return words


def _fenced(lines: Iterator[str], kind: str) -> Iterator[str]:
    """Lines as a block that nothing in them can end."""
    body = list(lines)
    longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return iter([fence + kind, *body, fence])
