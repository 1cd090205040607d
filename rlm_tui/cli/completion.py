"""``rlm-tui completion``: what makes a shell complete our commands and options."""

from __future__ import annotations

import click

SHELLS = {
    "bash": 'eval "$(rlm-tui completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(rlm-tui completion zsh)"   in ~/.zshrc',
    "fish": "rlm-tui completion fish > ~/.config/fish/completions/rlm-tui.fish",
}
VARIABLE = "_RLM_TUI_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
def command(shell: str) -> None:
    """Print a script for SHELL; what to do with it is in its first line."""
    from click.shell_completion import get_completion_class

    from rlm_tui.cli.program import program

    found = get_completion_class(shell)
    assert found is not None
    click.echo(f"# {SHELLS[shell]}")
    click.echo(found(program, {}, "rlm-tui", VARIABLE).source())
