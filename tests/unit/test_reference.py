"""The README says what the program can do: every command, key, condition, setting, file and limit, and nothing else."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_reference_is_that_of_this_program(reference: ModuleType, readme: str) -> None:
    assert reference.rendered(readme) == readme, "run `make reference`"


def test_every_limit_is_explained(reference: ModuleType) -> None:
    from rlm_tui.events import Limits

    assert set(Limits.__struct_fields__) <= set(reference.LIMITS)


def test_every_variable_of_ours_is_named(reference: ModuleType, readme: str) -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "rlm_tui").rglob("*.py"))
    used = {name for text in sources for name in re.findall(r"\bRLM_TUI_[A-Z][A-Z_]*\b", text)}
    assert used - {"RLM_TUI_COMPLETE"} <= set(re.findall(r"RLM_TUI_[A-Z_]+", readme))


def test_commands_in_the_text_exist(readme: str) -> None:
    from rlm_tui.cli.program import COMMANDS

    named = set(re.findall(r"(?:\.venv/bin/|`)rlm-tui ([a-z]+)", readme))
    assert named and named <= set(COMMANDS)


def test_pictures_and_links_are_there(readme: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("https://") or (ROOT / target).exists(), target
