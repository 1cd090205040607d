"""What the operator does beyond the session on the screen: other questions, other sessions, settings, the speed of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.tui.messages import Asked, FilesNamed, ListWanted, SettingsWanted

if TYPE_CHECKING:
    from rlm_tui.tui.asking import AskWish
    from rlm_tui.tui.desk import Desk
    from rlm_tui.tui.screens.workbench import Workbench


def desk_of(bench: Workbench) -> Desk | None:
    """What the program was opened with."""
    options = getattr(bench.app, "options", None)
    return options.desk if options is not None else None


def ask(bench: Workbench) -> None:
    from rlm_tui.tui.screens.ask import Ask

    desk = desk_of(bench)
    options = getattr(bench.app, "options", None)
    config, names = (desk.defaults(), desk.names) if desk is not None else (None, None)
    bench.app.push_screen(
        Ask(bench.view, config, names, options.models if options is not None else ""), lambda wish: _asked(bench, wish)
    )


def follow_up(bench: Workbench) -> None:
    from rlm_tui.tui.screens.ask import FollowUp

    bench.app.push_screen(FollowUp(bench.view), lambda wish: _asked(bench, wish))


def _asked(bench: Workbench, wish: AskWish | None) -> None:
    if wish is not None:
        bench.app.post_message(Asked(wish))


def open_file(bench: Workbench) -> None:
    from rlm_tui.tui.screens.open_file import OpenFile

    def named(paths: list[str] | None) -> None:
        if paths:
            bench.app.post_message(FilesNamed(paths))

    bench.app.push_screen(OpenFile(), named)


def sessions(bench: Workbench) -> None:
    bench.app.post_message(ListWanted())


def settings(bench: Workbench) -> None:
    bench.app.post_message(SettingsWanted())


def faster(bench: Workbench) -> None:
    bench.player.change(1)


def slower(bench: Workbench) -> None:
    bench.player.change(-1)
