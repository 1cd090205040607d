from __future__ import annotations

import pytest

from rlm_tui.events import Span
from rlm_tui.projection.conditions import FACTS, Condition, ConditionError, parse

FACTS_NOW: dict[str, object] = {
    "stop": "before_exec",
    "node": "0/c2.1",
    "depth": 1,
    "turn": 5,
    "model": "claude-Haiku-4.5",
    "error": "ValueError: no such line",
    "final": False,
    "code": "hits = llm_query('x')\nprint(hits)",
    "output": "found 12 hits\nid=345\n",
    "cost": 0.75,
    "calls": 21,
    "tokens.in": 120_000,
    "latency": 31.5,
    "budget.usd": 0.81,
    "reads": [Span(0, 1_200_000, 1_300_000)],
    "var": frozenset({"hits"}),
    "tag": ["demo", "Tolstoy"],
    "text": ["When does Pierre first meet Natasha?", "other"],
    "age": 3 * 86400.0,
    "started": 1_764_000_000.0,
    "status": "partial",
}


@pytest.mark.parametrize(
    "text",
    [
        "depth>=1",
        "error",
        "not final",
        "turn==5",
        "turn = 5",
        "cost>0.50",
        "cost > $0.50",
        "cost:>0.1",
        "turn:5",
        "budget.usd>80%",
        "budget.usd>0.8",
        "tokens.in>100k",
        "tokens.in>=0.12M",
        "model~haiku",
        "model:haiku",
        "model!~opus",
        "model!=gpt-5",
        "model==claude-haiku-4.5",
        'code~"llm_query"',
        "code~'llm_query'",
        r"output~/id=\d+$/",
        "output~/FOUND/i",
        "error~valueerror",
        "reads(1.0M..1.5M)",
        "reads(..1201k)",
        "reads(1M..)",
        "calls>20",
        "latency>30s",
        "latency>0.5m",
        "latency>31000ms",
        "var hits changed",
        "every 5",
        "before_exec",
        "stop==before_exec",
        "tag:tolstoy",
        "tag==demo",
        'text:"first meet"',
        '"first meet"',
        "since:7d",
        "before:2d",
        "since:2025-11-01",
        "before:2026-01-01",
        "not (cost>1 or calls>100)",
        "cost>1 or calls>20",
        "cost>0.1 status:partial tag:demo since:7d",
        "cost>0.1 && !final || depth>9",
        "COST>0.5 AND NOT FINAL",
        "depth ≥ 1",
        'log "cost {cost}"',
        'error and log "x"',
    ],
)
def test_true(text: str) -> None:
    assert parse(text).test(FACTS_NOW)


@pytest.mark.parametrize(
    "text",
    [
        "depth>=2",
        "final",
        "not error",
        "turn==4",
        "cost>0.75",
        "budget.usd>81%",
        "model~gpt",
        "output~/^345/",
        "output~/found.*345/",
        "reads(0..1.2M)",
        "reads(1.3M..)",
        "var other changed",
        "every 2",
        "on_final",
        "tag==tol",
        "since:2d",
        "before:7d",
        "since:2026-01-01",
        "cost>0.1 and calls>100",
        "cost>0.1 (calls>100 or depth>5)",
    ],
)
def test_false(text: str) -> None:
    assert not parse(text).test(FACTS_NOW)


@pytest.mark.parametrize(
    "text",
    [
        "cost>0", "cost!=1", "model!~x", "model!=x", "error", "final", "reads(0..)", "var x changed", "every 1", "since:7d",
        "before:7d", "at_subcall", '"x"',
    ],
)  # fmt: skip
def test_missing_facts_are_false(text: str) -> None:
    assert not parse(text).test({})
    assert not parse(text).test(dict.fromkeys(FACTS_NOW))
    assert parse(f"not {text}").test({})


def test_odd_values_are_false_and_raise_nothing() -> None:
    odd = {name: object() for name in FACTS} | {"reads": 7, "var": 7, "turn": "5", "cost": float("nan"), "calls": True}
    for text in ("cost>0", "calls>0", "calls==1", "model~x", "reads(0..)", "var x changed", "every 1", "turn==5"):
        assert not parse(text).test(odd)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("cost>.5  and depth >= 2", "cost>.5 and depth>=2"),
        ("cost>0.1 model:gpt-5", "cost>0.1 and model~gpt-5"),
        ("(error)", "error"),
        ("error && (final || cost>1)", "error and (final or cost>1)"),
        ("(error and final) and cost>1", "error and final and cost>1"),
        ("error or (final and cost>1)", "error or final and cost>1"),
        ("!(error or final)", "not (error or final)"),
        ("not not error", "not not error"),
        ("calls>1_000m", "calls>1000M"),
        ("text:'two words'", 'text~"two words"'),
        ('log "a \\"b\\"" error or final', '(error or final) log "a \\"b\\""'),
        ("output~/a\\/b/i", "output~/a\\/b/i"),
        ("since:2025-1-2", "since:2025-01-02"),
        ("reads( 1k .. 2K )", "reads(1k..2k)"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    condition = parse(text)
    assert str(condition) == canonical
    assert parse(canonical) == condition


def test_names() -> None:
    assert parse('cost>1 and (model~x or not final) and reads(0..9) log "{turn}"').names == {
        "cost",
        "model",
        "final",
        "reads",
    }
    assert parse("every 5").names == {"turn"}
    assert parse("since:7d").names == {"age"}
    assert parse("at_subcall").names == {"stop"}
    assert parse('log "x"').names == frozenset()


def test_log_messages() -> None:
    condition = parse(
        'depth>=0 log "d{depth} {cost} {budget.usd} {latency} {tokens.in} {tag} {error} {final} {nodes} {x y}"'
    )
    assert condition.log is not None
    assert condition.message(FACTS_NOW) == (
        "d1 $0.7500 81% 31.5s 120,000 Tolstoy, demo ValueError: no such line no ? {x y}"
    )
    assert len(parse('log "{code}"').message({"code": "x\n" * 5000})) == 200
    assert parse("error").message(FACTS_NOW) == ""


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "is empty"),
        ("   ", 0, "is empty"),
        ("coost>1", 0, "did you mean cost?"),
        ("depth>=2 and modle~x", 13, "did you mean model"),
        ("price>1", 0, "did you mean cost"),
        ("budget>1", 0, "did you mean budget.usd"),
        ("zzzz>1", 0, "possible: cost"),
        ("cost", 4, "as in cost>0.50"),
        ("model", 5, "as in model~word"),
        ("cost>", 5, "a number is missing"),
        ("cost>abc", 5, "abc is no number"),
        ("cost>1x", 5, "possible: k M G"),
        ("latency>30y", 8, "possible: ms s m h d w"),
        ("calls>50%", 6, "percent make sense"),
        ("budget.usd>80", 11, "80%"),
        ("cost~1", 4, "cost is a number"),
        ("model>1", 5, "model is a text"),
        ("model~", 6, "a text is missing"),
        ('code~"abc', 5, "no closing"),
        ("output~/abc", 7, "no closing /"),
        ("output~//", 7, "is empty"),
        ("output~/(/", 8, "regular expression is wrong"),
        ("output~/(a+)+/", 8, "repeat inside a repeat"),
        ("(error", 0, "no closing one"),
        ("error)", 5, ") does not fit"),
        ("error and", 9, "missing at the end"),
        ("and error", 0, "missing before and"),
        ("error or or final", 9, "missing before or"),
        ("not", 3, "missing at the end"),
        ("reads(5..1)", 5, "range is empty"),
        ("reads(a..b)", 5, "a is no number"),
        ("reads 5", 6, "as in reads(1.0M..1.5M)"),
        ("reads(..)", 5, "as in reads"),
        ("var hits", 4, "as in var hits changed"),
        ("every x", 6, "as in every 5"),
        ("every 0", 6, "as in every 5"),
        ("since:soon", 6, "as in since:7d"),
        ("since:2025-13-01", 6, "is no date"),
        ("log cost", 4, "as in log"),
        ('log "{coost}"', 4, "did you mean cost?"),
        ('error log "a" log "b"', 14, "one log message"),
        ('(error log "a")', 7, "log does not fit"),
        ("=5", 0, "does not begin a condition"),
        ("(" * 100 + "error", 60, "nested too deeply"),
        ("x" * 5000, 0, "too long"),
    ],
)
def test_errors_say_what_where_and_what_is_possible(text: str, position: int, said: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    error = caught.value
    assert said in error.message
    assert error.position == position
    assert f"(at character {position + 1})" in str(error)
    assert "\n" not in str(error)


def test_suggestions_are_given_as_data() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("tokens.inn>5")
    assert caught.value.suggestions[0] == "tokens.in"


def test_equal_conditions_are_equal() -> None:
    assert parse("tokens.in>100k") == parse("tokens.in > 100000")
    assert parse("error") == Condition(parse("error").expression)
    assert parse("error") != parse("final")


def test_every_fact_can_be_asked_about() -> None:
    for fact in FACTS.values():
        text = {"text": f"{fact.name}~x", "flag": fact.name, "share": f"{fact.name}>1%"}.get(
            fact.kind, f"{fact.name}>1"
        )
        assert parse(text).names == {fact.name} and fact.about
