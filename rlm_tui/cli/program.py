"""The program: its commands, and how every failure becomes one sentence and an exit code.

Exit codes: 0 done, 1 the run failed, 2 bad input, 3 a limit was reached and the answer is partial, 130 cancelled,
141 nobody reads the output any more (as of a program that SIGPIPE ends).
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from rlm_tui.version import VERSION

FAILED, BAD_INPUT, PARTIAL, CANCELLED, READER_LEFT = 1, 2, 3, 130, 141

COMMANDS = {
    "open": "Open files and step through a run in the workbench.",
    "demo": "The same with a bundled document and question; no key needed.",
    "run": "Answer a question without a screen: progress on stderr, the answer on stdout.",
    "replay": "Show a saved session again, at no cost.",
    "resume": "Go on with a session that was cut off, without paying twice.",
    "rerun": "Run a saved session anew: other models, another turn's code, other limits.",
    "verify": "Run the recorded code again with the recorded answers, at no cost.",
    "diff": "Compare saved sessions: where they part, what they cost, what they answered.",
    "reprice": "What a saved session would have cost with other models.",
    "bench": "Methods and models against each other: tasks, scores, honest statistics, at a known price.",
    "sweep": "Run saved sessions anew over a grid of models, prompts and settings.",
    "sessions": "List, search, mark and delete the saved sessions.",
    "coverage": "What of the documents was read for an answer, by whom, and what nothing backs.",
    "export": "Write a saved session to a file: to replay anywhere, to read, or as one page for the browser.",
    "import": "Take logs of other tools, and exported sessions, into the store.",
    "models": "Models that can answer here, and which keys they need.",
    "serve": "The same screen in a browser, for this machine only.",
    "config": "Show the settings and where each of them comes from.",
    "completion": "Print what makes your shell complete commands, options and sessions.",
    "doctor": "Check this installation.",
}

_KNOWN_ERRORS = (
    ("rlm_tui.document.errors", "DocumentError"),
    ("rlm_tui.store.errors", "StoreError"),
    ("rlm_tui.events.log", "LogError"),
    ("rlm_tui.session.again", "AgainError"),
    ("rlm_tui.engine.providers.base", "ProviderError"),
    ("rlm_tui.config.settings", "SettingsError"),
    ("rlm_tui.projection.conditions.errors", "ConditionError"),
    ("rlm_tui.tui.themes", "ThemeError"),
    ("rlm_tui.bench.base", "BenchError"),
    ("rlm_tui.session.adapters.live_otel", "OtelError"),
)
"""Errors whose message is a sentence for the user: module and name. They are looked up, not imported, so that naming
them here loads nothing."""


class _ReaderLeftError(Exception):
    """Whoever read our output has left (`| head`)."""


class _Program(click.Group):
    """The group of all commands. A command's module is imported when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        # A module can't be called as a keyword of Python is.
        module = "import_" if cmd_name == "import" else cmd_name
        command = import_module(f"rlm_tui.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if os.path.exists(name):
            raise click.UsageError(f"{name!r} is not a command; to open that file type: rlm-tui open {name}")
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        raise click.UsageError(f"there is no command {name!r}; {f'did you mean {near[0]}?' if near else _SEE_HELP}")

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # click would take it for a failure of the command.
            raise _ReaderLeftError from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


_SEE_HELP = "`rlm-tui --help` lists them."


@click.command(
    cls=_Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a key and without --model the built-in explorer answers. It is not a language model: it finds, "
    "counts and quotes, and says so when it can't work something out.",
)
@click.version_option(VERSION, prog_name="rlm-tui", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> int | None:
    """A debugger for Recursive Language Models: the document is a variable, the model writes code to look at it, and
    you step, pause, inject, replay, and see what was read and what it cost.

    Without a COMMAND, in a terminal, it shows what can be opened.
    """
    if ctx.invoked_subcommand is not None:
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help())
        return None
    from rlm_tui.cli.workbench import show_home

    return show_home("welcome", {}, otherwise="`rlm-tui --help` lists the commands")


def run_program(args: Sequence[str]) -> int:
    """Run the command line `args` and return the exit code. Failures are one sentence on stderr."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a sign gets a question mark instead of an exception.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = program.main(list(args), prog_name="rlm-tui", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as help_text:
        click.echo(help_text.format_message())
        return 0 if not args else BAD_INPUT
    except click.ClickException as error:
        complain(_said(error))
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        complain("cancelled")
        return CANCELLED
    except (_ReaderLeftError, BrokenPipeError):
        # Python must not try to flush what is left at the end.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return READER_LEFT
    except Exception as error:
        if "RLM_TUI_TRACEBACK" in os.environ:
            raise
        if any(isinstance(error, known) for known in _loaded_errors()):
            complain(str(error))
            return BAD_INPUT
        complain(
            f"something unexpected went wrong ({type(error).__name__}: {error}); what was saved is safe. "
            "Please report it with the text that RLM_TUI_TRACEBACK=1 shows."
        )
        return FAILED


def _open_what_is_closed() -> None:
    """Standard streams that were closed before the start lead nowhere, instead of into the next file that is opened."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is taken, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115


_MISREAD = (click.MissingParameter, click.NoSuchOption, click.BadOptionUsage, click.BadArgumentUsage)


def _said(error: click.ClickException) -> str:
    """What is wrong with a command line. What `click` says of its form tells what is wrong, not what to do."""
    message = error.format_message()
    misread = isinstance(error, _MISREAD) or message.startswith("Got unexpected extra")
    if not misread or not isinstance(error, click.UsageError) or error.ctx is None:
        return message
    where = f"`{error.ctx.command_path} --help`"
    return f"{message} See {where}" if message.endswith(("?", "?)")) else f"{message.rstrip('.')}; see {where}"


def complain(sentence: str) -> None:
    """One line on stderr, in the program's name. Nothing in it can steer the terminal."""
    from rlm_tui.cli.plain import plain

    click.echo(f"rlm-tui: {plain(sentence)}", err=True)


def _loaded_errors() -> list[type[BaseException]]:
    found = (getattr(sys.modules.get(module), name, None) for module, name in _KNOWN_ERRORS)
    return [error for error in found if error is not None]
