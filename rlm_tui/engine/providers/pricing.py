"""Prices and windows of models, from the table that LiteLLM's wheel carries, read as a file.

LiteLLM itself is not imported: that costs seconds. A model's price can be overridden in the settings, in US dollars per
million tokens. What is not known is ``None``, never 0.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from rlm_tui.engine.providers.base import Price

_TEXT_MODES = {"chat", "responses", "completion"}
_LONGER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
_RATES = (
    *("input_cost_per_token", "output_cost_per_token", "output_cost_per_reasoning_token"),
    *("cache_read_input_token_cost", "cache_creation_input_token_cost"),
)
_FREE = Price(0.0, 0.0)
_OLLAMA = ("ollama", "ollama_chat")


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the table. `window` is the longest prompt and `longest_reply` the longest reply, in tokens.

    `retired` is the date (``YYYY-MM-DD``) on which the provider means to switch the model off, if it said so.
    """

    name: str
    provider: str
    window: int | None
    longest_reply: int | None
    price: Price | None
    retired: str | None = None


def package_folder(package: str) -> Path | None:
    """Where the installed top-level `package` lies, without importing it; ``None`` if it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


class PriceTable:
    """Looks models up. `overrides` maps a model's name to US dollars per **million** tokens, by kind of token:
    ``input`` and ``output``, optionally ``cached``, ``cache_write``, ``reasoning``, and ``window`` in tokens.
    """

    def __init__(self, overrides: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self._overrides = {name: dict(values) for name, values in (overrides or {}).items()}

    @property
    def overridden(self) -> frozenset[str]:
        """The names that have an override."""
        return frozenset(self._overrides)

    def find(self, model: str) -> Listed | None:
        """What the table and the overrides know of `model` (``NAME`` or ``PROVIDER/NAME``); ``None`` if nothing."""
        listed = self._listed(model)
        override = self._overrides.get(model) or self._overrides.get(model.partition("/")[2])
        if override is None:
            return listed
        window = override.get("window")
        return Listed(
            name=model,
            provider=listed.provider if listed else model.partition("/")[0],
            window=int(window) if window else (listed.window if listed else None),
            longest_reply=listed.longest_reply if listed else None,
            price=_override_price(override) or (listed.price if listed else None),
            retired=listed.retired if listed else None,
        )

    def lists(self, model: str) -> bool:
        """Whether the table itself, without the overrides, has `model`."""
        return self._listed(model) is not None

    def price(self, model: str) -> Price | None:
        """US dollars per token, ``None`` if unknown."""
        listed = self.find(model)
        return listed.price if listed else None

    def window(self, model: str) -> int | None:
        """The longest prompt in tokens, ``None`` if unknown."""
        listed = self.find(model)
        return listed.window if listed else None

    def models(self, provider: str | None = None, today: date | None = None) -> Iterator[Listed]:
        """Every listed model that writes text and was not switched off before `today`, in the table's order."""
        today = today or datetime.now(UTC).date()
        for name, entry in _table().items():
            if _writes_text(entry) and (provider is None or _provider(entry) == provider):
                listed = _to_listed(name, entry)
                if listed.retired is None or listed.retired > today.isoformat():
                    yield listed

    def providers(self) -> frozenset[str]:
        """The provider prefixes that the table names."""
        return _providers()

    def closest(self, model: str, count: int = 3) -> list[str]:
        """Listed names that look like `model`, best first."""
        names = [listed.name for listed in self.models()]
        wanted = model.lower()
        tail = wanted.rpartition("/")[2]
        found = difflib.get_close_matches(wanted, names, n=count, cutoff=0.6)
        if len(found) < count and tail != wanted:
            found += [n for n in difflib.get_close_matches(tail, names, n=count, cutoff=0.6) if n not in found]
        if len(found) < count and len(tail) >= 3:
            found += [n for n in sorted(names, key=len) if tail in n.lower() and n not in found]
        return found[:count]

    def _listed(self, model: str) -> Listed | None:
        provider, slash, bare = model.partition("/")
        local = bool(slash) and provider in _OLLAMA and not model.endswith("-cloud")
        candidates = [model]
        if slash:
            if provider == "ollama_chat":
                candidates.append(f"ollama/{bare}")
            # The table lists OpenAI's, Anthropic's and Cohere's models without the prefix.
            candidates.append(bare)
        for name in candidates:
            entry = _table().get(name)
            if entry is None or not _writes_text(entry):
                continue
            if name is bare and slash and not _same_provider(_provider(entry), provider):
                continue
            found = _to_listed(name, entry)
            if local:
                return Listed(found.name, provider, found.window, found.longest_reply, _FREE)
            if provider in _OLLAMA:
                return Listed(found.name, provider, found.window, found.longest_reply, None)
            return found
        return Listed(model, provider, None, None, _FREE) if local else None


def _same_provider(listed: str, asked: str) -> bool:
    return listed == asked or listed.split("-")[0].removesuffix("_chat") == asked


def _provider(entry: Mapping[str, Any]) -> str:
    return str(entry.get("litellm_provider") or "")


def _writes_text(entry: Mapping[str, Any]) -> bool:
    return entry.get("mode") in _TEXT_MODES


def _to_listed(name: str, entry: Mapping[str, Any]) -> Listed:
    window = entry.get("max_input_tokens") or entry.get("max_tokens")
    longest = entry.get("max_output_tokens")
    return Listed(
        name=name,
        provider=_provider(entry),
        window=int(window) if isinstance(window, int | float) and window > 0 else None,
        longest_reply=int(longest) if isinstance(longest, int | float) and longest > 0 else None,
        price=_entry_price(entry),
        retired=entry.get("deprecation_date"),
    )


def _entry_price(entry: Mapping[str, Any]) -> Price | None:
    """The price in a line of the table, with those of longer prompts; the table writes these in two ways."""
    longer = []
    if tiers := [tier for tier in entry.get("tiered_pricing") or () if tier.get("range")]:
        entry, *more = sorted(tiers, key=lambda tier: tier["range"][0])
        longer = [(int(tier["range"][0]), tier) for tier in more]
    else:
        for name in entry:
            if found := _LONGER.fullmatch(name):
                renamed = {kind: entry.get(f"{kind}_above_{found[1]}k_tokens") for kind in _RATES}
                longer.append((1000 * int(found[1]), renamed))
    price = _rates(entry)
    above = None
    for tokens, rates in sorted(longer, key=lambda tier: tier[0], reverse=True):
        if (
            dearer := _rates({**entry, **{name: rate for name, rate in rates.items() if rate is not None}})
        ) is not None:
            above = (tokens, replace(dearer, above=above))
    return price if price is None else replace(price, above=above)


def _rates(entry: Mapping[str, Any]) -> Price | None:
    into, out = _number(entry, "input_cost_per_token"), _number(entry, "output_cost_per_token")
    if into is None or out is None:
        return None
    # A rate of 0 for cache traffic of a model that costs money is a gap in the table, not a gift.
    return Price(
        input=into,
        output=out,
        cached=_number(entry, "cache_read_input_token_cost") or None,
        cache_write=_number(entry, "cache_creation_input_token_cost") or None,
        reasoning=_number(entry, "output_cost_per_reasoning_token") or None,
    )


def _override_price(values: Mapping[str, float]) -> Price | None:
    if "input" not in values or "output" not in values:
        return None

    def rate(kind: str) -> float | None:
        value = values.get(kind)
        return None if value is None else value / 1e6

    return Price(values["input"] / 1e6, values["output"] / 1e6, rate("cached"), rate("cache_write"), rate("reasoning"))


def _number(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


@lru_cache(maxsize=1)
def _providers() -> frozenset[str]:
    return frozenset(_provider(entry) for entry in _table().values())


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Any]]:
    folder = package_folder("litellm")
    if folder is None:
        return {}
    try:
        raw = json.loads((folder / "model_prices_and_context_window_backup.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: entry for name, entry in raw.items() if isinstance(entry, dict) and name != "sample_spec"}
