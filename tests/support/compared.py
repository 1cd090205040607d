"""Sessions that part, for tests of the diff screen."""

from __future__ import annotations

from rlm_tui.projection.compare import Comparison, Session, compare
from rlm_tui.projection.fold import fold
from rlm_tui.tui.diff_app import DiffApp
from tests.support.sessions import Script
from tests.support.small import Small

SEARCH = "import re\nhits = re.findall('Pierre', context)\nprint(len(hits))"
ASKING = "x = [llm_query(p) for p in parts]"


def scripts() -> dict[str, Script]:
    """Three sessions: another pattern and one turn more in B; another reply in C."""
    a, b, c = (Small("print(len(context))") for _ in range(3))
    for script, pattern, reply in ((a, "'Pierre'", "no"), (b, "'Natasha'", "no"), (c, "'Pierre'", "maybe")):
        script.step(SEARCH.replace("'Pierre'", pattern), "17" if script is not b else "52")
        script.step("print(1)", "1")
        script.step(ASKING, leaves=[("Is it [b]here[/b]?\x1b[31m", "yes"), ("Is it there?", reply)])
    b.step("FINAL('chapter 8')")
    return {"7f3a00aa": a.end("Chapter 7"), "7f3b00aa": b.end("Chapter 8"), "6e1000aa": c.end("Chapter 7")}


def sides(names: str = "AB") -> tuple[Comparison, list[Session]]:
    """The first sessions of `scripts`, compared."""
    chosen = list(scripts().values())[: len(names)]
    sessions = [_session(script) for script in chosen]
    return compare(sessions), sessions


def diff_app(names: str = "AB", glyphs: str = "unicode") -> DiffApp:
    """The diff screen on its own."""
    return DiffApp(*sides(names), glyphs=glyphs)


def _session(script: Script) -> Session:
    return Session(fold(script.entries), lambda ref: script.blobs[ref.sha])
