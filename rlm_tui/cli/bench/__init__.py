"""``rlm-tui bench``: methods and models against each other, at a known price."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "list": "The tasks and methods there are, and the tables of results in the store.",
    "run": "Run the cells of a task that have not run yet.",
    "show": "What came of it: scores, intervals, failures, costs and times.",
    "plot": "Score by length, cost against score, distribution of cost; in the terminal or as SVG and HTML.",
    "compare": "One method, model or setting against the others, item by item.",
    "export": "Write results as Markdown, LaTeX, CSV, JSON or HTML.",
    "rm": "Forget a table of results; its sessions stay.",
}

_HOMES = {"list": "listing", "rm": "removal"}


class _Bench(click.Group):
    """The group of these commands. A command's module is imported when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{_HOMES.get(cmd_name, cmd_name)}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Bench,
    no_args_is_help=True,
    epilog="Try it without a key: rlm-tui bench run sniah --lengths 8192 --limit 4 --methods direct,rlm:1 --dry-run",
)
def command() -> None:
    """Run tasks with several methods and models, and say what the differences are worth.

    Every run is a saved session; the table is in the same store. A run that was stopped goes on where it was, and adding
    a model or a seed runs only what is missing.
    """
