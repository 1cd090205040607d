"""From a checked job, or a saved session, to the workbench on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.cli.terminal import check_terminal

if TYPE_CHECKING:
    from rlm_tui.cli.prepare import Job
    from rlm_tui.config.settings import Settings
    from rlm_tui.session.live import LiveSession
    from rlm_tui.session.replay import SavedSession
    from rlm_tui.tui.app import Options
    from rlm_tui.tui.forking import Forker
    from rlm_tui.tui.store_shelf import StoreShelf


def show_live(job: Job, *, paused: bool, otherwise: str) -> int:
    """Run the app on `job`. The engine, and everything heavy that it loads, starts after the first frame.

    `otherwise` says what works without a terminal. Raises `click.UsageError` and `ThemeError`.
    """
    from rlm_tui.tui.app import run_app

    options = live_options(job, paused=paused)
    check_terminal(otherwise)
    return run_app(options)


def live_options(job: Job, *, paused: bool) -> Options:
    """What the app is told about `job`. Raises `ThemeError`."""
    from rlm_tui.tui.app import Options
    from rlm_tui.tui.forking import forker

    def start(question: str) -> LiveSession:
        from rlm_tui.session.live import LiveSession

        return LiveSession(job.setup(question), job.gate(paused=paused)).start()

    model, sub_model = job.config.model_at(0), job.config.leaf_model(0)
    settings = job.settings
    return Options(
        documents=job.documents,
        question=job.question or "",
        start=start,
        note="" if job.model.language_model else f"{model} (not a language model)",
        models=model if sub_model == model else f"{model} / {sub_model}",
        theme=_theme(settings),
        glyphs=settings.glyphs,
        keymap=settings.keymap,
        shelf=_shelf(settings),
        fork=forker(job.store, settings.price_overrides(), settings.durability),
    )


def show_saved(saved: SavedSession, settings: Settings, *, otherwise: str) -> int:
    """Run the app on a saved session. `otherwise` as in `show_live`."""
    from rlm_tui.tui.app import Options, run_app

    options = Options(
        documents=saved.documents,
        source=saved,
        theme=_theme(settings),
        glyphs=settings.glyphs,
        keymap=settings.keymap,
        shelf=_shelf(settings),
        fork=_forker(saved, settings),
    )
    check_terminal(otherwise)
    return run_app(options)


def _shelf(settings: Settings) -> StoreShelf:
    """The saved sessions."""
    from rlm_tui.config.paths import store_path
    from rlm_tui.tui.store_shelf import StoreShelf

    return StoreShelf(store_path(settings.store))


def _forker(saved: SavedSession, settings: Settings) -> Forker | None:
    """What forks `saved`; ``None`` for a session file, which is in no store."""
    from rlm_tui.config.paths import store_path
    from rlm_tui.store import Catalog, StoreReader
    from rlm_tui.tui.forking import forker

    path = store_path(settings.store)
    if not path.exists():
        return None
    with StoreReader(path) as reader:
        if Catalog(reader).get(saved.session) is None:
            return None
    return forker(path, settings.price_overrides(), settings.durability)


def _theme(settings: Settings) -> str:
    """The theme's name, once it is known that there is such a theme. Raises `ThemeError`."""
    from rlm_tui.tui.themes import find_theme

    return find_theme(settings.theme).name
