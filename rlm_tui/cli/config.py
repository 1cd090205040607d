"""``rlm-tui config show``: the settings and their origins."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any

import click

from rlm_tui.cli.options import json_option


@click.group()
def command() -> None:
    """The settings.

    Order, first wins: command line, environment (RLM_TUI_MODEL …), the file rlm-tui.toml in the working directory, the
    file config.toml in the user's configuration folder, default.
    """


@command.command()
@json_option
def show(as_json: bool) -> None:
    """Every setting, its value, and where the value comes from."""
    from rlm_tui.cli.table import table
    from rlm_tui.config.paths import config_dir, store_path
    from rlm_tui.config.settings import EXPLAINED, PROJECT_FILE, USER_FILE, load
    from rlm_tui.config.store_url import without_password

    loaded = load()
    values: dict[str, Any] = {key: getattr(loaded.settings, key) for key in EXPLAINED if key != "prices"}
    values |= {f"prices.{model}": rates for model, rates in loaded.settings.price_overrides().items()}
    values["store"] = without_password(values["store"] or str(store_path()))
    origins = loaded.origins
    if as_json:
        report = {key: {"value": value, "origin": origins.get(key, "default")} for key, value in values.items()}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    rows = []
    for key, value in values.items():
        meaning = EXPLAINED.get(key, "US dollars per million tokens")
        rows.append([key, "" if value is None else _shown(value), origins.get(key, "default"), meaning])
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(("setting", "value", "from", "meaning"), rows, width=width):
        click.echo(line)
    click.echo(f"\nFiles: {PROJECT_FILE} in the working directory, {config_dir() / USER_FILE}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:g}" for name, number in value.items())
    return str(value)
