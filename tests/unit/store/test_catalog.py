from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_tui.events import Usage
from rlm_tui.store import Store, StoreError, lease
from tests.unit.store import samples
from tests.unit.store.outside import is_file, outside


async def test_the_newest_comes_first_in_pages(store: Store) -> None:
    for number in range(5):
        log = store.create(f"{number}aaaaaaaaaaa")
        await samples.play(log, log.session, turns=1)
    ids = [row.id[0] for row in store.catalog.list()]
    assert ids == ["4", "3", "2", "1", "0"]
    assert [row.id[0] for row in store.catalog.list(limit=2, offset=1)] == ["3", "2"]
    assert store.catalog.find("last").id[0] == "4"


async def test_a_session_is_found_by_a_unique_beginning(store: Store) -> None:
    for session in ("abc123456789", "abd123456789", "ff", "ff0000000000"):
        await samples.play(store.create(session), session, turns=1, query="Who is\n  the [bold]spy[/bold]? " + "x" * 90)
    assert store.catalog.find("abc").id == "abc123456789"
    assert store.catalog.find(" ABD ").id == "abd123456789"
    assert store.catalog.find("ff").id == "ff"
    with pytest.raises(StoreError) as problem:
        store.catalog.find("ab")
    text = str(problem.value)
    assert text.startswith("'ab' could be 2 sessions: abd123456789 (Who is the [bold]spy")
    assert "abc123456789" in text and text.endswith("; type more of the id") and "\n" not in text


async def test_a_long_list_of_candidates_is_cut(store: Store) -> None:
    for number in range(12):
        await samples.play(store.create(f"a{number:02}"), f"a{number:02}", turns=1)
    with pytest.raises(StoreError, match=r"could be 12 sessions: .* and 4 more; type"):
        store.catalog.find("a")


@pytest.mark.parametrize("text", ["", "%", "zz", "a b", "../x", "'", "x" * 500, "é", "_"])
async def test_an_unknown_session_says_what_to_do(store: Store, text: str) -> None:
    await samples.play(store.create("abc"), "abc", turns=1)
    with pytest.raises(StoreError, match="`rlm-tui sessions` lists them"):
        store.catalog.find(text)


def test_last_of_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match="no sessions yet"):
        store.catalog.find("last")


async def test_sums(store: Store) -> None:
    for session in ("a", "b"):
        await samples.play(store.create(session), session, turns=2)
    sums = store.catalog.sums()
    assert (sums.sessions, sums.events) == (2, 2 * 21)
    assert sums.usage == Usage(calls=4, input=80, cached=20, output=28, cost=1.0)
    assert store.catalog.get("nope") is None


async def test_a_session_whose_process_is_gone_is_interrupted(path: Path, store: Store) -> None:
    log = store.create("abc")
    await log.append(samples.started(log, "abc"))
    assert store.catalog.find("abc").status == "running"
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    connection = outside(path)
    connection.execute("UPDATE lease SET pid = ?", (process.pid,))
    assert store.catalog.find("abc").status == "interrupted"
    connection.execute("UPDATE lease SET pid = ?, start = 'earlier'", (os.getpid(),))
    assert store.catalog.find("abc").status == "interrupted"
    connection.execute("UPDATE lease SET host = 'elsewhere'")
    # Nothing tells of another machine's processes but a server that they are connected to.
    assert store.catalog.find("abc").status == ("running" if is_file(path) else "interrupted")
    connection.close()


def test_a_dead_process_does_not_keep_a_session(path: Path) -> None:
    program = f"""
import os
from rlm_tui.store import Store
from rlm_tui.events import PauseRequested
Store.open({str(path)!r}).create("abc").append_now(PauseRequested())
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 9
    with Store.open(path) as store:
        assert store.catalog.find("abc").status == "interrupted"
        log = store.resume("abc")
        assert store.catalog.find("abc").status == "running"
        assert log.append_now(samples.node())[0].seq == 2
    with Store.open(path) as store:
        assert store.catalog.find("abc").status == "interrupted"


def test_this_process_is_alive() -> None:
    pid = os.getpid()
    assert lease.alive(pid, lease.host(), lease.started(pid))
    assert lease.alive(pid, lease.host(), "")


def test_a_process_that_ended_unnoticed_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = lease.started(process.pid)
    assert lease.alive(process.pid, lease.host(), start)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not lease.alive(process.pid, lease.host(), start)
    process.communicate()
    assert not lease.alive(process.pid, lease.host(), start)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("cost>0.6", "c"),
        ("cost<=0.5 and status:completed", "ba"),
        ("tag:good", "b"),
        ("score>=4 or tag==good", "cb"),
        ('text:"spy in the garden"', "a"),
        ('"MET BOB IN 1815"', "cba"),
        ("code~context not query~spy", "cb"),
        ("model~small depth==0", "cba"),
        ("reply~nonsense", ""),
        ("since:1d", "cba"),
        ("before:1d", ""),
        ("events>21 document:met.txt", "c"),
        ("answer==Ada final not error", "cba"),
        ("note~look", "b"),
        ("id:b", "b"),
    ],
)
async def test_conditions(store: Store, condition: str, found: str) -> None:
    from rlm_tui.projection.conditions import parse

    for session, turns, query in (("a", 1, "Where is the spy in the garden?"), ("b", 2, "Who?"), ("c", 3, "What?")):
        await samples.play(store.create(session), session, turns, query)
    store.tag("b", "good")
    store.note("b", "look again")
    store.score("c", 5)
    rows = store.catalog.list(where=parse(condition))
    assert "".join(row.id for row in rows) == found
    assert store.catalog.list(limit=1, offset=1, where=parse(condition)) == rows[1:2]


async def test_a_condition_goes_through_many_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlm_tui.projection.conditions import parse

    monkeypatch.setattr("rlm_tui.store.catalog.PAGE", 2)
    for number in range(7):
        await samples.play(store.create(f"{number}"), f"{number}", turns=number % 2 + 1)
    assert [row.id for row in store.catalog.list(where=parse("turns==2"))] == ["5", "3", "1"]


def test_every_fact_is_one_that_conditions_know() -> None:
    from rlm_tui.projection.conditions import FACTS
    from rlm_tui.store.facts import _FACTS

    assert set(_FACTS) <= set(FACTS)


def test_a_condition_is_put_to_every_session_once_across_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlm_tui.projection.conditions import parse
    from rlm_tui.store import catalog
    from rlm_tui.store.row import WRITE, SessionRow, to_sql

    # Many began at the same moment, as those of one batch do.
    rows = [SessionRow(id=f"s{n:03}", created=float(n // 7), cost=n / 100, status="completed") for n in range(60)]
    store._writer.call(lambda connection: connection.executemany(WRITE, [to_sql(row) for row in rows]))
    monkeypatch.setattr(catalog, "PAGE", 4)
    everything = [row.id for row in store.catalog.list()]
    assert [row.id for row in store.catalog.list(where=parse("cost>=0"))] == everything and len(everything) == 60
    dear = [row.id for row in store.catalog.list(where=parse("cost>0.3"))]
    assert dear == [name for name in everything if int(name[1:]) > 30]
    assert [row.id for row in store.catalog.list(5, 10, parse("cost>0.3"))] == dear[10:15]
