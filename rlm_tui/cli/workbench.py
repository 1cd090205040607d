"""From a checked job, or a saved session, to the workbench on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_tui.cli.terminal import check_terminal

if TYPE_CHECKING:
    from rlm_tui.cli.prepare import Job
    from rlm_tui.config.settings import Settings
    from rlm_tui.session.live import LiveSession
    from rlm_tui.session.replay import SavedSession
    from rlm_tui.tui.app import Options
    from rlm_tui.tui.desk import Desk
    from rlm_tui.tui.forking import Forker
    from rlm_tui.tui.offer import Unfinished
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
        theme=_theme(settings, job.command_line),
        glyphs=settings.glyphs,
        keymap=settings.keymap,
        notify=settings.notify,
        shelf=_shelf(settings),
        desk=desk(
            job.command_line or {"store": str(job.store)}, extras=job.extras, tools=job.tools, conditions=job.conditions
        ),
        unfinished=_unfinished(job),
        fork=forker(job.store, settings.price_overrides(), settings.durability),
    )


def _unfinished(job: Job) -> Unfinished | None:
    """What was cut off before, for a run that is not itself the continuation of something."""
    from rlm_tui.cli.again import AgainJob
    from rlm_tui.tui.offer import Unfinished

    return None if isinstance(job, AgainJob) else Unfinished(job.store)


def show_saved(
    saved: SavedSession,
    settings: Settings,
    *,
    otherwise: str,
    speed: float | None = None,
    command_line: Mapping[str, Any] | None = None,
) -> int:
    """Run the app on a saved session; with a `speed` it plays. `otherwise` as in `show_live`."""
    from rlm_tui.tui.app import Options, run_app

    options = Options(
        documents=saved.documents,
        source=saved,
        theme=_theme(settings, command_line or {}),
        glyphs=settings.glyphs,
        keymap=settings.keymap,
        notify=settings.notify,
        shelf=_shelf(settings),
        desk=desk(command_line),
        fork=_forker(saved, settings),
        speed=speed,
    )
    check_terminal(otherwise)
    return run_app(options)


def show_home(home: str, command_line: Mapping[str, Any], *, otherwise: str) -> int:
    """Run the app on the list of sessions (``sessions``), or on what can be done without a document (``welcome``).

    `otherwise` as in `show_live`. Raises `ThemeError` and `SettingsError`.
    """
    from rlm_tui.cli.prepare import check_store, load_settings
    from rlm_tui.tui.app import Options, run_app
    from rlm_tui.tui.forking import forker

    settings = load_settings(command_line)
    options = Options(
        theme=_theme(settings, command_line or {}),
        glyphs=settings.glyphs,
        keymap=settings.keymap,
        notify=settings.notify,
        shelf=_shelf(settings),
        desk=desk(command_line),
        fork=forker(check_store(settings), settings.price_overrides(), settings.durability),
        home=home,
    )
    check_terminal(otherwise)
    return run_app(options)


def desk(command_line: Mapping[str, Any] | None = None, **what: Any) -> Desk:
    """What the app can do besides showing a session (`rlm_tui.tui.desk.Desk`)."""
    from rlm_tui.tui.desk import Desk

    return Desk(command_line, demo=_demo, **what)


def _demo() -> tuple[Path, str]:
    from rlm_tui.cli.data import data_folder
    from rlm_tui.cli.demo import DOCUMENT, QUESTION

    folder = data_folder("demo")
    return folder / DOCUMENT, (folder / QUESTION).read_text(encoding="utf-8").strip()


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


def _theme(settings: Settings, command_line: Mapping[str, Any]) -> str:
    """The theme's name. Raises `ThemeError` when the command line asks for one that doesn't exist.

    Whatever else is wrong with a theme the app says itself, and wears the default one.
    """
    from rlm_tui.tui.themes import ThemeError, available

    if command_line.get("theme") and settings.theme not in available():
        raise ThemeError(f"There is no theme {settings.theme!r}; there are {', '.join(sorted(available()))}.")
    return settings.theme
