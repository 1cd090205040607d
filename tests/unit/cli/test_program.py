"""The program as a whole: help, exit codes, one sentence for every failure."""

from __future__ import annotations

import click
import pytest

from rlm_tui.cli import program
from rlm_tui.cli.program import BAD_INPUT, CANCELLED, COMMANDS, FAILED, run_program
from rlm_tui.version import VERSION


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let ``rlm-tui sessions`` raise `error`."""

    @click.command()
    def command() -> None:
        raise error

    class Module:
        pass

    module = Module()
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setattr(program, "import_module", lambda name: module)


def test_help_lists_every_command_and_says_what_the_explorer_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)
    assert "not a" in shown and "language model" in shown


def test_no_arguments_show_the_help_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program([]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program([name, "--help"]) == 0
    assert f"Usage: rlm-tui {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["--version"]) == 0
    assert capsys.readouterr().out == f"rlm-tui {VERSION}\n"


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["sesions"]) == BAD_INPUT
    assert capsys.readouterr().err == "rlm-tui: there is no command 'sesions'; did you mean sessions?\n"


def test_a_file_instead_of_a_command_is_told_how_to_open_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program([__file__]) == BAD_INPUT
    assert f"rlm-tui open {__file__}" in capsys.readouterr().err


def test_known_errors_are_their_own_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rlm_tui.document.errors import DocumentError
    from rlm_tui.engine.providers.base import ProviderError
    from rlm_tui.events import LogError
    from rlm_tui.projection.conditions import parse
    from rlm_tui.store import StoreError

    with pytest.raises(ValueError) as bad_condition:
        parse("depth >=")
    errors = [DocumentError("a"), ProviderError("auth", "b"), LogError("c"), StoreError("d"), bad_condition.value]
    for error in errors:
        fail_with(monkeypatch, error)
        assert run_program(["sessions"]) == BAD_INPUT
        assert capsys.readouterr().err == f"rlm-tui: {error}\n"


def test_an_unexpected_error_is_one_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, ZeroDivisionError("division\nby zero"))
    assert run_program(["sessions"]) == FAILED
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "ZeroDivisionError: division by zero" in shown and "Traceback" not in shown


def test_an_unexpected_error_shows_its_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, ZeroDivisionError("x"))
    monkeypatch.setenv("RLM_TUI_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run_program(["sessions"])


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    assert run_program(["sessions"]) == CANCELLED
    assert capsys.readouterr().err.strip() == "rlm-tui: cancelled"


def test_what_is_said_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rlm_tui.document.errors import DocumentError

    fail_with(monkeypatch, DocumentError("there is no file \x1b[2Jgone.txt\r"))
    run_program(["sessions"])
    assert "\x1b" not in capsys.readouterr().err
