"""``rlm-tui serve``: the same screen in a browser."""

from __future__ import annotations

import click

from rlm_tui.cli import complete

SCREENS = ("open", "demo", "replay", "resume", "diff", "sessions")
"""Commands with a screen. A page in the browser ends with it."""


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--host", metavar="NAME", help="Address to listen on; only together with --token unless it is this machine's."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--token", envvar="RLM_TUI_TOKEN", metavar="SECRET", help="What visitors must know (?token=SECRET).")
@click.option("--public-url", metavar="URL", help="The address that browsers use, where it is another one.")
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND …]", shell_complete=complete.served)
def command(host: str | None, port: int, token: str | None, public_url: str | None, args: tuple[str, ...]) -> None:
    """Serve COMMAND in a browser, such as `rlm-tui serve open FILE`; without one, what can be opened.

    Only this machine can reach it. Every visitor gets a program of their own.
    """
    args = args or ("open",)
    if args[0] not in SCREENS:
        raise click.UsageError(f"{args[0]!r} has no screen to serve; these have: {', '.join(SCREENS)}")
    if args[0] == "diff" and "--screen" not in args:
        args = (*args, "--screen")
    if args[0] == "sessions":
        if args[1:2] not in ((), ("browse",)):
            raise click.UsageError(f"`sessions {args[1]}` has no screen to serve; `sessions` has")
        args = ("sessions", "browse", *args[2:])
    from rlm_tui.tui.serving import ServeError, address, server_for

    try:
        server = server_for(args, host, port, token, public_url)
    except ServeError as error:
        raise click.UsageError(str(error)) from None
    where = public_url or address(host, port)
    click.echo(f"{where}{'/?token=…' if token else ''}  (Ctrl+C ends it)")
    try:
        server.serve()
    except OSError as error:
        raise click.UsageError(
            f"can't listen on port {port}: {error.strerror or error}; --port chooses another"
        ) from None
