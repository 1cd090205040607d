"""The README's reference, made from the program's own lists. ``make reference`` writes it; a test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from rlm_tui.cli.program import COMMANDS, program
from rlm_tui.config.paths import themes_dirs
from rlm_tui.config.settings import EXPLAINED, PREFIX, Settings
from rlm_tui.events import Limits, RunConfig
from rlm_tui.projection.conditions import FACTS, STOPS
from rlm_tui.tui.action import GROUPS
from rlm_tui.tui.actions import ACTIONS
from rlm_tui.tui.keymap import PRESETS, shown
from rlm_tui.tui.screens.bench import Bench
from rlm_tui.tui.screens.breakpoints import EXAMPLES
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.screens.diff import Diff
from rlm_tui.tui.screens.keys import MOVES, keys_of
from rlm_tui.tui.screens.settings import SettingsScreen
from rlm_tui.tui.screens.welcome import Welcome
from rlm_tui.tui.themes import available

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- reference: made by docs/reference.py -->", "<!-- end of the reference -->"

SCREENS: dict[str, type[Any]] = {
    "Sessions": Browser,
    "Diff": Diff,
    "Results": Bench,
    "Settings": SettingsScreen,
    "Without a document": Welcome,
}
"""Screens beside the workbench. Moving is the same everywhere."""

VARIABLES = {
    "RLM_TUI_STORE": "the file of the saved sessions, as `--store`",
    "RLM_TUI_TOKEN": "the token of `rlm-tui serve`",
    "RLM_TUI_ASCII": "plain signs only",
    "RLM_TUI_TRACEBACK": "a traceback instead of a sentence, for a report",
    "NO_COLOR": "no colours",
    "VISUAL": "the editor of `F4`, before `EDITOR`",
    "EDITOR": "the editor of `F4` and `rerun --edit`",
    "TIKTOKEN_CACHE_DIR": "where tables of tokens are kept",
}

FILES = {
    "`~/.local/share/rlm-tui/sessions.db`": "the saved sessions: SQLite; `--store` names another",
    "`~/.local/share/rlm-tui/layout.json`": "how the panes share the screen",
    "`~/.local/share/rlm-tui/recent.json`": "the documents that were open",
    "`~/.config/rlm-tui/config.toml`": "your settings",
    "`~/.config/rlm-tui/keymap.yaml`": "your keys: `run.over: f10`, or a list; `[]` for none",
    "`~/.config/rlm-tui/themes/*.yaml`": "your themes; a shipped one is a good start",
    "`./rlm-tui.toml`": "settings of the project in this folder, before yours",
}

LIMITS = {
    "calls": "calls to models in the whole tree (`--max-calls`)",
    "input_tokens": "tokens in",
    "output_tokens": "tokens out",
    "total_tokens": "tokens in and out (`--max-tokens`)",
    "usd": "US dollars (`--max-cost`)",
    "seconds": "seconds while it isn't held (`--max-seconds`)",
    "turns": "turns of each node (`--max-turns`)",
    "errors_in_row": "cells of a node that fail one after the other",
    "nudges": "replies of a node without code or answer",
    "subcalls_per_cell": "sub-calls of one cell",
    "concurrency": "requests in flight at once (`concurrency`)",
    "max_depth": "levels of recursion (`--max-depth`)",
    "call_seconds": "seconds of one call (`call_timeout`)",
    "cell_seconds": "seconds that a cell may compute",
    "cell_memory_mb": "megabytes that a cell may allocate",
    "max_output_chars": "characters of a cell's output that the model sees",
    "max_output_tokens": "tokens of one reply",
    "tool_seconds": "seconds of a tool",
}
"""Names of `Limits` and `RunConfig`, which ``rerun --set NAME=VALUE`` takes too."""


def cell(text: str) -> str:
    """Text for a table of Markdown."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(cell(text) for text in row) + " |"
    yield ""


def key_words(keys: Iterable[str]) -> str:
    return " ".join(f"`{shown(key)}`" for key in keys)


def commands() -> Iterator[tuple[str, str]]:
    """Every command with its words, and those of the groups."""
    context = click.Context(program)
    for name, words in COMMANDS.items():
        command = program.get_command(context, name)
        yield f"`{name}`", words
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                found = command.get_command(context, inner)
                assert found is not None
                yield f"`{name} {inner}`", found.get_short_help_str(160)


def keys() -> Iterator[str]:
    for group in GROUPS:
        yield f"**{group}**\n"
        rows = [
            (key_words(action.keys) or "palette", action.title, action.help, f"`{action.id}`")
            for action in ACTIONS
            if action.group == group
        ]
        yield from table(("key", "name", "what it does", "id for keymaps"), rows)
    for name, screen in SCREENS.items():
        yield f"**{name}**\n"
        inner = (key for key in keys_of(screen) if key.action not in MOVES)
        lines = ((" ".join(f"`{text}`" for text in key.keys), key.words) for key in inner)
        yield from table(("key", "what it does"), lines)
    presets = []
    for preset, changes in PRESETS.items():
        for action_id, preset_keys in changes.items():
            presets.append((f"`{preset}`", key_words(preset_keys), f"`{action_id}`"))
    yield '**Presets** (`keymap = "vscode"`)\n'
    yield from table(("preset", "key", "id"), presets)


def conditions() -> Iterator[str]:
    rows = []
    for line in EXAMPLES.split("\n"):
        form, _, words = line.partition("  ")
        rows.append((f"`{form.strip()}`", words.strip()))
    yield from table(("form", "holds when"), rows)
    yield "`and`, `or`, `not` and brackets join them; `since:7d` and `before:2025-01-31` are for lists of sessions. A stop is a"
    yield f"condition by itself: {', '.join(f'`{stop}`' for stop in STOPS)}. Facts:\n"
    yield from table(("fact", "kind", "what it is"), ((f"`{f.name}`", f.kind, f.about) for f in FACTS.values()))


def settings() -> Iterator[str]:
    defaults = Settings()
    rows = []
    for name, words in EXPLAINED.items():
        value = getattr(defaults, name)
        plain = "" if value is None or value == {} else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
        rows.append((f"`{name}`", f"`{PREFIX}{name.upper()}`", plain, words))
    yield from table(("setting", "variable", "default", "meaning"), rows)


def limits() -> Iterator[str]:
    counted, config = Limits(), RunConfig(model="")
    rows = []
    for name, words in LIMITS.items():
        value = getattr(counted, name) if hasattr(counted, name) else getattr(config, name)
        rows.append((f"`{name}`", "none" if value is None else f"{value:g}", words))
    yield from table(("limit", "default", "what it limits"), rows)


def part(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>\n"
    yield from lines
    yield "</details>\n"


def reference() -> str:
    """The whole reference."""
    lines: list[str] = [BEGIN, ""]
    lines += part("Commands", table(("command", "what it does"), commands()))
    lines += part("Keys", keys())
    lines += part("Conditions", conditions())
    lines += part("Settings", settings())
    variables = ((f"`{name}`", words) for name, words in VARIABLES.items())
    lines += part("Other variables", table(("variable", "meaning"), variables))
    lines += part("Files (on Linux)", table(("file", "what is in it"), FILES.items()))
    lines += part("Limits of a session", limits())
    themes = ", ".join(f"`{name}`" for name in sorted(available(themes_dirs()[:1])))
    lines += [f"Themes: {themes}. `--help` of every command lists its options.", "", END]
    return "\n".join(lines)


def rendered(readme: str) -> str:
    """The README with its reference made anew."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + reference() + after


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    if BEGIN not in old:
        sys.exit(f"{README} has no line {BEGIN}")
    README.write_text(rendered(old), encoding="utf-8")
