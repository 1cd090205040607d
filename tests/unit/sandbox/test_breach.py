"""Assume that the language wall has fallen: raw Python in a locked process. What does each layer stop by itself, and all together?"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.engine.sandbox.process import _command, _environment
from rlm_tui.engine.sandbox.worker.confine import landlock_abi, seccomp_available

pytestmark = pytest.mark.skipif(
    not (landlock_abi() >= 4 and seccomp_available()), reason="the machine wall of this test is Linux's"
)

_RAW = """
import json, os, resource, signal, socket, subprocess, sys, ctypes, mmap, threading, codecs
from rlm_tui.engine.sandbox.worker.confine import confine
out, layers, paths = int(sys.argv[1]), frozenset(json.loads(sys.argv[2])), json.loads(sys.argv[3])
def ptrace(): return ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)
def connect(): socket.create_connection(("127.0.0.1", paths["port"]), 1)
def allocate(): mmap.mmap(-1, 10 << 30).close()
def thread():
    t = threading.Thread(target=lambda: None); t.start(); t.join()
def fork():
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
attempts = {
    "read": lambda: open(paths["secret"]).read(),
    "write": lambda: open(paths["marker"], "w").write("x"),
    "list": lambda: os.listdir("/"),
    "stat": lambda: os.stat(paths["secret"]),
    "proc environ": lambda: open("/proc/self/environ").read(),
    "parent environ": lambda: open("/proc/%d/environ" % os.getppid()).read(),
    "exec": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": fork,
    "thread": thread,
    "connect": connect,
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "kill parent": lambda: os.kill(os.getppid(), 0),
    "executable memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "raise limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)),
    "allocate": allocate,
    "write to another descriptor": lambda: os.write(1, b"x"),
    "environment": lambda: json.dumps(dict(os.environ)),
}
os.environ.clear()
codecs.lookup("idna")
report = confine(256 << 20, 60, (out,), layers)
results = {}
for name, attempt in attempts.items():
    try:
        results[name] = "done: " + str(attempt())[:200]
    except BaseException as error:
        results[name] = type(error).__name__
os.write(out, json.dumps([report, results]).encode())
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    directory = tmp_path_factory.mktemp("outside")
    for one in (directory, *directory.parents[:3]):
        os.chmod(one, 0o777)
    (directory / "secret").write_text("CANARY")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {
            "secret": str(directory / "secret"), "marker": str(directory / "marker"), "port": listener.getsockname()[1],
        }  # fmt: skip


def attempt(world: dict[str, Any], layers: set[str]) -> dict[str, str]:
    ours, theirs = os.pipe()
    command = _command()
    at = command.index("-c")
    command = [
        *command[:at],
        "-c",
        "import sys; n = int(sys.argv[1]); sys.path[:0] = sys.argv[2:2 + n]; sys.argv[1:] = sys.argv[2 + n:]\n" + _RAW,
        *command[at + 2 :],
    ]
    command += [str(theirs), json.dumps(sorted(layers)), json.dumps(world)]
    process = subprocess.Popen(
        command, pass_fds=(theirs,), env=_environment(), cwd="/", stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        data = pipe.read()
    _, errors = process.communicate()
    assert data, errors.decode()
    report, results = json.loads(data)
    for layer in layers:
        assert report[layer] == "ok"
    return {name: "done" if text.startswith("done") else text for name, text in results.items()}


def stopped(results: dict[str, str]) -> set[str]:
    return {name for name, what in results.items() if what != "done"}


EVERYTHING = {
    "read", "write", "list", "stat", "proc environ", "parent environ", "exec", "fork", "thread", "connect", "unix socket",
    "kill parent", "executable memory", "raise limits", "allocate", "write to another descriptor",
}  # fmt: skip


def test_all_layers_together_stop_everything(world: dict[str, Any]) -> None:
    results = attempt(world, {"limits", "landlock", "seccomp"})
    assert stopped(results) == EVERYTHING
    assert not Path(world["marker"]).exists()


def test_landlock_alone_keeps_files_and_the_network_away(world: dict[str, Any]) -> None:
    assert stopped(attempt(world, {"landlock"})) >= {
        "read",
        "write",
        "list",
        "proc environ",
        "parent environ",
        "exec",
        "connect",
    }


def test_seccomp_alone_leaves_only_memory_and_time(world: dict[str, Any]) -> None:
    assert stopped(attempt(world, {"seccomp"})) >= EVERYTHING - {"allocate"}


def test_limits_alone_bound_memory_and_processes(world: dict[str, Any]) -> None:
    results = attempt(world, {"limits"})
    assert stopped(results) >= {"allocate", "fork", "raise limits", "thread"}


def test_a_debugger_call_ends_the_process(world: dict[str, Any]) -> None:
    code = (
        "import sys, os, ctypes; n = int(sys.argv[1]); sys.path[:0] = sys.argv[2:2 + n]\n"
        "from rlm_tui.engine.sandbox.worker.confine import confine\n"
        "libc = ctypes.CDLL(None)\n"
        "confine(0, 60, (2,), frozenset({'seccomp'}))\n"
        "libc.ptrace(16, 1, 0, 0)\n"
    )
    command = _command()
    command[command.index("-c") + 1] = code
    process = subprocess.run(command, env=_environment(), cwd="/", capture_output=True, check=False)
    assert process.returncode == -31, process.stderr


def test_the_worker_loads_nothing_it_does_not_need() -> None:
    code = (
        "import sys; n = int(sys.argv[1]); sys.path[:0] = sys.argv[2:2 + n]\n"
        "from rlm_tui.engine.sandbox.worker.main import prepare\n"
        "prepare()\n"
        "import os, json; print(json.dumps([sorted(sys.modules), dict(os.environ)]))"
    )
    command = _command()
    command[command.index("-c") + 1] = code
    output = subprocess.run(
        command, env={**_environment(), "SECRET": "x"}, cwd="/", capture_output=True, check=True
    ).stdout
    modules, environment = json.loads(output)
    heavy = {
        "litellm",
        "sqlmodel",
        "sqlalchemy",
        "textual",
        "msgspec",
        "pydantic",
        "httpx",
        "tiktoken",
        "multiprocessing",
        "ssl",
    }
    assert not heavy & set(modules)
    ours = {m for m in modules if m.startswith("rlm_tui.")}
    allowed = ("rlm_tui.version", "rlm_tui.engine", "rlm_tui.engine.sandbox", "rlm_tui.engine.sandbox.wire")
    assert all(m in allowed or m.startswith("rlm_tui.engine.sandbox.worker") for m in ours), ours
    assert environment == {}
    assert sys.executable in command
