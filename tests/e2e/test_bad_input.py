"""Bad input: one sentence on stderr that says what to do, exit code 2, never a traceback."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from importlib.util import find_spec
from pathlib import Path

import pytest

from rlm_tui.cli.program import run_program
from tests.unit.store.unprivileged import unprivileged

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
COMMAND = [sys.executable, "-m", "rlm_tui"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of every bad kind, and a good one."""
    (tmp_path / "good.txt").write_text("One line.\nAnother one.\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "notes").mkdir()
    (tmp_path / "broken.toml").write_text("model = \n")
    (tmp_path / "other.db").write_text("this is not a store, and long enough to be seen as something else\n" * 20)
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in KEYS and not name.startswith("RLM_TUI_")}
    places = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")}
    return env | places | {"RLM_TUI_STORE": str(folder / "s.db"), "TERM": "xterm-256color"} | more


def run(folder: Path, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        cwd=folder,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *says: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("rlm-tui: ") and done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    for words in says:
        assert words in done.stderr


ASK = ("-q", "Why?", "--model", "explorer")
CASES = {
    "no such file": (["missing.txt", *ASK], ("no file missing.txt", "check the path")),
    "a mistyped file": (["god.txt", *ASK], ("did you mean good.txt?",)),
    "no such folder": (["nowhere/a.txt", *ASK], ("folder nowhere does not exist",)),
    "a directory": (["notes", *ASK], ("the folder notes has no files in it",)),
    "a binary file": (["noise.bin", *ASK], ("noise.bin is a binary file", "convert it to text")),
    "an image": (["picture.png", *ASK], ("picture.png is an image",)),
    "an empty file": (["empty.txt", *ASK], ("empty.txt is empty",)),
    "an empty question": (["good.txt", "-q", "", "--model", "explorer"], ("question is empty", "-q")),
    "a blank question": (["good.txt", "-q", " \n", "--model", "explorer"], ("question is empty",)),
    "an unknown model": (["good.txt", "-q", "Why?", "--model", "gpt-99-zero"], ("Unknown model 'gpt-99-zero'",)),
    "an unknown provider": (["good.txt", "-q", "Why?", "--model", "opnai/x"], ("opnai",)),
    "a missing key": (["good.txt", "-q", "Why?", "--model", "gpt-4o-mini"], ("OPENAI_API_KEY", "set it")),
    "a missing key of the sub-model": (["good.txt", *ASK, "--sub-model", "claude-haiku-4-5"], ("ANTHROPIC_API_KEY",)),
    "an unreachable server": (
        ["good.txt", "-q", "Why?", "--model", "openai/mine", "--api-base", "http://127.0.0.1:9/v1"],
        ("no server answers at http://127.0.0.1:9/v1", "start it"),
    ),
    "an address that is none": (
        ["good.txt", *ASK, "--api-base", "localhost"],
        ("api_base", "http://127.0.0.1:8000/v1"),
    ),
    "a model file that isn't there": (
        ["good.txt", "-q", "Why?", "--model", "local:gone.gguf"],
        ("gone.gguf" if find_spec("xllamacpp") else "rlm-tui[local]",),
    ),
    "a script that isn't there": (["good.txt", "-q", "Why?", "--model", "scripted:gone.yaml"], ("gone.yaml",)),
    "a store in no folder": (["good.txt", *ASK, "--store", "nowhere/s.db"], ("nowhere does not exist", "--store")),
    "a store that is something else": (["good.txt", *ASK, "--store", "other.db"], ("not a store of rlm-tui",)),
    "a folder as store name": (["good.txt", *ASK, "--store", "good.txt/"], ("--store",)),
    "a negative budget": (["good.txt", *ASK, "--max-cost", "-1"], ("--max-cost", "0 or more")),
    "an unknown option": (["good.txt", *ASK, "--cost", "1"], ("--cost",)),
}


@pytest.mark.parametrize("command", ["run", "open"])
@pytest.mark.parametrize("case", CASES)
def test_bad_input(case: str, command: str, folder: Path) -> None:
    args, says = CASES[case]
    assert_one_sentence(run(folder, command, *args), *says)


MORE = {
    "run without a question": (["run", "good.txt"], ("-q",)),
    "run without a file": (["run", "-q", "Why?"], ("FILE",)),
    "a bad condition": (["open", "good.txt", *ASK, "--break", "cost >"], ("at character",)),
    "an unknown fact in a condition": (["open", "good.txt", *ASK, "--break", "cots>1"], ("cots", "cost")),
    "an unknown session": (["replay", "abc123", "--store", "made.db"], ("abc123", "rlm-tui sessions")),
    "an impossible session id": (["replay", "???", "--headless", "--store", "made.db"], ("not a session id",)),
    "no store yet": (["replay", "last", "--headless"], ("no store at",)),
    "a file that holds no session": (["replay", "./good.txt", "--headless"], ("good.txt",)),
    "an unknown theme": (["open", "good.txt", *ASK, "--theme", "drak"], ("drak",)),
    "an unknown command": (["opne", "good.txt"], ("did you mean open?",)),
    "an unknown provider's models": (["models", "opnai"], ("opnai", "openai")),
    "a workbench without a terminal": (["open", "good.txt", *ASK], ("needs a terminal", "rlm-tui run")),
    "a replay without a terminal": (["replay", "last", "--store", "made.db"], ("needs a terminal", "--headless")),
    "the demo without a terminal": (["demo"], ("needs a terminal", "--headless")),
}


@pytest.mark.parametrize("case", MORE)
def test_more_bad_input(case: str, folder: Path) -> None:
    args, says = MORE[case]
    if "made.db" in args:
        from rlm_tui.store import MemorySession, Store
        from tests.support.novel import build

        with Store.open(folder / "made.db", durability="normal") as store:
            script, _, _ = build()
            store.add(MemorySession("7f3a0001", script.entries, script.blobs))
    assert_one_sentence(run(folder, *args), *says)


def test_a_broken_settings_file_is_named(folder: Path) -> None:
    (folder / "rlm-tui.toml").write_text("model = \n")
    assert_one_sentence(run(folder, "run", "good.txt", "-q", "Why?"), "rlm-tui.toml", "TOML")
    (folder / "rlm-tui.toml").write_text("max_cots = 1\n")
    assert_one_sentence(run(folder, "run", "good.txt", "-q", "Why?"), "rlm-tui.toml", "max_cost")


def test_a_read_only_store(folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so this runs as somebody else, in a fork."""
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    good, path = str(folder / "good.txt"), folder / "s.db"
    args = ["run", good, *ASK]
    # Loads what the fork would not be allowed to read.
    assert run_program(["run", good, "-q", "", "--store", str(path)]) == 2
    assert run_program([*args, "--store", str(folder / "nowhere" / "s.db")]) == 2
    path.write_bytes(b"")
    for part in (folder, *folder.parents):
        if part.stat().st_uid == os.getuid() and not part.stat().st_mode & 0o001:
            part.chmod(part.stat().st_mode | 0o011)
    (folder / "good.txt").chmod(0o644)
    path.chmod(0o444)
    capfd.readouterr()
    assert unprivileged(lambda: run_program([*args, "--store", str(path)])) == "2"
    shown = capfd.readouterr().err
    assert shown == f"rlm-tui: the store {path} is read-only; choose another place with --store PATH or RLM_TUI_STORE\n"


@pytest.mark.parametrize("command", [["open", "good.txt", *ASK], ["demo"]])
def test_a_terminal_of_20_by_5(command: list[str], folder: Path) -> None:
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 20, 0, 0))
    env = environment(folder)
    env.pop("COLUMNS", None)
    env.pop("LINES", None)
    done = subprocess.run(
        [*COMMAND, *command],
        cwd=folder,
        env=env,
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(terminal)
    os.set_blocking(screen, False)
    try:
        drawn = os.read(screen, 1)
    except OSError:
        drawn = b""
    os.close(screen)
    assert drawn == b""
    assert_one_sentence(
        subprocess.CompletedProcess(command, done.returncode, "", done.stderr), "20×5", "make it larger"
    )
