"""A session that was cut off, continued in the workbench: all of it is there, and nothing is asked twice."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from rlm_tui.cli.again import again_job
from rlm_tui.cli.prepare import load_settings
from rlm_tui.cli.workbench import live_options
from rlm_tui.engine.providers.scripted import Scripted
from rlm_tui.events import BlobRef, CallReserved, Entry, SessionStarted
from rlm_tui.rlm import RLM
from rlm_tui.session.fork import load_saved, resume_setup
from rlm_tui.session.interrupted import unfinished
from rlm_tui.store import MemorySession, Store
from rlm_tui.tui.app import WorkbenchApp

SCRIPT = """
turns:
  - "```repl\\nn = len(context.split())\\n```"
  - "```repl\\na = llm_query('sum up')\\n```"
  - "```repl\\nFINAL(n)\\n```"
default: short
"""


async def test_a_session_goes_on_in_the_workbench(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SCRIPT)
    path, model = tmp_path / "s.db", f"scripted:{tmp_path / 's.yaml'}"
    whole = await RLM(model=model, provider=Scripted(tmp_path / "s.yaml"), store=path).acompletion("How many?", "a b c")
    with Store.open(path) as store:
        entries = store.reader.entries(whole.session_id)
        shas = [row[0] for row in store.reader.query("SELECT DISTINCT sha FROM blob")]
        texts = {sha: store.reader.text(BlobRef(sha, 1)) for sha in shas}
        at = next(e.seq for e in entries if isinstance(e.event, CallReserved) and e.event.call == "0:c2.1")
        started = entries[0].event
        assert isinstance(started, SessionStarted)
        cut = [Entry(1, entries[0].at, replace(started, session="cutoff")), *entries[1:at]]
        store.add(MemorySession("cutoff", cut, texts))
        assert [row.id for row in unfinished(store)] == ["cutoff"]
        setup = resume_setup(load_saved(store, "cutoff"), store=path)
    job = again_job(setup, load_settings({"store": str(path)}))
    app = WorkbenchApp(live_options(job, paused=True))
    async with app.run_test(size=(120, 36)) as pilot:
        while app.view.head.paused is None:
            await pilot.pause(0.02)
        paused = app.view.head.paused
        # Turn 1 lies behind; the block that was cut off waits to run again.
        assert paused.cell == "0:c2" and "0:t1" in app.view.head.calls
        await pilot.press("c")
        while not app.view.head.over:
            await pilot.pause(0.02)
        assert app.view.head.status == "completed"
    with Store.open(path) as store:
        calls = [e.event.call for e in store.reader.entries("cutoff") if isinstance(e.event, CallReserved)]
        assert calls == ["0:t1", "0:t2", "0:c2.1", "0:t3"]
        assert unfinished(store) == []
