"""``rlm-tui serve``: who is let in, what is started, what is refused."""

from __future__ import annotations

import shlex
import sys

import pytest

from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.cli.terminal import check_terminal
from rlm_tui.tui import serving
from rlm_tui.tui.serving import LOOPBACK, ServeError, check_place, command_for, refusal

SECRET = "correct horse battery"


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org", "192.168.1.5"])
def test_the_network_needs_a_token(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["serve", "--host", host]) == BAD_INPUT
    assert "--token SECRET" in capsys.readouterr().err
    check_place(host, SECRET, "http://box.example:8000")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_needs_one_for_browsers(host: str) -> None:
    with pytest.raises(ServeError, match="--public-url"):
        check_place(host, SECRET)


@pytest.mark.parametrize("host", [None, *LOOPBACK])
def test_this_machine_needs_none(host: str | None) -> None:
    check_place(host, None)


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ServeError, match="12 characters"):
        check_place(None, "1234")


def test_without_the_package_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert run_program(["serve"]) == BAD_INPUT
    assert "pip install 'rlm-tui[serve]'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["doctor"], ["sessions", "rm", "x"], ["sessions", "find"]])
def test_a_command_without_a_screen_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["serve", *words]) == BAD_INPUT
    assert "has no screen to serve" in capsys.readouterr().err


def test_the_command_line_is_quoted() -> None:
    words = shlex.split(command_for(["open", "a file; rm -r x.txt"]))
    assert words[1:] == ["-m", "rlm_tui", "open", "a file; rm -r x.txt"]


@pytest.mark.parametrize(
    ("host", "origin", "given", "token", "allowed"),
    [
        ("localhost:8000", None, None, None, True),
        ("localhost:8000", "http://localhost:8000", None, None, True),
        ("[::1]:8000", None, None, None, True),
        ("localhost:8000", "http://evil.example", None, None, False),
        ("localhost:8000", "null", None, None, False),
        ("localhost:8000", "http://127.0.0.1:8000", None, None, True),
        ("localhost:8000", "http://127.0.0.1:9000", None, None, False),
        ("localhost:8000", "http://localhost:9000", None, None, False),
        ("evil.example:8000", None, None, None, False),
        ("box.example:8000", None, SECRET, SECRET, True),
        ("box.example:8000", None, None, SECRET, False),
        ("box.example:8000", None, "wrong", SECRET, False),
        ("box.example:8000", "http://evil.example", SECRET, SECRET, False),
        ("localhost:8000", None, None, SECRET, False),
    ],
)
def test_who_is_let_in(host: str, origin: str | None, given: str | None, token: str | None, allowed: bool) -> None:
    headers = {"Origin": origin} if origin is not None else {}
    assert (refusal(host, headers, given, token, LOOPBACK) is None) == allowed


async def test_requests_pass_the_guard() -> None:
    pytest.importorskip("textual_serve")
    from aiohttp.test_utils import TestClient, TestServer

    server = serving.server_for(["demo"], "localhost", 8000, SECRET)
    async with TestClient(TestServer(await server._make_app())) as client:
        for path in ("/", "/ws", "/static/"):
            assert (await client.get(path)).status == 403
        answer = await client.get("/", params={"token": SECRET}, allow_redirects=False)
        assert answer.status == 302 and SECRET not in answer.headers["Location"]
        assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Strict" in answer.headers["Set-Cookie"]


def test_the_program_in_a_browser_needs_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    check_terminal("nothing else works")
