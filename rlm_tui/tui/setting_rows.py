"""The rows of the settings screen: every setting, every key of a provider, what is wrong with the keymap, the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from rlm_tui.config.paths import config_dir, data_dir, store_path
from rlm_tui.config.saving import user_file
from rlm_tui.config.settings import EXPLAINED, PROJECT_FILE, Loaded, Settings
from rlm_tui.config.store_url import without_password
from rlm_tui.tui.keymap import PRESETS, faults
from rlm_tui.tui.model_names import Key
from rlm_tui.tui.themes import available


@dataclass(frozen=True, slots=True)
class SettingRow:
    """`key` is the setting, empty for what is only told; `style` is a name of the palette for the value."""

    name: str
    value: str = ""
    origin: str = ""
    words: str = ""
    key: str = ""
    style: str = "text"
    heading: bool = False


def rows_of_settings(loaded: Loaded) -> list[SettingRow]:
    """One row for each setting of the configuration's own list; prices are listed one by one."""
    rows = [SettingRow("Settings", heading=True)]
    for key, words in EXPLAINED.items():
        if key == "prices":
            overrides = loaded.settings.price_overrides()
            for model, rates in overrides.items():
                shown = ", ".join(f"{name} {number:g}" for name, number in rates.items())
                name = f"prices.{model}"
                rows.append(SettingRow(name, shown, loaded.origins.get(name, ""), "US dollars per million tokens"))
            if not overrides:
                rows.append(SettingRow(key, "", "default", f"{words}; written into a file by hand"))
            continue
        value = getattr(loaded.settings, key)
        if key == "store":
            value = without_password(value or str(store_path()))
        rows.append(SettingRow(key, value_words(value), loaded.origins.get(key, "default"), words, key))
    return rows


def rows_of_keys(keys: Sequence[Key]) -> list[SettingRow]:
    """Providers and the variables of their keys. Names only."""
    rows = [
        SettingRow("Keys of providers, by the names of their variables; their values are never read here", heading=True)
    ]
    for key in keys:
        if key.found:
            rows.append(SettingRow(key.provider, f"{' and '.join(key.found)} is set", style="ok"))
        else:
            rows.append(SettingRow(key.provider, f"missing: {key.missing}", style="muted"))
    return rows


def rows_of_keymap(preset: str, path: Path) -> list[SettingRow]:
    """The keymap, with every clash."""
    rows = [SettingRow("Keys of this program", heading=True)]
    what = f"preset {preset}" + (f" and {path}" if path.exists() else "")
    found = faults(preset, path)
    rows.append(SettingRow("keymap", what, words="no clashes" if not found else "", style="text"))
    for sentence in found:
        rows.append(SettingRow("", sentence, style="bad"))
    return rows


def rows_of_files() -> list[SettingRow]:
    """Where everything is kept."""
    places: list[tuple[str, Path, str]] = [
        ("user's settings", user_file(), "settings that are changed here are written into it"),
        ("project's settings", Path.cwd() / PROJECT_FILE, "goes before the user's"),
        ("keymap", config_dir() / "keymap.yaml", "action: key, or a list of keys"),
        ("themes", config_dir() / "themes", "*.yaml; the one that is worn is read again when it changes"),
        ("layout", data_dir() / "layout.json", "how the panes share the screen"),
        ("recent documents", data_dir() / "recent.json", ""),
    ]
    rows = [SettingRow("Files", heading=True)]
    for name, path, words in places:
        rows.append(SettingRow(name, str(path), words=words, style="text" if path.exists() else "muted"))
    return rows


def choices(key: str) -> tuple[str, ...]:
    """The values that a setting can have; empty when it can be anything of its kind."""
    if key == "theme":
        return tuple(sorted(available()))
    if key == "keymap":
        return tuple(PRESETS)
    kind = get_type_hints(Settings).get(key)
    return get_args(kind) if get_origin(kind) is Literal else ()


def value_words(value: Any) -> str:
    """A value as it is shown and typed; empty for none."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
