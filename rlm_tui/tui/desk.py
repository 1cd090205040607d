"""What the app can do besides showing a session: open files, start questions, list what was open before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_tui.config.paths import store_path
from rlm_tui.config.settings import Loaded, Settings, load
from rlm_tui.events import RunConfig
from rlm_tui.tui.asking import AskWish
from rlm_tui.tui.model_names import ModelNames
from rlm_tui.tui.recent import Recent, recent, remember

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.engine.tools import Tool
    from rlm_tui.session.source import EventSource


class DeskError(ValueError):
    """It can't be done. The message is a sentence."""


class Desk:
    """`command_line` goes before all other settings, `extras` (arguments of `rlm_tui.session.configure.configure`) are what
    it said about runs besides. `demo` finds the bundled document and its question. `tools` are functions of the
    user's own, `conditions` the breakpoints of every run. Its methods may take a while: they are for a thread.
    """

    def __init__(
        self,
        command_line: Mapping[str, Any] | None = None,
        *,
        extras: Mapping[str, Any] | None = None,
        demo: Callable[[], tuple[Path, str]] | None = None,
        tools: Mapping[str, Tool] | None = None,
        conditions: Sequence[str] = (),
        recent_file: Path | None = None,
    ) -> None:
        self._command_line = dict(command_line or {})
        self._extras = dict(extras or {})
        self._demo = demo
        self._tools = dict(tools or {})
        self._conditions = tuple(conditions)
        self._recent_file = recent_file
        self._names: ModelNames | None = None

    # --- settings

    def loaded(self) -> Loaded:
        """The settings as they are now, with their origins. Raises `SettingsError`."""
        return load(self._command_line)

    @property
    def settings(self) -> Settings:
        """The settings as they are now. Raises `SettingsError`."""
        return self.loaded().settings

    def defaults(self) -> RunConfig:
        """What a new question starts from."""
        from rlm_tui.session.configure import configure

        return configure(self.settings, os.environ, **self._extras)

    @property
    def names(self) -> ModelNames:
        """The names of models."""
        if self._names is None:
            settings = self.settings
            self._names = ModelNames(settings.price_overrides(), self.defaults().api_base)
        return self._names

    def changed(self) -> None:
        """A setting was saved: what was made from the old ones is made anew."""
        self._names = None

    # --- documents

    def open(self, paths: Sequence[str]) -> Sequence[Document]:
        """The documents of files, folders and patterns; they are remembered as recent ones. Raises `DocumentError`."""
        from rlm_tui.document.loader import load as load_documents

        documents = tuple(load_documents([os.path.expanduser(path) for path in paths]))
        self.remember(documents)
        return documents

    def remember(self, documents: Sequence[Document]) -> None:
        """These were opened now."""
        remember(documents, time.time(), self._recent_file)

    def demo(self) -> tuple[Sequence[Document], str]:
        """The bundled document and a question about it."""
        if self._demo is None:
            raise DeskError("The demo is not installed with this program.")
        path, question = self._demo()
        from rlm_tui.document.loader import load as load_documents

        return tuple(load_documents([str(path)])), question

    def recent(self, most: int = 8) -> list[Recent]:
        """The documents that were open before and are still there, the newest first."""
        return recent(self._recent_file)[:most]

    # --- questions

    def check(self, config: RunConfig) -> None:
        """Raises `DeskError` or `ProviderError` for models that can't work and limits that contradict each other."""
        from rlm_tui.engine.ledger import no_price
        from rlm_tui.engine.providers.registry import Providers
        from rlm_tui.session.configure import contradiction

        providers = Providers(api_base=config.api_base, prices=self.settings.price_overrides())
        for name in dict.fromkeys([config.model, config.sub_model, *config.models_at.values()]):
            if name:
                info = providers.info(name)
                if info.price is None and config.limits.usd is not None and config.unknown_price == "refuse":
                    raise DeskError(no_price(name))
        if said := contradiction(config, providers.info(config.model_at(0)).price):
            raise DeskError(f"{said[:1].upper()}{said[1:]}.")

    def ask(self, wish: AskWish) -> EventSource:
        """Start a question. Raises exceptions whose text is one sentence."""
        from rlm_tui.engine.control import Gate
        from rlm_tui.events import clean
        from rlm_tui.session.live import LiveSession
        from rlm_tui.session.setup import Setup

        settings = self.settings
        if wish.session is None:
            self.check(wish.config)
        gate = Gate(paused=wish.paused)
        for condition in self._conditions:
            gate.set_breakpoint(condition)
        setup = Setup(
            query=clean(wish.question),
            config=wish.config,
            documents=wish.documents,
            store=store_path(settings.store),
            durability=settings.durability,
            prices=settings.price_overrides(),
            tools=self._tools,
            resume=wish.session,
            follow_up=wish.session is not None,
            limits=wish.config.limits if wish.session is not None else None,
        )
        return LiveSession(setup, gate).start()

    def resume(self, session: str) -> EventSource:
        """Go on with a session that was cut off, held before its next cell. Raises `AgainError` and `StoreError`."""
        from rlm_tui.engine.control import Gate
        from rlm_tui.session.fork import load_saved, resume_setup
        from rlm_tui.session.live import LiveSession
        from rlm_tui.store import Store

        settings = self.settings
        with Store.open(store_path(settings.store), durability=settings.durability) as store:
            setup = resume_setup(
                load_saved(store, session),
                store=store.path,
                durability=settings.durability,
                prices=settings.price_overrides(),
                tools=self._tools,
            )
        return LiveSession(setup, Gate(paused=True)).start()
