"""From the user's settings to a session's frozen configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rlm_tui.engine.ledger import EXTRACT_TOKENS, FLOOR, FORCED_PROMPT_TOKENS, assumed
from rlm_tui.engine.providers.registry import EXPLORER, default_model
from rlm_tui.events import Limits, RunConfig

if TYPE_CHECKING:
    from rlm_tui.config.settings import Settings
    from rlm_tui.engine.providers.base import Price


def configure(
    settings: Settings, env: Mapping[str, str], *, limits: Mapping[str, Any] | None = None, **overrides: Any
) -> RunConfig:
    """The configuration that `settings` ask for, with `limits` and `overrides` (fields of `Limits`, `RunConfig`) on top."""
    model = settings.model or default_model(settings, env)
    chosen = {
        "usd": settings.max_cost,
        "turns": settings.max_turns,
        "concurrency": settings.concurrency,
        **(limits or {}),
    }
    values: dict[str, Any] = {
        "model": model,
        "sub_model": settings.sub_model,
        "max_depth": settings.max_depth,
        "repl": settings.repl,
        "call_seconds": settings.call_timeout,
        "unknown_price": settings.unknown_price,
        "api_base": settings.api_base,
        "limits": Limits(**chosen),
        **overrides,
    }
    return RunConfig(**values)


FIRST_PROMPT_TOKENS = 1_000
"""About the shortest prompt of a first turn: the system prompt, a question, the probe."""


def contradiction(config: RunConfig, price: Price | None = None) -> str | None:
    """One sentence when no run within `config` could even look at its documents; else ``None``. `price` is the root's."""
    limits = config.limits
    if config.repl != "python":
        from rlm_tui.engine.sandbox.languages import factory_for
        from rlm_tui.engine.sandbox.process import StartError

        try:
            factory_for(config.repl)
        except StartError as error:
            return str(error)
        if EXPLORER in (config.model_at(0), *config.models_at.values()):
            return f"the {EXPLORER} writes Python only: name a language model for a REPL in {config.repl}"
    beyond = sorted(depth for depth in config.models_at if not 0 <= depth <= config.max_depth)
    if beyond:
        return (
            f"a model is given for depth {beyond[0]}, but the deepest is {config.max_depth}: raise the limit on the depth, "
            "or leave that model out"
        )
    if limits.seconds is not None and limits.seconds <= 0:
        return "the limit of 0 seconds leaves no time to look: give more, or leave it out"
    if limits.calls is not None and limits.calls < 2:
        return "the limit of 1 call leaves none to look with: a run needs 2 at least, the last of them for the answer"
    prompt, reply = _least_tokens(config)
    for name, allowed, needed in (
        ("tokens", limits.total_tokens, prompt + reply),
        ("input tokens", limits.input_tokens, prompt),
        ("output tokens", limits.output_tokens, reply),
    ):
        if allowed is not None and allowed < needed:
            return f"the limit of {allowed:,} {name} is too low: one turn and the answer need up to {needed:,}"
    price = price or assumed(config.unknown_price)
    if limits.usd is not None and price is not None:
        cost = least_cost(config, price)
        if limits.usd < cost:
            return f"the limit of ${limits.usd:g} is too low for {config.model_at(0)}: one turn and the answer can cost ${cost:.4f}"
    return None


def _least_tokens(config: RunConfig) -> tuple[int, int]:
    """Tokens of prompts and of replies that one turn and the answer may need."""
    return FORCED_PROMPT_TOKENS + FIRST_PROMPT_TOKENS, min(EXTRACT_TOKENS, config.max_output_tokens) + FLOOR


def least_cost(config: RunConfig, price: Price) -> float:
    """US dollars that one turn and the answer can cost: with less no run begins."""
    return price.most(*_least_tokens(config))
