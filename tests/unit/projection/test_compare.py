"""Two and three sessions side by side: how rows are paired, what differs, and how that is said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rlm_tui import events as ev
from rlm_tui.events import Entry, Span, Variable
from rlm_tui.projection.compare import Comparison, Pair, Session, compare
from rlm_tui.projection.fold import fold
from tests.support.novel import build
from tests.support.sessions import Script, usage
from tests.support.small import Small


def session(script: Script, upto: int | None = None) -> Session:
    return Session(fold(script.entries[:upto]), lambda ref: script.blobs[ref.sha])


def pair_of(a: Script, b: Script) -> Pair:
    return compare([session(a), session(b)]).pairs[0]


def first(a: Script, b: Script) -> str:
    found = pair_of(a, b).first
    assert found is not None
    return found.sentence


def kinds(pair: Pair) -> list[str]:
    assert pair.root is not None
    return [turn.kind for turn in pair.root.turns]


def test_a_session_is_the_same_as_itself() -> None:
    script, _, _ = build()
    comparison = compare([session(script), session(script)])
    (pair,) = comparison.pairs
    assert comparison.same and pair.same and pair.same_answer
    assert pair.first is None and pair.words is None and pair.settings == () and pair.variables == ()
    assert set(kinds(pair)) == {"same"}
    (read,) = pair.coverage
    assert read.both > 0 and read.only_a == read.only_b == 0


@pytest.mark.parametrize("upto", range(0, 60, 7))
def test_any_moment_of_a_session_can_be_compared_with_its_end(upto: int) -> None:
    script, _, _ = build()
    comparison = compare([session(script), session(script, upto)])
    assert not comparison.same


def test_another_pattern_is_named() -> None:
    a = Small(
        "print(len(context))", "import re\nhits = [m for m in re.finditer('Natasha', context)]\nprint(len(hits))"
    ).end()
    b = Small(
        "print(len(context))",
        "import re\npats = ['Natasha', r'\\bRost(ov|ova)\\b']\n"
        "hits = [m for p in pats for m in re.finditer(p, context)]\nprint(len(hits))",
    ).end()
    assert first(a, b) == (
        "turn 2: A searched for 'Natasha' once; B added r'\\bRost(ov|ova)\\b'; before it everything is equal"
    )
    assert kinds(pair_of(a, b)) == ["same", "same", "changed"]


def test_an_inserted_turn_shifts_nothing() -> None:
    codes = ["print(context[:100])", "hits = context.count('Pierre')", "FINAL(hits)"]
    a = Small(*codes).end()
    b = Small(codes[0], "import math\nprint(math.pi)", *codes[1:]).end()
    pair = pair_of(a, b)
    assert kinds(pair) == ["same", "same", "added", "same", "same"]
    assert pair.first is not None and (pair.first.a, pair.first.b) == (None, "0:t2")
    assert pair.first.sentence == ("turn 2 of B: only B has this turn: `print(math.pi)`; before it everything is equal")


def test_code_that_has_nothing_in_common_stands_in_the_same_place() -> None:
    a = Small("print(1)", "names = sorted(set(context.split()))").end()
    b = Small("print(1)", "FINAL('x')").end()
    pair = pair_of(a, b)
    assert kinds(pair)[-1] == "replaced"
    assert "turn 2: " in first(a, b)


def test_one_session_goes_on_where_the_other_has_ended() -> None:
    a = Small("print(1)").end()
    b = Small("print(1)", "print(2)").end()
    assert first(a, b) == (
        "turn 2 of B: A had ended (completed), B went on with `print(2)`; before it everything is equal"
    )


def test_other_words_around_the_same_code_are_no_difference() -> None:
    a, b, c = Small(), Small(), Small()
    for script, says, output in ((a, "One.", "1"), (b, "Two.", "1"), (c, "Two.", "1")):
        script.step("print(1)", output, says=says)
    for script, output in ((a, "2"), (b, "2"), (c, "3")):
        script.step("print(n)", output)
    pair = pair_of(a.end(), b.end())
    assert pair.same and pair.first is None and pair.words == "turn 1"
    assert first(a, c.end()) == (
        "turn 2: the same code ran: A printed `2`, B `3`; before it only the words around the code differ, from turn 1 on"
    )


def test_a_sub_call_with_another_reply_is_the_first_difference() -> None:
    a, b = Small("print(1)"), Small("print(1)")
    a.step("r = ask()", "yes", leaves=[("Is it here?", "no"), ("Is it there?", "yes")])
    b.step("r = ask()", "no", leaves=[("Is it here?", "no"), ("Is it there?", "never")])
    pair = pair_of(a.end(), b.end())
    assert pair.first is not None and (pair.first.a, pair.first.b) == ("0:c2.2", "0:c2.2")
    assert pair.first.sentence == (
        "turn 2, sub-call 2: the same prompt got another reply: A got `yes`, B `never`; before it everything is equal"
    )
    assert pair.root is not None
    assert [call.kind for call in pair.root.turns[2].calls] == ["same", "changed"]


def test_sub_calls_are_paired_by_what_they_ask_then_by_place() -> None:
    a, b = Small(), Small()
    a.step("ask()", leaves=[("one", "1"), ("two", "2"), ("three", "3")])
    b.step("ask()", leaves=[("two", "2"), ("one", "1"), ("drei", "3"), ("four", "4")])
    root = pair_of(a.end(), b.end()).root
    assert root is not None
    calls = root.turns[1].calls
    assert [(call.kind, call.a, call.b) for call in calls] == [
        ("same", "0:c1.1", "0:c1.2"),
        ("same", "0:c1.2", "0:c1.1"),
        ("changed", "0:c1.3", "0:c1.3"),
        ("added", None, "0:c1.4"),
    ]
    assert calls[2].differs == ("prompt",)


def test_a_sub_call_made_in_another_turn_has_moved() -> None:
    a, b = Small(), Small()
    a.step("x = llm_query('one')", leaves=[("one", "1")])
    b.step("print(context.count('a'), 'nothing else to be done here')")
    b.step("for part in context.split('\\n\\n'):\n    y = part.upper()\n    llm_query('one')", leaves=[("one", "1")])
    root = pair_of(a.end(), b.end()).root
    assert root is not None
    moved = [(turn.kind, call.kind) for turn in root.turns for call in turn.calls]
    assert moved in ([("removed", "moved"), ("added", "moved")], [("replaced", "moved"), ("added", "moved")]), moved


def child(script: Small, answer: str, code: str) -> None:
    script.turns += 1
    cell = script.turn("0", script.turns, says="", code="r = rlm_query('q', part)", usage=usage(10, 1, 0.1))
    script.run(cell)
    node = f"0/c{script.turns}.1"
    script.node(node, 1, "m", "q", chars=10, cell=cell, ordinal=1)
    inner = script.turn(node, 1, says="", code=code, usage=usage(10, 1, 0.1), depth=1)
    script.run(inner)
    script.done(inner, "x")
    script.add(ev.NodeEnded(node=node, status="completed", answer=script.put(answer)))
    script.done(cell, answer)


def test_a_difference_inside_a_child_node_is_found_there() -> None:
    a, b = Small(), Small("print(0)")
    child(a, "1", "FINAL(context.find('x'))")
    child(b, "2", "FINAL(context.find('y'))")
    pair = pair_of(a.end(), b.end())
    assert pair.root is not None
    (call,) = pair.root.turns[2].calls
    assert call.node is not None and (call.node.a, call.node.b) == ("0/c1.1", "0/c2.1")
    same = Small("print(0)")
    child(same, "2", "FINAL(context.find('x'))")
    assert first(same.end(), b) == (
        "turn 2, sub-call 1 (a node of its own), turn 1: A searched for 'x', B for 'y'; before it everything is equal"
    )


def test_the_operators_hand_is_named() -> None:
    a, b = Small("print(1)"), Small("print(1)")
    cell_a = a.turn("0", 2, says="", code="print(len(context))", usage=usage(1, 1, 0))
    cell_b = b.turn("0", 2, says="", code="print(len(context))", usage=usage(1, 1, 0))
    b.add(ev.CellEdited(cell=cell_b, code=b.put("print(len(context) + 1)")))
    for script, cell in ((a, cell_a), (b, cell_b)):
        script.run(cell)
        script.done(cell, "x")
    assert first(a.end(), b.end()).startswith("turn 2: you changed the code in B: ")
    told = Small("print(1)")
    told.add(ev.Injected(node="0", text="look in chapter 3"))
    cell = told.turn("0", 2, says="", code="print(context[100:])", usage=usage(1, 1, 0))
    prompt = told.put("The operator says: look in chapter 3")
    told.entries = [
        Entry(e.seq, e.at, replace(e.event, messages=(ev.Message("user", prompt),)))
        if isinstance(e.event, ev.CallReserved) and e.event.call == "0:t2"
        else e
        for e in told.entries
    ]
    told.run(cell)
    told.done(cell, "x")
    assert first(a, told.end()).startswith("turn 2: you told B `look in chapter 3`: ")


def test_what_was_asked_and_how_is_compared_as_well() -> None:
    a = Small("print(1)").end()
    b = Small("print(1)", query="Where?", model="gpt-5-mini", limits=ev.Limits(usd=2.0)).end()
    pair = pair_of(a, b)
    found = {setting.name: (setting.a, setting.b) for setting in pair.settings}
    assert found["question"] == ("When?", "Where?")
    assert found["model"] == ("gpt-5", "gpt-5-mini")
    assert found["limits.usd"] == ("1.0", "2.0")
    assert not pair.same
    other_model = Small("print(1)", model="gpt-5-mini").end()
    assert pair_of(a, other_model).same


def test_numbers_of_each_and_by_how_much_they_differ() -> None:
    a = Small("print(1)").end()
    b = Small("print(1)", "print(2)", "1/0").end()
    b.step("x", status="error", error=ev.CellError("NameError", "name 'x' is not defined"))
    figures = {figure.name: figure for figure in compare([session(a), session(b)]).figures}
    assert figures["cost"].values == pytest.approx((0.01, 0.04))
    assert figures["cost"].change(1) == pytest.approx(3.0)
    assert figures["turns"].values == (1, 4)
    assert figures["errors"].values == (0, 1) and figures["errors"].change(1) is None
    assert figures["tokens in"].values == (100, 400)


def test_an_unknown_price_is_no_number() -> None:
    a, b = Small("print(1)"), Small()
    b.turn("0", 1, says="", code="print(1)", usage=usage(100, 10, 0.0, unpriced=1))
    figures = {figure.name: figure for figure in compare([session(a), session(b)]).figures}
    assert figures["cost"].values == (pytest.approx(0.01), None) and figures["cost"].change(1) is None


def test_variables_and_errors_and_answers() -> None:
    a, b = Small(), Small()
    a.step(
        "hits = find()", variables=(Variable("hits", "list", 17, "[1, 2]", "new"), Variable("k", "int", None, "1", ""))
    )
    b.step(
        "hits = find()", variables=(Variable("hits", "list", 52, "[1, 3]", "new"), Variable("k", "int", None, "1", ""))
    )
    pair = pair_of(a.end(), b.end("1806"))
    assert [(v.name, v.a, v.b) for v in pair.variables] == [("hits", "list[17] [1, 2]", "list[52] [1, 3]")]
    assert not pair.same_answer
    assert first(a, b).startswith(
        "turn 1: the same code left `list[17] [1, 2]` in hits in A and `list[52] [1, 3]` in B"
    )
    failed, ran = Small("y"), Small("y")
    failed.step("x", "", status="error", error=ev.CellError("NameError", "no x"))
    ran.step("x", "")
    assert first(failed, ran) == (
        "turn 2: the same code failed in A (`NameError: no x`) and ran in B; before it everything is equal"
    )


def test_equal_turns_with_another_answer() -> None:
    a, b = Small("print(1)").end("1805"), Small("print(1)").end("1806")
    pair = pair_of(a, b)
    assert not pair.same and not pair.same_answer
    assert first(a, b) == "the end: A answered `1805`, B `1806`; before it everything is equal"


def test_coverage_is_compared_where_the_document_is_the_same() -> None:
    a, b = Small(), Small()
    a.ask(
        "0:t1",
        "0",
        purpose="turn",
        model="m",
        prompt="p",
        depth=0,
        usage=usage(1, 1, 0),
        turn=1,
        spans=(Span(0, 0, 100),),
    )
    b.ask(
        "0:t1",
        "0",
        purpose="turn",
        model="m",
        prompt="p",
        depth=0,
        usage=usage(1, 1, 0),
        turn=1,
        spans=(Span(0, 60, 180),),
    )
    (read,) = pair_of(a, b).coverage
    assert (read.both, read.only_a, read.only_b) == (40, 60, 80)


def test_three_sessions_are_each_compared_with_the_first() -> None:
    a, b, c = Small("print(1)").end(), Small("print(1)").end(), Small("print(2)").end()
    comparison: Comparison = compare([session(a), session(b), session(c)])
    assert [side.name for side in comparison.sides] == ["A", "B", "C"]
    assert [(pair.side, pair.same) for pair in comparison.pairs] == [(1, True), (2, False)]
    assert comparison.pairs[1].first is not None and "C's has `print(2)`" in comparison.pairs[1].first.what
    assert len(comparison.figures[0].values) == 3


@pytest.mark.parametrize("number", [0, 1, 4])
def test_other_numbers_of_sessions_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="two or three"):
        compare([session(Small())] * number)


def test_missing_texts_do_not_keep_a_log_from_being_compared() -> None:
    a, b = Small("print(1)").end(), Small("print(2)").end()
    states = [session(a).state, session(b).state]

    def nothing(ref: ev.BlobRef) -> str:
        raise KeyError(ref.sha)

    assert not compare([Session(state, nothing) for state in states]).same


def test_a_log_of_damaged_or_no_events_is_compared_all_the_same() -> None:
    empty = Session(fold([]), lambda ref: "")
    assert compare([empty, empty]).same
    assert not compare([empty, session(Small("print(1)").end())]).same
