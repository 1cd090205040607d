"""The commands that tell about the installation: ``models``, ``config show``, ``doctor``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rlm_tui.cli import doctor
from rlm_tui.cli.program import BAD_INPUT, FAILED, run_program
from rlm_tui.engine.providers.keys import RULES

SECRET = "sk-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def plain_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys, no settings but those of the test."""
    for name in list(os.environ):
        if name.startswith("RLM_TUI_"):
            monkeypatch.delenv(name)
    for rule in RULES:
        for names in rule.alternatives:
            for name in names:
                monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_models_say_who_answers_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Without --model: explorer (no key was found and no model named)."
    assert "openai: not ready: set OPENAI_API_KEY" in lines
    assert any(line.startswith("  gpt-5-mini") and "(default)" in line and "$" in line for line in lines)


def test_a_key_makes_a_provider_ready_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    assert run_program(["models"]) == 0
    shown = capsys.readouterr().out
    assert "anthropic: ready: ANTHROPIC_API_KEY is set" in shown
    assert shown.startswith("Without --model: claude-") and SECRET not in shown


def test_models_of_one_provider_are_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["models", "openai"]) == 0
    shown = capsys.readouterr().out
    assert "gpt-4o-mini" in shown and "more: rlm-tui" not in shown and "anthropic" not in shown


def test_models_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["models", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["default"]["model"] == "explorer"
    openai = next(line for line in report["providers"] if line["provider"] == "openai")
    model = next(model for model in openai["models"] if model["name"] == "gpt-4o-mini")
    assert 0 < model["price"]["input"] < model["price"]["output"]
    assert report["providers"][0]["models"][0]["language_model"] is False


def test_config_says_where_a_value_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rlm-tui.toml").write_text('theme = "light"\n[prices.mine]\ninput = 0.5\noutput = 1.5\n')
    monkeypatch.setenv("RLM_TUI_MAX_TURNS", "7")
    assert run_program(["config", "show", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["max_turns"] == {"value": 7, "origin": "environment (RLM_TUI_MAX_TURNS)"}
    assert report["theme"] == {"value": "light", "origin": str(tmp_path / "rlm-tui.toml")}
    assert report["max_depth"]["origin"] == "default"
    assert run_program(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "environment (RLM_TUI_MAX_TURNS)" in shown and "prices.mine" in shown and "input 0.5" in shown


def test_doctor_finds_nothing_wrong_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["doctor", "--json", "--store", str(tmp_path / "s.db")]) == 0
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert not [finding for finding in findings.values() if finding["state"] == "bad"]
    assert "walls" in findings["sandbox"]["text"]
    assert findings["tokens"]["text"] == "counted with tiktoken, offline"
    assert "not a language model" in findings["models"]["text"]
    assert "no sessions yet" in findings["store"]["text"]


def test_doctor_counts_the_sessions(saved_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["doctor", "--store", str(saved_store)]) == 0
    assert f"{saved_store}: 1 session, " in capsys.readouterr().out


def test_doctor_goes_on_after_a_bad_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.db").write_text("not a store, but long enough to be something else\n" * 50)
    monkeypatch.setattr(doctor, "_tokens", lambda: 1 / 0)
    assert run_program(["doctor", "--store", str(tmp_path / "s.db")]) == FAILED
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("bad")] == ["store", "tokens"]
    assert any("not a store of rlm-tui" in line for line in lines)
    assert lines[-1].split()[1] == "extras"


def test_doctor_names_a_broken_settings_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rlm-tui.toml").write_text("max_turns = 0\n")
    assert run_program(["doctor"]) == FAILED
    assert "rlm-tui.toml: max_turns" in capsys.readouterr().out
    assert run_program(["config", "show"]) == BAD_INPUT
