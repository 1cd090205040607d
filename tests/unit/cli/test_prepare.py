"""What is checked before a run starts, and what becomes of the options."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from rlm_tui.cli.options import Given
from rlm_tui.cli.prepare import prepare
from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.engine.sandbox import javascript

needs_javascript = pytest.mark.skipif(not javascript.available(), reason="quickjs-ng is not installed")


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small file, in a working directory without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "a.txt"
    file.write_text("One line.\nAnother one.\n")
    return str(file)


def given(document: str, tmp_path: Path, **options: object) -> Given:
    return Given((document,), "Why?", **({"model": "explorer", "store": str(tmp_path / "s.db")} | options))  # type: ignore[arg-type]


def test_options_become_the_configuration(document: str, tmp_path: Path) -> None:
    options = given(
        document,
        tmp_path,
        models_at=((2, "explorer"),),
        max_cost=1.5,
        max_calls=9,
        max_tokens=20_000,
        max_seconds=30.0,
        max_turns=4,
        max_depth=2,
        price="0.5,1.5",
    )
    job = prepare(options)
    config = job.config
    assert (config.model, config.models_at, config.max_depth) == ("explorer", {2: "explorer"}, 2)
    limits = config.limits
    assert (limits.usd, limits.calls, limits.total_tokens, limits.seconds, limits.turns) == (1.5, 9, 20_000, 30.0, 4)
    assert config.unknown_price == "assume:0.5,1.5"
    assert not job.model.language_model
    setup = job.setup()
    assert (setup.query, setup.store) == ("Why?", tmp_path / "s.db")


def test_the_command_line_goes_before_the_environment(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLM_TUI_MAX_TURNS", "7")
    monkeypatch.setenv("RLM_TUI_MAX_DEPTH", "3")
    config = prepare(given(document, tmp_path, max_turns=5)).config
    assert (config.limits.turns, config.max_depth) == (5, 3)


def test_nothing_is_written_by_the_check(document: str, tmp_path: Path) -> None:
    prepare(given(document, tmp_path))
    assert not (tmp_path / "s.db").exists()


@pytest.fixture
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("_no_proxies")
def test_a_server_that_answers_is_enough(document: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        address = f"http://127.0.0.1:{port}/v1"
        job = prepare(given(document, tmp_path, model="openai/mine", api_base=address))
        assert job.config.api_base == address
    with pytest.raises(click.UsageError, match=f"no server answers at {address}.*start it"):
        prepare(given(document, tmp_path, model="openai/mine", api_base=address))


@pytest.mark.usefixtures("_no_proxies")
@pytest.mark.parametrize("which", ["model", "sub_model", "models_at"])
def test_ollama_that_does_not_run_is_said_before_anything_starts(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("OLLAMA_API_BASE", address)
        model: Any = ((1, "ollama/qwen3"),) if which == "models_at" else "ollama/qwen3"
        prepare(given(document, tmp_path, **{which: model}))
    with pytest.raises(click.UsageError, match=f"no server answers at {address}.*start it"):
        prepare(given(document, tmp_path, **{which: model}))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--max-cost", "-1"], "0 or more"),
        (["--max-cost", "nan"], "0 or more"),
        (["--max-cost", "much"], "not a number"),
        (["--max-calls", "0"], "--max-calls"),
        (["--model-at", "gpt-5"], "1=gpt-5-mini"),
        (["--price", "1"], "0.5,1.5"),
        (["--price", "1,-2"], "0.5,1.5"),
        (["--price", "1,2", "--unknown-price", "allow"], "exclude"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_options_are_one_sentence(
    args: list[str], says: str, document: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["run", document, "-q", "Why?", "--model", "explorer", *args]) == BAD_INPUT
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1 and shown.err.startswith("rlm-tui: ") and says in shown.err
    assert shown.out == ""


def test_a_limit_in_dollars_needs_prices(document: str, tmp_path: Path) -> None:
    """Said before anything is saved, and only where nothing else was said about unknown prices."""
    from rlm_tui.cli.prepare import check_models
    from rlm_tui.config.settings import Settings
    from rlm_tui.events import Limits, RunConfig

    unpriced = RunConfig(model="openai/nobody-knows", api_base="http://127.0.0.1:9/v1", limits=Limits(usd=1.0))
    with pytest.raises(click.UsageError, match="--price IN,OUT"):
        check_models(unpriced, Settings())
    allowed = RunConfig(
        model="openai/nobody-knows", api_base="http://127.0.0.1:9/v1", unknown_price="allow", limits=Limits(usd=1.0)
    )
    assert check_models(allowed, Settings()).price is None
    assert check_models(RunConfig(model="explorer", limits=Limits(usd=1.0)), Settings()).price is not None


def test_the_breakpoints_are_set_before_the_run(document: str, tmp_path: Path) -> None:
    job = prepare(given(document, tmp_path, conditions=("error", "turn==3")))
    gate = job.gate(paused=False)
    assert gate.set_breakpoint("final") == 3


TOOLS = "def double(n: int) -> int:\n    'Twice n.'\n    return 2 * n\n"


def test_a_tool_is_found_in_the_working_directory(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_tools_of_mine.py").write_text(TOOLS)
    monkeypatch.setattr("sys.path", list(sys.path))
    job = prepare(given(document, tmp_path, tools=("own_tools_of_mine:double",)))
    assert job.config.tools == {"double": "double(n: int) -> int\nTwice n."}
    assert job.setup().tools is not None and job.setup().tools["double"].function(4) == 8


@pytest.mark.parametrize("place", ["nothing", "no_such_module_at_all:f", "json:nothing", "json:JSONDecodeError"])
def test_a_tool_that_is_none(document: str, tmp_path: Path, place: str) -> None:
    with pytest.raises(click.UsageError, match="--tool"):
        prepare(given(document, tmp_path, tools=(place, "builtins:len")))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_calls": 1}, "leaves none to look with"),
        ({"max_seconds": 0.0}, "leaves no time to look"),
        ({"max_tokens": 5000}, "the limit of 5,000 tokens is too low: one turn and the answer need up to"),
        ({"models_at": ((3, "explorer"),), "max_depth": 1}, "for depth 3, but the deepest is 1"),
        pytest.param({"repl": "javascript"}, "the explorer writes Python only", marks=needs_javascript),
        ({"model": "gpt-4o", "max_cost": 0.001}, "the limit of $0.001 is too low for gpt-4o"),
        ({"model": "gpt-4o", "max_cost": 0.0}, "the limit of $0 is too low"),
        ({"model": "openai/own", "price": "10,10", "max_cost": 0.01}, "the limit of $0.01 is too low for openai/own"),
    ],
)
def test_limits_that_contradict_a_run(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], says: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none-at-all")
    with pytest.raises(click.UsageError) as caught:
        prepare(given(document, tmp_path, **options))
    assert says in str(caught.value)
    assert not (tmp_path / "s.db").exists()


def test_a_model_that_is_free_may_cost_nothing(document: str, tmp_path: Path) -> None:
    assert prepare(given(document, tmp_path, max_cost=0.0)).config.limits.usd == 0.0
