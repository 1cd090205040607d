"""What recorded tokens would cost at other models' prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rlm_tui.engine.providers.base import Price, ProviderError
from rlm_tui.engine.providers.pricing import PriceTable
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.events import CallFailed, CallFinished, CallReserved, Entry, Usage


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a session used: by the root's own calls, and by all below it. `recorded` calls were answered from the record."""

    root: Usage = Usage()
    below: Usage = Usage()
    recorded: int = 0

    @property
    def all(self) -> Usage:
        """Both."""
        return self.root + self.below


@dataclass(frozen=True, slots=True)
class Repriced:
    """The same tokens at a model's price, in US dollars: the root's, those below it. ``None`` where no price is known."""

    model: str
    price: Price | None
    root: float | None
    below: float | None

    @property
    def total(self) -> float | None:
        """All of it."""
        return None if self.root is None or self.below is None else self.root + self.below


def tokens_of(entries: Iterable[Entry]) -> Tokens:
    """The tokens of a session, of failed calls too."""
    depth: dict[str, int] = {}
    root, below, recorded = Usage(), Usage(), 0
    for entry in entries:
        event = entry.event
        if isinstance(event, CallReserved):
            depth[event.call] = event.depth
        elif isinstance(event, CallFinished | CallFailed):
            if depth.get(event.call, 0) == 0:
                root = root + event.usage
            else:
                below = below + event.usage
            recorded += isinstance(event, CallFinished) and event.source == "record"
    return Tokens(root, below, recorded)


def reprice(
    tokens: Tokens, models: Sequence[str], prices: Mapping[str, Mapping[str, float]] | None = None
) -> list[Repriced]:
    """What `tokens` would have cost with each of `models`. `prices` overrides prices, in US dollars per million tokens."""
    out = []
    for model in models:
        price = price_of(model, prices)
        root, below = (None if price is None else price.cost(usage) for usage in (tokens.root, tokens.below))
        out.append(Repriced(model, price, root, below))
    return out


def price_of(model: str, prices: Mapping[str, Mapping[str, float]] | None = None) -> Price | None:
    """The price of a model, whether or not there is a key for it; ``None`` if unknown."""
    try:
        return Providers(prices=prices).info(model).price
    except ProviderError:
        return PriceTable(prices).price(model)


def names_like(model: str, prices: Mapping[str, Mapping[str, float]] | None = None) -> list[str]:
    """Models with a known price whose names look like `model`."""
    return PriceTable(prices).closest(model)
