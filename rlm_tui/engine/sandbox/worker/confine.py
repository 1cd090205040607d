"""The machine wall on Linux: Landlock, seccomp, resource limits and process flags, by ctypes, without root.

Each function says in a word what it did, so that the host can tell the user which walls stand. On macOS there are
Seatbelt (``sandbox_init``) and the resource limits, of which memory is not one there; on Windows none of this exists, and
the process itself is the wall. What is said about macOS and Windows follows their documentation and was not measured.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import struct
import sys
from functools import cache
from typing import Any

try:
    import resource  # now: once the process is locked, nothing can be loaded any more
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_LINUX = sys.platform.startswith("linux")
_DARWIN = platform.system() == "Darwin"

_X86_64 = dict(
    read=0, write=1, close=3, fstat=5, poll=7, lseek=8, mmap=9, mprotect=10, munmap=11, brk=12, rt_sigaction=13,
    rt_sigprocmask=14, rt_sigreturn=15, select=23, sched_yield=24, mremap=25, madvise=28, nanosleep=35, setitimer=38,
    getpid=39, exit=60, getrusage=98, ptrace=101, sigaltstack=131, gettid=186, futex=202, restart_syscall=219,
    clock_gettime=228, clock_getres=229, clock_nanosleep=230, exit_group=231, pselect6=270, ppoll=271, getrandom=318,
    membarrier=324, rseq=334, seccomp=317, landlock_create_ruleset=444, landlock_restrict_self=446,
)  # fmt: skip
_AARCH64 = dict(
    read=63, write=64, close=57, fstat=80, lseek=62, mmap=222, mprotect=226, munmap=215, brk=214, rt_sigaction=134,
    rt_sigprocmask=135, rt_sigreturn=139, sched_yield=124, mremap=216, madvise=233, nanosleep=101, setitimer=103,
    getpid=172, exit=93, getrusage=165, ptrace=117, sigaltstack=132, gettid=178, futex=98, restart_syscall=128,
    clock_gettime=113, clock_getres=114, clock_nanosleep=115, exit_group=94, pselect6=72, ppoll=73, getrandom=278,
    membarrier=283, rseq=293, seccomp=277, landlock_create_ruleset=444, landlock_restrict_self=446,
)  # fmt: skip
_NUMBERS = {"x86_64": _X86_64, "aarch64": _AARCH64}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOWED = [
    "read",
    "close",
    "fstat",
    "poll",
    "lseek",
    "munmap",
    "brk",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "mremap",
    "madvise",
    "select",
    "sched_yield",
    "nanosleep",
    "setitimer",
    "getpid",
    "exit",
    "getrusage",
    "sigaltstack",
    "gettid",
    "futex",
    "restart_syscall",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "exit_group",
    "ppoll",
    "pselect6",
    "getrandom",
    "membarrier",
    "rseq",
]

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_GET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 21, 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_GET_ACTION_AVAIL, _FLAG_TSYNC = 1, 2, 1
_NOBODY = 65534


@cache
def _libc() -> Any:
    # Opened once, before the workers are forked: that costs as much as all the walls together.
    return ctypes.CDLL(None, use_errno=True)


@cache
def _numbers() -> dict[str, int] | None:
    return _NUMBERS.get(platform.machine()) if _LINUX else None


# Landlock


@cache
def landlock_abi() -> int:
    """The version of Landlock that this kernel offers; 0 for none."""
    numbers = _numbers()
    if numbers is None:
        return 0
    version: int = _libc().syscall(numbers["landlock_create_ruleset"], None, ctypes.c_size_t(0), 1)
    return max(version, 0)


def landlock() -> str:
    """Deny every file, every TCP port, and signals and abstract sockets outside; ``ok`` or why not."""
    numbers = _numbers()
    abi = landlock_abi()
    if numbers is None or abi < 1:
        return "absent"
    files = (1 << 13) - 1
    files |= (1 << 13 if abi >= 2 else 0) | (1 << 14 if abi >= 3 else 0) | (1 << 15 if abi >= 5 else 0)
    attributes = struct.pack("<Q", files)
    if abi >= 4:
        attributes += struct.pack("<Q", 0b11)
    if abi >= 6:
        attributes += struct.pack("<Q", 0b11)
    libc = _libc()
    ruleset = libc.syscall(numbers["landlock_create_ruleset"], attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return f"failed: {errno.errorcode.get(ctypes.get_errno(), '?')}"
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(numbers["landlock_restrict_self"], ruleset, 0)
    os.close(ruleset)
    return "ok" if done == 0 else f"failed: {errno.errorcode.get(ctypes.get_errno(), '?')}"


# seccomp


def seccomp_available() -> bool:
    """Whether this kernel takes system-call filters of this architecture."""
    numbers = _numbers()
    if numbers is None:
        return False
    action = ctypes.c_uint32(0x00050000)
    answer: int = _libc().syscall(numbers["seccomp"], _SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action))
    return answer == 0


class _Program:
    """A filter: instructions of classic BPF over ``struct seccomp_data``."""

    LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
    ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM

    def __init__(self) -> None:
        self.code: list[bytes] = []

    def put(self, operation: int, constant: int, if_true: int = 0, if_false: int = 0) -> None:
        self.code.append(struct.pack("<HBBI", operation, if_true, if_false, constant))

    def on(self, number: int, *instructions: tuple[int, int, int, int]) -> None:
        """Run `instructions` when the system call is `number`; they must end in returns."""
        self.put(self.EQUAL, number, 0, len(instructions))
        for operation, constant, if_true, if_false in instructions:
            self.put(operation, constant, if_true, if_false)


def _argument(index: int) -> int:
    return 16 + 8 * index


def _filter(write_fds: tuple[int, ...]) -> bytes:
    numbers = _NUMBERS[platform.machine()]
    p = _Program()
    p.put(p.LOAD, 4)
    p.put(p.EQUAL, _ARCHITECTURE[platform.machine()], 1, 0)
    p.put(p.RETURN, p.KILL)
    p.put(p.LOAD, 0)
    if platform.machine() == "x86_64":  # the x32 calls share the architecture's mark
        p.put(p.AT_LEAST, 0x40000000, 0, 1)
        p.put(p.RETURN, p.KILL)
    for name in _ALLOWED:
        if name in numbers:
            p.on(numbers[name], (p.RETURN, p.ALLOW, 0, 0))
    for name in ("mmap", "mprotect"):  # memory may not become executable
        p.on(
            numbers[name],
            (p.LOAD, _argument(2), 0, 0), (p.ANY_BIT, 4, 0, 1), (p.RETURN, p.REFUSE, 0, 0), (p.RETURN, p.ALLOW, 0, 0),
        )  # fmt: skip
    checks = [(p.EQUAL, fd, len(write_fds) - n, 0) for n, fd in enumerate(write_fds)]
    p.on(numbers["write"], (p.LOAD, _argument(0), 0, 0), *checks, (p.RETURN, p.REFUSE, 0, 0), (p.RETURN, p.ALLOW, 0, 0))
    p.on(numbers["ptrace"], (p.RETURN, p.KILL, 0, 0))
    p.put(p.RETURN, p.REFUSE)
    return b"".join(p.code)


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


@cache
def _program(write_fds: tuple[int, ...]) -> Any:
    """A reference to the filter as the kernel takes it."""
    code = _filter(write_fds)
    return ctypes.byref(_FilterProgram(len(code) // 8, code))


def seccomp(*write_fds: int) -> str:
    """Allow some thirty system calls, writing to `write_fds` only, no executable memory; ``ok`` or why not."""
    numbers = _numbers()
    if numbers is None:
        return "absent"
    libc = _libc()
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(numbers["seccomp"], _SECCOMP_SET_MODE_FILTER, _FLAG_TSYNC, _program(write_fds))
    return "ok" if done == 0 else f"failed: {errno.errorcode.get(ctypes.get_errno(), '?')}"


# Seatbelt


def seatbelt() -> str:
    """On macOS: deny every file, socket and process by ``sandbox_init``; ``ok`` or why not. Open descriptors stay usable."""
    if not _DARWIN:
        return "absent"
    try:
        library = ctypes.CDLL("/usr/lib/libSystem.dylib", use_errno=True)
        error = ctypes.c_char_p()
        done = library.sandbox_init(b"(version 1)(deny default)", ctypes.c_uint64(0), ctypes.byref(error))
    except (OSError, AttributeError) as reason:
        return f"failed: {reason}"
    return "ok" if done == 0 else "failed"


# Limits and flags


def resource_limits(memory: int, cpu_seconds: int) -> str:
    """Bound the address space to what is used now plus `memory` bytes, and files, processes, CPU; ``ok`` or why not."""
    if resource is None:
        return "absent"  # type: ignore[unreachable]
    failed = []

    def limit(name: str, value: int) -> None:
        kind = getattr(resource, name, None)
        if kind is None:
            return
        try:
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            failed.append(name)

    if memory and _LINUX:
        limit("RLIMIT_AS", address_space() + memory)
    limit("RLIMIT_CPU", cpu_seconds)
    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_FSIZE", 0)
    limit("RLIMIT_NOFILE", 16)
    limit("RLIMIT_NPROC", 0)
    limit("RLIMIT_MEMLOCK", 0)
    limit("RLIMIT_MSGQUEUE", 0)
    return "ok" if not failed else f"failed: {', '.join(failed)}"


def address_space() -> int:
    """Bytes of this process's address space."""
    # Each worker asks once, and to make a file object takes longer than all the rest.
    file = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(file, 100).split()[0]) * mmap.PAGESIZE
    finally:
        os.close(file)


def drop_root() -> str:
    """Become nobody when started as root: some limits do not bind root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "not root"
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except (OSError, AttributeError) as error:
        return f"failed: {error}"
    return "ok"


def process_flags() -> str:
    """Die with the parent, gain no privileges, be no one's debuggee; ``ok`` or why not."""
    if not _LINUX:
        return "absent"
    libc = _libc()
    done = [
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0,
        libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0) == 0,
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0,
    ]
    return "ok" if all(done) else "failed"


def confine(memory: int, cpu_seconds: int, write_fds: tuple[int, ...], layers: frozenset[str]) -> dict[str, str]:
    """Put up the walls named in `layers` and say which stand. The order matters: each step may forbid the next one's tools."""
    report: dict[str, str] = {}
    if "limits" in layers:
        report["user"] = drop_root()
        report["flags"] = process_flags()
        report["limits"] = resource_limits(memory, cpu_seconds)
    if "landlock" in layers:
        report["landlock"] = landlock()
        report["seatbelt"] = seatbelt()
    if "seccomp" in layers:
        report["seccomp"] = seccomp(*write_fds)
    return report


def rehearse(*write_fds: int) -> None:
    """Before the fork: do once what every worker would do by itself."""
    if _numbers() is not None:
        landlock_abi()
        _program(write_fds)
        _ = _libc().prctl  # looked up when it is first named, and kept
