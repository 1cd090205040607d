"""The report in Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from rlm_tui import events as ev
from rlm_tui.session.exporting import export
from rlm_tui.store import MemorySession
from tests.support.novel import build
from tests.unit.session.report.test_page import HOSTILE, hostile, novel


def report(session: MemorySession, folder: Path, redact: bool = False) -> str:
    export(session, folder / "report.md", "md", redact=redact)
    return (folder / "report.md").read_text(encoding="utf-8")


def outside_of_fences(text: str) -> str:
    """What a reader of Markdown takes for markup."""
    out, mark = [], ""
    for line in text.splitlines():
        if mark:
            mark = "" if line.strip() == mark else mark
        elif fence := re.match(r"`{3,}", line):
            mark = fence[0]
        else:
            out.append(line)
    assert not mark, "a block is not closed"
    return "\n".join(out)


def test_it_tells_the_session(tmp_path: Path) -> None:
    text = report(novel(), tmp_path)
    assert text.startswith("# When does Pierre first meet Natasha?\n\n**completed** · session `7f3a0001`")
    assert "Chapter 7: he bows to the girl in yellow." in text
    heads = re.findall(r"^#+ .*", outside_of_fences(text), re.MULTILINE)
    assert heads[1:5] == ["## Answer", "## What was read", "## What it took", "## The run"]
    assert "### Turn 3" in heads and "#### Node 0/c3.3, depth 1" in heads and "###### Sub-call 0/c3.3:c1.1" in heads
    assert "| gpt-5-mini | 9 | 61,100 | 0 | 248 | $0.1696 |" in text
    assert "IndexError: list index out of range" in text
    assert "* injected: Chapter 7 is right" in text
    assert re.search(r"\[… 4,9\d\d characters left out …\]", text)


def test_no_text_becomes_markup(tmp_path: Path) -> None:
    session = hostile()
    text = outside_of_fences(report(session, tmp_path))
    assert not re.search(r"(?<!\\)<", text)
    assert not set("\x1b\u202e\u2028") & set(text)


def test_a_block_can_not_be_closed_from_inside(tmp_path: Path) -> None:
    script_text = "```\n# not a heading\n````\n"
    session = novel()
    (ref,) = {e.event.answer for e in session.entries() if type(e.event).__name__ == "SessionEnded"}
    session._texts = {**session._texts, ref.sha: script_text}  # type: ignore[dict-item]
    text = report(session, tmp_path)
    assert "`````\n```\n# not a heading\n````\n`````\n" in text
    assert "# not a heading" not in outside_of_fences(text)


def test_redacted(tmp_path: Path) -> None:
    text = report(novel(), tmp_path, redact=True)
    assert not any(word in text for word in ("Pierre", "Natasha", "yellow", "countess", "CHAPTER", "war_and_peace"))
    assert "$0.2226" in text and "not kept with the session" in text
    assert HOSTILE not in text


def test_a_session_that_was_asked_again_names_all_its_questions(tmp_path: Path) -> None:
    script, _, _ = build()
    script.add(ev.SessionAsked(query="And when for the *second* time?"))
    script.add(ev.SessionEnded(status="completed", answer=script.put("At the ball.")))
    session = MemorySession("7f3a0001", script.entries, script.blobs)
    text = report(session, tmp_path)
    assert text.startswith(
        "# And when for the \\*second\\* time?\n\nAsked before: When does Pierre first meet Natasha?\n"
    )
    export(session, tmp_path / "page.html", "html")
    assert '"before":["When does Pierre first meet Natasha?"]' in (tmp_path / "page.html").read_text(encoding="utf-8")
