"""``rlm-tui sessions``: what is saved, and what can be done with it."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "list": "List the sessions that a filter holds for, the newest first (what `rlm-tui sessions` does).",
    "browse": "Browse them on the screen; Enter opens one.",
    "find": "Look for words in questions, code, outputs, replies and answers.",
    "show": "One session at a glance.",
    "rm": "Delete sessions.",
    "tag": "Add and remove tags.",
    "note": "Write a note on a session.",
    "score": "Give a session 1 to 5 points.",
    "rebuild": "Make the list, and everything else that is derived, again from the log.",
    "check": "Look for damage.",
}

_HOMES = {"list": "listing", "rm": "removal", "tag": "marks", "note": "marks", "score": "marks"}
_HOMES |= {"rebuild": "upkeep", "check": "upkeep"}


class _Sessions(click.Group):
    """The group of these commands. What begins with none of them is a filter for ``list``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{_HOMES.get(cmd_name, cmd_name)}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*COMMANDS, "-h", "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Sessions,
    subcommand_metavar="[FILTER]... | COMMAND [ARGS]...",
    epilog='A filter is a condition: rlm-tui sessions model:gpt-5 "cost>0.1" status:partial text:"first meet" tag:good '
    "since:7d. Conditions side by side are all meant; and, or, not and parentheses join them. Quote > and < for the shell.",
)
def command() -> None:
    """The saved sessions: list, search, mark, delete.

    An id, the beginning of one, or `last` names a session.
    """
