"""Names of models for whoever types one: completion, prices, and what is missing. Offline; no key's value is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rlm_tui.tui.figures import count

if TYPE_CHECKING:
    from rlm_tui.engine.providers.base import Price
    from rlm_tui.engine.providers.registry import CatalogueLine

PER_MILLION = 1_000_000
BUILT_IN = ("explorer",)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a name: `price` and `window` as words, and why it can't work (empty when it can)."""

    name: str
    price: str
    window: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A provider and its key: the variables that were found, or a sentence part that says which to set."""

    provider: str
    found: tuple[str, ...]
    missing: str


class ModelNames:
    """The names that can be typed, the ones that can answer here first."""

    def __init__(
        self,
        prices: Mapping[str, Mapping[str, float]] | None = None,
        api_base: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._prices, self._api_base, self._env = prices, api_base, env

    @cached_property
    def _catalogue(self) -> list[CatalogueLine]:
        from rlm_tui.engine.providers.registry import Providers

        return Providers(env=self._env, prices=self._prices).catalogue()

    @cached_property
    def _prices_of(self) -> dict[str, About]:
        """Listed models by name. The configured ones come first, then those with a key, then the rest."""
        found: dict[str, About] = {}
        for line in sorted(self._catalogue, key=lambda line: not line.keys and bool(line.missing)):
            for info in sorted(line.models, key=lambda info: (info.name != line.default, len(info.name), info.name)):
                found.setdefault(
                    info.name, About(info.name, price_words(info.price), count(info.window) if info.window else "")
                )
        for name in self._prices or {}:
            found.setdefault(name, self.about(name))
        return found

    def warm(self) -> None:
        """Read the table of prices. For a thread: it takes a tenth of a second."""
        _ = self._prices_of

    def keys(self) -> list[Key]:
        """Every provider that needs a key, those whose key is there first."""
        lines = [line for line in self._catalogue if line.keys or line.missing.startswith("set ")]
        return [Key(line.provider, line.keys, line.missing) for line in lines]

    def completions(self, typed: str, most: int = 6) -> list[About]:
        """Listed models that `typed` may become: those that begin with it, then those that contain it.

        For nothing typed: what answers here without more ado.
        """
        wanted = typed.strip().lower()
        if not wanted:
            ready = [line.default for line in self._catalogue if line.keys and line.default]
            return [self._prices_of.get(name) or self.about(name) for name in (*ready, *BUILT_IN)][:most]
        begin, contain = [], []
        for name, about in self._prices_of.items():
            low = name.lower()
            if low.startswith(wanted):
                begin.append(about)
                if len(begin) >= most:
                    break
            elif wanted in low:
                contain.append(about)
        return (begin + contain)[:most]

    def complete(self, typed: str) -> str | None:
        """The first name that begins with `typed`; ``None`` when there is none, or nothing typed."""
        if not typed.strip():
            return None
        found = self.completions(typed, 1)
        return found[0].name if found and found[0].name.lower().startswith(typed.strip().lower()) else None

    def about(self, name: str) -> About:
        """What is known of a name, listed or not."""
        from rlm_tui.engine.providers.base import ProviderError
        from rlm_tui.engine.providers.pricing import PriceTable
        from rlm_tui.engine.providers.registry import EXPLORER, Providers

        if name == EXPLORER:
            return About(name, "free, not a language model", "")
        try:
            info = Providers(env=self._env, prices=self._prices, api_base=self._api_base).info(name)
        except ProviderError as error:
            listed = PriceTable(self._prices).find(name)
            words = price_words(listed.price) if listed else ""
            window = count(listed.window) if listed and listed.window else ""
            return About(name, words, window, str(error))
        return About(name, price_words(info.price), count(info.window) if info.window else "")


def price_words(price: Price | None) -> str:
    """``$0.25 in, $2 out`` (US dollars per million tokens), ``free``, or ``price unknown``."""
    if price is None:
        return "price unknown"
    if price.input == price.output == 0:
        return "free"
    return f"${price.input * PER_MILLION:g} in, ${price.output * PER_MILLION:g} out"


def split_names(text: str) -> list[str]:
    """The names in a field that takes several, separated by commas or spaces; each once."""
    return list(dict.fromkeys(text.replace(",", " ").split()))
