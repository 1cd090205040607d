"""The house stands: layers, types, style, packaging, and documents that tell the truth."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def passes(*command: str) -> None:
    """Assert that `command` succeeds in the repository; its output is the failure's text."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout


def test_imports_point_down() -> None:
    passes("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())")


def test_ruff_check() -> None:
    passes("-m", "ruff", "check", ".")


def test_ruff_format() -> None:
    passes("-m", "ruff", "format", "--check", ".")


@pytest.mark.timeout(600)
def test_mypy() -> None:
    passes("-m", "mypy")
    passes("-m", "mypy", "--strict", "tests/fixtures/users_script.py")


def readme_commands() -> list[str]:
    """The shell lines of the README, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_ci_runs_the_readme_command() -> None:
    """The second command of the README is what continuous integration runs, letter by letter."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert readme_commands()[1] == script[-1]
    assert script[0] == "#!/usr/bin/env bash" and "set -euo pipefail" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_readme_names_commands_and_options_that_exist() -> None:
    import click

    from rlm_tui.cli.program import COMMANDS, program

    context = click.Context(program)
    options = {"--version", "--help"}
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        parts = [command]
        if isinstance(command, click.Group):
            parts += [part for sub in command.list_commands(context) if (part := command.get_command(context, sub))]
        params = [parameter for part in parts for parameter in part.params]
        options |= {option for parameter in params for option in [*parameter.opts, *parameter.secondary_opts]}
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"(?:`|bin/)rlm-tui ([a-z]+)", text))
    assert used and used <= set(COMMANDS)
    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text)) - {"--no-deps", "--dist"} <= options


def test_links_in_documents_lead_somewhere() -> None:
    for document in ROOT.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (ROOT / link).exists(), f"{document.name}: {link}"


def test_the_changelog_knows_the_version() -> None:
    from rlm_tui.version import VERSION

    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        files = [path for path in ROOT.glob("rlm_tui/**/*") if path.is_file()]
    else:
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        files = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    private = re.compile(rb"(?<![\w.])/(?:root|work|Users)/[A-Za-z.]|/home/(?!somebody\b|user\b|you\b)[a-z]+/")
    found = [str(path.relative_to(ROOT)) for path in files if private.search(path.read_bytes())]
    assert found == []


def test_the_wheel_is_whole(tmp_path: Path) -> None:
    """What is installed has the themes, the demo and the migrations, and nothing of the tests."""
    passes("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"rlm_tui/_data/themes/{theme.name}" for theme in (ROOT / "themes").glob("*.yaml")}
    assert len(wanted) >= 2
    wanted |= {f"rlm_tui/_data/demo/{name}" for name in ("harbour.txt", "question.txt")}
    wanted |= {"rlm_tui/py.typed", "rlm_tui/tui/screens/workbench.tcss", "rlm_tui/_data/sessions/README.md"}
    packaged = (path.relative_to(ROOT) for path in (ROOT / "rlm_tui").rglob("*") if path.is_file())
    hidden = re.compile(r"(^|/)(\.|__pycache__)")
    wanted |= {path.as_posix() for path in packaged if not hidden.search(path.as_posix())}
    assert wanted <= names
    assert not any(name.startswith(("tests/", "docs/")) for name in names)
