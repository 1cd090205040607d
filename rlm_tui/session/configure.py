"""From the user's settings to a session's frozen configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rlm_tui.engine.providers.registry import default_model
from rlm_tui.events import Limits, RunConfig

if TYPE_CHECKING:
    from rlm_tui.config.settings import Settings


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
        "call_seconds": settings.call_timeout,
        "unknown_price": settings.unknown_price,
        "api_base": settings.api_base,
        "limits": Limits(**chosen),
        **overrides,
    }
    return RunConfig(**values)
