"""Which cluster is meant, and whether it can be reached: found out before anything is paid for."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.cluster.order import Plan
from rlm_tui.bench.cluster.worker import ready
from rlm_tui.config.store_url import EXAMPLE, StorePlace
from rlm_tui.store import lease
from rlm_tui.version import VERSION

if TYPE_CHECKING:
    from distributed import Client

SECONDS = 5.0
"""How long a scheduler may take to answer, and a scheduler without workers to get one."""

MOST_LOCAL = 64
"""Processes of a cluster on this machine."""

_LOCAL = re.compile(r"local(?::(\d{1,4}))?", re.ASCII)
_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://(\[[0-9A-Fa-f:]+\]|[^\s:/\[\]]+):(\d{1,5})", re.ASCII)
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


def local_workers(cluster: str, concurrency: int) -> int | None:
    """How many processes ``local`` or ``local:N`` means; ``None`` for the address of a scheduler.

    Raises `BenchError` for what is neither.
    """
    found = _LOCAL.fullmatch(cluster)
    if found is None:
        address = _ADDRESS.fullmatch(cluster)
        if address is None or not 0 < int(address[3]) < 65536:
            raise BenchError(f"--cluster takes local, local:N or an address such as tcp://host:8786, not {cluster!r}")
        return None
    if found[1] is None:
        return max(1, min(os.cpu_count() or 1, concurrency))
    if not 0 < int(found[1]) <= MOST_LOCAL:
        raise BenchError(f"--cluster {cluster}: a cluster on this machine has 1 to {MOST_LOCAL} processes")
    return int(found[1])


def check_cluster(cluster: str, plan: Plan) -> None:
    """Raise `BenchError` if `cluster` can't be used with the plan's store. A local one is only begun later."""
    local = local_workers(cluster, 1)
    if importlib.util.find_spec("distributed") is None:
        raise BenchError("--cluster needs Dask: pip install 'rlm-tui[cluster]'")
    if local is not None:
        return
    address = _ADDRESS.fullmatch(cluster)
    assert address is not None
    if isinstance(plan.place, Path) and address[2].lower() not in _THIS_MACHINE:
        raise BenchError(_in_a_file(plan.place, cluster))

    try:
        # Dask itself tries again and again until its time is over.
        socket.create_connection((address[2].strip("[]"), int(address[3])), SECONDS).close()
    except OSError as error:
        raise BenchError(_unreachable(cluster, error)) from None

    from distributed import Client

    _be_quiet()
    try:
        client = Client(cluster, timeout=SECONDS, set_as_default=False)
    except Exception as error:
        raise BenchError(_unreachable(cluster, error)) from None
    try:
        with contextlib.suppress(Exception):
            client.wait_for_workers(1, timeout=SECONDS)
        answers = client.run(ready, plan, on_error="return")
    except Exception as error:
        raise BenchError(_unreachable(cluster, error)) from None
    finally:
        client.close(SECONDS)
    _check_workers(cluster, plan, answers)


def plan_for(token: str, place: StorePlace, durability: str, **how: Any) -> Plan:
    """A plan over the store at `place`, which is bound to this machine if it is a file."""
    if isinstance(place, Path):
        return Plan(token, place.absolute(), lease.host(), durability, **how)
    return Plan(token, place, None, durability, **how)


@contextlib.asynccontextmanager
async def connected(cluster: str, concurrency: int) -> AsyncIterator[Client]:
    """A client of `cluster`, in the current event loop. A local cluster is begun, and ended with it.

    Raises `BenchError`.
    """
    from distributed import Client, LocalCluster

    _be_quiet()
    workers = local_workers(cluster, concurrency)
    async with contextlib.AsyncExitStack() as stack:
        where: Any = cluster
        try:
            if workers is not None:
                where = await stack.enter_async_context(
                    LocalCluster(
                        n_workers=workers,
                        threads_per_worker=max(1, -(-concurrency // workers)),
                        processes=True,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",
                        scheduler_kwargs={"dashboard": False},
                        # Whoever can speak to a scheduler can run code: on a shared machine only we may.
                        security=importlib.util.find_spec("cryptography") is not None or None,
                        # Runs have limits of their own; a document may well be larger than Dask's share.
                        memory_limit=0,
                        silence_logs=logging.CRITICAL,
                        preload=["rlm_tui.bench.cluster.worker"],
                        asynchronous=True,
                    )
                )
            client = await stack.enter_async_context(
                Client(where, asynchronous=True, timeout=SECONDS, set_as_default=False)
            )
        except Exception as error:
            raise BenchError(_unreachable(cluster, error)) from None
        yield client


def _check_workers(cluster: str, plan: Plan, answers: Mapping[str, Any]) -> None:
    if not answers:
        raise BenchError(f"the scheduler at {cluster} has no workers; start some with `dask worker {cluster}`")
    for worker, answer in answers.items():
        if isinstance(answer, ImportError):
            raise BenchError(f"the worker {worker} has no rlm-tui: install rlm-tui {VERSION} there ({answer})")
        if isinstance(answer, BaseException):
            raise BenchError(f"the worker {worker} can't work: {answer}")
        version, host, why = answer
        if version != VERSION:
            raise BenchError(f"the worker {worker} has rlm-tui {version}, and this is {VERSION}; install the same")
        if plan.host is not None and host != plan.host:
            raise BenchError(_in_a_file(plan.place, cluster))
        if why:
            raise BenchError(f"the worker {worker} can't work: {why}")


def _in_a_file(place: StorePlace, cluster: str) -> str:
    return (
        f"the store {place} is a file, which workers on other machines don't have; for {cluster} give a database with "
        f"--store {EXAMPLE}, or take --cluster local"
    )


def _unreachable(cluster: str, error: BaseException) -> str:
    if local_workers(cluster, 1) is not None:
        return f"a cluster on this machine could not be begun ({type(error).__name__}: {error})"
    return (
        f"no Dask scheduler answers at {cluster} within {SECONDS:g} s; check the address, start one with `dask scheduler`, "
        "or take --cluster local"
    )


def _be_quiet() -> None:
    """What Dask logs about lost workers and connections is told by us, in the end, in one sentence."""
    # Dask gives many of its loggers a level of their own when it is imported.
    for name in ("distributed", "tornado", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
