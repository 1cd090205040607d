"""Which walls stand on this machine, in words for the status line and for ``rlm-tui doctor``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wall:
    """One protection: its `name`, whether it `stands` here, and in `detail` what it does or why it does not."""

    name: str
    stands: bool
    detail: str


def describe(report: Mapping[str, str]) -> str:
    """``full``, ``partial: no Landlock`` … or ``process only``, from what a worker said when it locked itself."""
    if sys.platform == "darwin":
        stands = report.get("seatbelt") == "ok"
        return "partial: no memory limit" if stands else "partial: no Seatbelt, no memory limit"
    missing = [label for key, label in (("landlock", "Landlock"), ("seccomp", "seccomp")) if report.get(key) != "ok"]
    if report.get("limits", "absent") != "ok":
        missing.append("resource limits")
    if not missing:
        return "full"
    if len(missing) == 3 or sys.platform == "win32":
        return "process only"
    return f"partial: no {', no '.join(missing)}"


def probe_walls() -> tuple[Wall, ...]:
    """What this machine offers, asked of the system without starting a worker or restricting this process."""
    from rlm_tui.engine.sandbox.worker.confine import landlock_abi, seccomp_available

    abi = landlock_abi()
    filters = seccomp_available()
    posix = sys.platform != "win32"
    memory = sys.platform.startswith("linux")
    return (
        Wall("language", True, "RestrictedPython with guards: the code is rewritten before it runs"),
        Wall("process", True, "a process of its own, without keys, environment or database"),
        Wall(
            "limits",
            posix,
            ("memory, CPU time, files, processes" if memory else "CPU time, files; memory cannot be limited here")
            if posix
            else "this system has none; only the time limit holds",
        ),
        *(
            [Wall("seatbelt", True, "no files, network or processes: each worker tries it and says whether it holds")]
            if sys.platform == "darwin"
            else []
        ),
        Wall(
            "landlock", abi > 0, f"no files, no network ports (version {abi})" if abi else "the kernel has no Landlock"
        ),
        Wall("seccomp", filters, "some thirty system calls only" if filters else "no system-call filters here"),
    )


def expected() -> str:
    """What `describe` will say here, before any worker has run."""
    found = {wall.name: "ok" if wall.stands else "absent" for wall in probe_walls()}
    return describe(found)
