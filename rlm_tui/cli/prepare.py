"""Everything that can be wrong with a run, checked before it starts: cheap checks first, no model is asked."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.options import Given

if TYPE_CHECKING:
    from rlm_tui.config.settings import Settings
    from rlm_tui.config.store_url import StorePlace
    from rlm_tui.document.document import Document
    from rlm_tui.engine.control import Gate
    from rlm_tui.engine.providers.base import ModelInfo
    from rlm_tui.engine.tools import Tool
    from rlm_tui.events import RunConfig
    from rlm_tui.session.setup import Setup

REACH_SECONDS = 3.0
"""How long a server of the user's own may take to accept a connection."""

_OPTIONS = {
    "model": "--model",
    "sub_model": "--sub-model",
    "models_at": "--model-at",
    "max_depth": "--max-depth",
    "api_base": "--api-base",
    "repl": "--repl",
    "unknown_price": "--unknown-price",
    "limits.usd": "--max-cost",
    "limits.calls": "--max-calls",
    "limits.total_tokens": "--max-tokens",
    "limits.seconds": "--max-seconds",
    "limits.turns": "--max-turns",
}
"""Fields of the configuration that ``--set`` leaves to the options of `open` and `run`."""

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Job:
    """A run that can start. `question` is ``None`` where the screen will ask for it; `model` is the root's.

    `command_line` are the settings that were given there, `extras` what else it said about the configuration: other
    questions that are asked on the same screen start from these too.
    """

    documents: tuple[Document, ...]
    question: str | None
    config: RunConfig
    model: ModelInfo
    settings: Settings
    store: StorePlace
    conditions: tuple[str, ...] = ()
    tools: Mapping[str, Tool] = field(default_factory=dict)
    command_line: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)

    def setup(self, question: str | None = None) -> Setup:
        """What a session needs, with `question` where the job has none."""
        from rlm_tui.events import clean
        from rlm_tui.session.setup import Setup

        return Setup(
            query=clean(question or self.question or ""),
            config=self.config,
            documents=self.documents,
            store=self.store,
            durability=self.settings.durability,
            prices=self.settings.price_overrides(),
            tools=self.tools,
        )

    def gate(self, *, paused: bool, attended: bool = True) -> Gate:
        """The control of the run, with its breakpoints set. Without a screen nobody attends to it."""
        from rlm_tui.engine.control import Gate

        gate = Gate(paused=paused, attended=attended)
        for condition in self.conditions:
            gate.set_breakpoint(condition)
        return gate


def load_settings(command_line: Mapping[str, Any] | None = None) -> Settings:
    """The settings, with what the command line said on top. Raises `SettingsError`."""
    from rlm_tui.config.settings import load

    return load(command_line).settings


def prepare(given: Given, documents: tuple[Document, ...] | None = None, **look: Any) -> Job:
    """Check what the command line asked for. `look` are settings of the screen.

    Raises `click.UsageError`, `DocumentError`, `SettingsError`, `ConditionError`, `ProviderError` or `StoreError`, each
    with one sentence that says what to do.
    """
    from rlm_tui.session.configure import configure, contradiction

    if given.question is not None and not given.question.strip():
        raise click.UsageError('the question is empty; write it after -q, such as -q "Who wrote the letter?"')
    if given.price is not None and given.unknown_price is not None:
        raise click.UsageError("--price and --unknown-price exclude each other; leave one of them out")
    command_line = {
        "model": given.model,
        "sub_model": given.sub_model,
        "api_base": given.api_base,
        "max_cost": given.max_cost,
        "max_turns": given.max_turns,
        "max_depth": given.max_depth,
        "repl": given.repl,
        "unknown_price": f"assume:{given.price}" if given.price is not None else given.unknown_price,
        "store": given.store,
        **look,
    }
    settings = load_settings(command_line)
    if documents is None:
        from rlm_tui.document.loader import load

        documents = tuple(load(given.files))
    _check_conditions(given.conditions)
    tools = find_tools(given.tools)
    extras = _extras(given, tools)
    config = configure(settings, os.environ, **extras)
    model = check_models(config, settings)
    if said := contradiction(config, model.price):
        raise click.UsageError(said)
    store = check_store(settings)
    check_servers(config)
    return Job(documents, given.question, config, model, settings, store, given.conditions, tools, command_line, extras)


def find_tools(places: tuple[str, ...]) -> Mapping[str, Tool]:
    """The functions that ``--tool`` names; modules in the working directory are found as well."""
    if not places:
        return {}
    from rlm_tui.engine.tools import find_function, tools_of

    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        # A module of the user's may print while it is imported; stdout is for the answer.
        with contextlib.redirect_stdout(sys.stderr):
            return tools_of(find_function(place) for place in places)
    except ValueError as error:
        raise click.UsageError(f"--tool: {error}") from None


def _extras(given: Given, tools: Mapping[str, Tool]) -> dict[str, Any]:
    """What the command line said about the configuration and is no setting."""
    changes = _changes(given)
    limits = {"calls": given.max_calls, "total_tokens": given.max_tokens, "seconds": given.max_seconds}
    found = {"limits": {name: value for name, value in limits.items() if value is not None}}
    for name, value in changes.items():
        group, _, field = name.rpartition(".")
        (found[group] if group else found)[field] = value
    return {
        **found,
        "models_at": dict(given.models_at),
        "tools": {name: tool.about for name, tool in tools.items()},
    }


def _changes(given: Given) -> dict[str, Any]:
    """What ``--set`` and ``--schema`` say, by the names of the configuration's fields. Raises `AgainError`."""
    if not given.pairs and given.schema is None:
        return {}
    from rlm_tui.events import RunConfig
    from rlm_tui.session.changes import change_config, read_changes

    changes = read_changes(given.pairs)
    for name in changes:
        if option := _OPTIONS.get(name):
            raise click.UsageError(f"--set {name.removeprefix('limits.')}=… has an option of its own: {option}")
    if given.schema is not None:
        if "answer_schema" in changes:
            raise click.UsageError("--schema and --set answer_schema=… exclude each other; leave one of them out")
        changes["answer_schema"] = _schema(given.schema)
    change_config(RunConfig(""), changes)
    return changes


def _schema(place: str) -> Any:
    import json

    from rlm_tui.engine.answers import check_schema

    try:
        with open(place, encoding="utf-8") as file:
            schema = json.load(file)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or f"it is no JSON: {error}"
        raise click.UsageError(f"--schema {place} can't be read ({why}); give a file with a JSON schema") from None
    try:
        check_schema(schema)
    except ValueError as error:
        raise click.UsageError(f"--schema {place}: {error}") from None
    return schema


def _check_conditions(conditions: tuple[str, ...]) -> None:
    if conditions:
        from rlm_tui.projection.conditions import parse

        for condition in conditions:
            parse(condition)


def check_models(config: RunConfig, settings: Settings) -> ModelInfo:
    """What is known of the root's model.

    Raises `ProviderError` if one of the models can't work, and `click.UsageError` if one has no price that a limit in
    dollars needs.
    """
    from rlm_tui.engine.ledger import no_price
    from rlm_tui.engine.providers.base import ModelInfo, Price
    from rlm_tui.engine.providers.registry import EXPLORER, Providers

    providers = Providers(api_base=config.api_base, prices=settings.price_overrides())
    # The explorer needs nothing, and loading it would only keep the first frame waiting.
    note = "built in, not a language model"
    found = {EXPLORER: ModelInfo(EXPLORER, price=Price(0.0, 0.0), language_model=False, note=note)}
    for name in (config.model_at(0), config.model, config.sub_model, *config.models_at.values()):
        if name and name not in found:
            found[name] = providers.info(name)
            if found[name].price is None and config.limits.usd is not None and config.unknown_price == "refuse":
                raise click.UsageError(no_price(name))
    return found[config.model_at(0)]


def check_store(settings: Settings) -> StorePlace:
    """Where the store is, after making sure that it can be written to. Raises `StoreError`."""
    from rlm_tui.config.paths import store_path
    from rlm_tui.store.database import check_writable

    path = store_path(settings.store)
    check_writable(path)
    return path


def check_servers(config: RunConfig) -> None:
    """Make sure that the servers of the user's own answer which the run needs: Ollama's and those at an address."""
    from rlm_tui.engine.providers.registry import EXPLORER, Providers

    addresses = [config.api_base] if config.api_base is not None else []
    models = {config.model_at(0), config.model, config.sub_model, *config.models_at.values()} - {None, EXPLORER}
    if models:
        providers = Providers(api_base=config.api_base)
        addresses += [address for model in models if model and (address := providers.address(model))]
    for address in dict.fromkeys(addresses):
        check_server(address)


def check_server(address: str) -> None:
    """Make sure that something listens at `address`: waiting for a model's timeout would tell less, and later."""
    import socket
    from urllib.parse import urlsplit

    if any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        return
    parts = urlsplit(address)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), REACH_SECONDS).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise click.UsageError(
            f"no server answers at {address} ({why}); start it, or give its address with --api-base"
        ) from None


__all__ = ["Job", "check_models", "check_servers", "check_store", "find_tools", "load_settings", "prepare"]
