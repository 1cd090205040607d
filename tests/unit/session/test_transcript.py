"""The transcript of a session, from hand-made ones."""

from __future__ import annotations

from msgspec import structs

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.events import BlobRef, Usage
from rlm_tui.session.transcript import MISSING, dollars, tokens, transcript
from tests.support.novel import build
from tests.support.sessions import Script, usage


def lines_of(script: Script, upto: int | None = None) -> list[str]:
    return list(transcript(script.entries[:upto], lambda ref: script.blobs[ref.sha]))


def small() -> tuple[Script, Document]:
    script = Script()
    document = Document.from_text("a.txt", "One line.\nAnother.\n")
    script.start([document], "Which line is the first?")
    return script, document


def test_a_whole_session_reads_from_top_to_bottom() -> None:
    script, document, _ = build()
    lines = lines_of(script)
    assert lines[0].startswith("session   7f3a0001, 2023-11-14 22:13:20 UTC")
    assert lines[1] == "question  When does Pierre first meet Natasha?"
    assert f"document  war_and_peace.txt: {document.chars:,} characters, 900 lines, prose" in lines
    wanted = (
        "the probe",
        "turn 1, gpt-5",
        "    2  print(context[:800])",
        "    2 hits",
        "0/c3.3  a node of its own, depth 1",
        "0/c3.3  returns, completed",
        "attempt 1 failed (The provider is busy (429).); again in 2.0 s",
        "breakpoint #1 set: cost>0.20",
        "you told the model: Chapter 7 is right",
        "paused, before exec: bp #1 cost>0.20",
        "IndexError: list index out of range",
        "answer by FINAL",
        "completed",
        "14 calls",
    )
    at = 0
    for words in wanted:
        at = next(n for n in range(at, len(lines)) if words in lines[n])
    assert lines[-2:] == ["answer", "    Chapter 7: he bows to the girl in yellow."]


def test_headings_carry_the_number_of_their_event() -> None:
    script, _, _ = build()
    numbers = [int(line[1 : line.index("]")]) for line in lines_of(script) if line.startswith("[")]
    assert numbers == sorted(numbers)
    assert numbers[-1] == script.entries[-1].seq
    by_number = {entry.seq: entry.event for entry in script.entries}
    told = (ev.CellProposed, ev.CellFinished, ev.CallFailed, ev.FinalProposed, ev.Paused, ev.Resumed, ev.Injected)
    assert {seq for seq, event in by_number.items() if isinstance(event, told)} <= set(numbers)


def test_the_code_of_a_reply_is_shown_once() -> None:
    script, _, _ = build()
    assert sum("print(context[-600:])" in line for line in lines_of(script)) == 1


def test_an_interrupted_session_says_what_was_under_way() -> None:
    script, _document = small()
    script.ask("0:t1", "0", purpose="turn", model="gpt-5", prompt="…", depth=0, usage=usage(10, 5, 0.1), turn=1)
    lines = lines_of(script)
    assert f"The log ends with event {len(script.entries)}; the session has no end." in lines
    assert "turn 1 was under way; it may have been billed." in lines
    cell = script.turn("0", 2, says="Now.", code="loop()", usage=usage(10, 5, 0.1))
    script.run(cell)
    script.printed(cell, "step 1\nste")
    script.printed(cell, "p 2\n")
    lines = lines_of(script)
    at = lines.index(f"cell {cell} was running; it had printed:")
    assert lines[at + 1 :] == ["    step 1", "    step 2"]


def test_nothing_in_it_can_steer_a_terminal() -> None:
    script, _ = small()
    nasty = "\x1b]0;owned\x07\x9b31m\u202edlrow\r[red]no markup[/red]"
    cell = script.turn("0", 1, says=nasty, code=f"print({nasty!r})", usage=usage(1, 1, 0.0), model=f"m{nasty}")
    script.run(cell)
    script.done(cell, nasty, echo=nasty, error=ev.CellError("E", nasty, 1, nasty), status="error")
    script.add(ev.Injected(node="0", text=nasty), ev.FinalRefused(node="0", reason=nasty))
    answer = script.put(nasty)
    script.add(ev.SessionEnded(status="failed", answer=answer, error=nasty))
    text = "\n".join(lines_of(script))
    assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in text)
    assert text.count("[red]no markup[/red]") >= 6


def test_a_text_that_is_not_kept_is_said_to_be_missing() -> None:
    script, _ = small()
    script.add(ev.FinalProposed(node="0", source="FINAL", answer=BlobRef("0" * 64, 7)))
    assert f"    {MISSING}" in lines_of(script)


def test_several_documents_and_limits_are_listed() -> None:
    script = Script()
    documents = [Document.from_text(name, "text\n") for name in ("a.txt", "b.txt")]
    limits = ev.Limits(calls=None, usd=0.5, total_tokens=2000, seconds=60, turns=1)
    script.start(documents, "Why?", limits=limits)
    lines = lines_of(script)
    assert lines[2:4] == [
        "documents a.txt: 5 characters, 1 line, prose",
        "          b.txt: 5 characters, 1 line, prose",
    ]
    assert "limits    $0.5, 2,000 tokens, 60 s, 1 turn a node" in lines


def test_the_operator_and_the_budget_are_in_it() -> None:
    script, _ = small()
    script.add(
        ev.BreakpointSet(number=1, condition="error"),
        ev.LogPoint(number=1, node="0", text="cost 0.1"),
        ev.BreakpointCleared(number=1),
        ev.PauseRequested(),
        ev.Overridden(call="0:c1.1", text="no"),
        ev.BudgetWarned(limit="calls", used=8, allowed=10),
        ev.BudgetExhausted(limit="calls", used=10, allowed=10, node="0"),
        ev.SessionEnded(status="partial", limit="calls"),
    )
    text = "\n".join(lines_of(script))
    for words in (
        "breakpoint #1 set: error",
        "breakpoint #1 says: cost 0.1",
        "breakpoint #1 cleared",
        "you asked for a pause",
        "you answered sub-call 0:c1.1 by hand",
        "80% of the budget is used: calls 8 of 10",
        "the calls budget is used up (10 of 10)",
        "partial answer (calls)",
    ):
        assert words in text


def test_figures() -> None:
    assert dollars(Usage(cost=0.0042)) == "$0.0042"
    assert dollars(Usage()) == "$0.00"
    assert dollars(Usage(cost=1.5)) == "$1.50"
    assert dollars(Usage(unpriced=1)) == "$?"
    assert dollars(Usage(cost=0.25, unpriced=1)) == "$0.25+?"
    assert tokens(Usage(input=1210, cached=200, output=96)) == "1,210 tokens in (200 cached), 96 out"
    assert tokens(Usage(input=10, output=2, estimated=True)) == "~10 tokens in, ~2 out"


def test_an_end_that_says_nothing_of_the_cost_is_not_taken_for_none() -> None:
    script, _, _ = build()
    last = script.entries[-1]
    assert isinstance(last.event, ev.SessionEnded) and last.event.usage.calls == 14
    script.entries[-1] = structs.replace(last, event=structs.replace(last.event, usage=Usage()))
    figures = next(line for line in lines_of(script) if line.startswith("    ") and " calls, " in line)
    assert "0 calls" not in figures and "$0.00" not in figures
