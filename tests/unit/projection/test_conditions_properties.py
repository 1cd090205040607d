from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rlm_tui.patterns import Pattern, PatternError
from rlm_tui.projection.conditions import FACTS, STOPS, ConditionError, parse

WORDS = """
and or not ( ) ~ !~ == != > >= : /a+/ "x y" 'q' 5 80% 1.5M 30s reads( .. var changed every log since:7d before: 2025-11-30 && || !
"""
PIECES = st.sampled_from([*FACTS, *STOPS, *WORDS.split(), " "])


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=12).map("".join)))
@example("not " * 2000)
@example("cost>" + "9" * 400)
@example("every ²")
@example("since:٢٠٢٥-١-١")
@example("output~/\\")
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    try:
        condition = parse(text)
    except ConditionError as error:
        assert 0 <= error.position <= len(text)
        return
    assert parse(str(condition)) == condition
    assert condition.test({}) in (True, False)


NUMBERS = st.one_of(
    st.integers(0, 10**9).map(str),
    st.decimals(0, 1000, places=2).map(str),
    st.tuples(st.integers(0, 999), st.sampled_from(["k", "M", "G"])).map(lambda p: f"{p[0]}{p[1]}"),
)
QUOTED = st.text(max_size=20).filter(bool).map(
    lambda t: '"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"'
)  # fmt: skip


def by_kind(*kinds: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, fact in FACTS.items() if fact.kind in kinds])


TESTS = st.one_of(
    st.builds(
        "{}{}{}".format, by_kind("number", "money"), st.sampled_from([">", "<", ">=", "<=", "==", "!=", ":"]), NUMBERS
    ),
    st.builds("{}>{}%".format, by_kind("share"), st.integers(0, 100)),
    st.builds("{}<{}{}".format, by_kind("seconds"), st.integers(0, 999), st.sampled_from(["s", "ms", "m", "h", "d"])),
    st.builds("{}{}{}".format, by_kind("text", "flag"), st.sampled_from(["~", "!~", "==", "!=", ":"]), QUOTED),
    st.builds("{}~/{}/".format, by_kind("text"), st.sampled_from(["a+b", r"\d+", r"a\/b", "x|y", "^z$"])),
    by_kind("flag"),
    st.sampled_from(STOPS),
    st.builds("reads({}..{})".format, st.integers(0, 50), st.integers(51, 99)),
    st.just("var hits changed"),
    st.integers(1, 99).map("every {}".format),
    st.sampled_from(["since:7d", "before:2025-11-30"]),
    QUOTED,
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or", ""]), inner),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, st.one_of(st.none(), QUOTED))
def test_conditions_survive_being_written_out(text: str, message: str | None) -> None:
    if message and "{" not in message:
        text = f"({text}) log {message}"
    condition = parse(text)
    again = parse(str(condition))
    assert again == condition
    assert str(again) == str(condition)
    assert again.names == condition.names <= set(FACTS) | {"reads", "var"}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10), st.booleans(), st.text("ab", max_size=3))
def test_logic_is_logic(depth: int, error: bool, model: str) -> None:
    facts = {"depth": depth, "error": error, "model": model or "x"}
    assert parse("depth>5 and error").test(facts) == (depth > 5 and error)
    assert parse("depth>5 or error").test(facts) == (depth > 5 or error)
    assert parse("depth>5 or error and model~a").test(facts) == (depth > 5 or (error and "a" in model))
    assert parse("not depth>5 and error").test(facts) == (depth <= 5 and error)


# -------------------------------------------------------------------- regular expressions that can't run away


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a*)*",
        "(a|a)*b",
        "(a|aa)+$",
        r"(\w+\s?)*x",
        "(a?){80}a{80}",
        "(.*a){12}",
        r"(?:a{1,30}){1,30}",
        ".*" * 12 + "x",
    ],
)
def test_patterns_that_could_run_away_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"error \d+: .*timeout", "xx error 12: a timeout"),
        (r"(?:\d{1,3}\.){3}\d{1,3}", "ip 10.0.0.1"),
        (r"(?:foo|bar)*baz", "foobarbaz"),
        (r"https?://\S+", "see http://x.y"),
        (r"\$\d+(?:,\d{3})*(?:\.\d\d)?", "$1,234.50"),
        (r"^\s*def \w+\(.*\):$", "def f(x):"),
        (r"(?i)warn|error", "an ERROR"),
        (r"(\w)\1", "aa"),
        (r"(?<=a)b(?!c)", "abd"),
    ],
)
def test_ordinary_patterns_work(pattern: str, text: str) -> None:
    assert Pattern(pattern).found("first line\n" + text + "\nlast")


@pytest.mark.parametrize(
    "pattern", [r"\s*\w+\s*=\s*\w+\s*;?\s*$", r"\[(.*?)\] .* (\d+)ms$", r"needle.*", r"(\w+)@(\w+)\.(\w+)$"]
)
def test_long_ordinary_lines_are_searched_whole(pattern: str) -> None:
    line = "[api] " + "some ordinary words of a log line, " * 200 + "needle took a@b.c d = 345; x = 12ms a@b.c = 9 12ms"
    for tail in ("", "; key = value", " me@example.org"):
        text = line + tail
        expected = [m.span() for m in re.finditer(pattern, text)]
        assert list(Pattern(pattern).spans(text)) == expected
        assert Pattern(pattern).found(text) == bool(expected)


def test_a_piece_has_no_end_of_line() -> None:
    assert not Pattern(r"\d+ \d+ 1$").found(("1" * 60 + " ") * 400 + "x")


def test_found_agrees_with_spans_in_long_lines() -> None:
    line = "x" * 30_000 + " needle42 " + "y" * 30_000
    assert Pattern(r"needle\d+").found(line)
    assert [line[a:b] for a, b in Pattern(r"needle\d+").spans(line)] == ["needle42"]


@pytest.mark.parametrize("pattern", [r"\d+x", r"\d+\d+x", r"\d*a\d*b\d*c", r".*a.*b", r"\w+\s*\w+\s*!"])
def test_a_megabyte_of_bad_luck_is_given_up_in_time(pattern: str) -> None:
    started = time.process_time()
    assert not Pattern(pattern).found("1" * 1_000_000)
    assert not Pattern(pattern).found(("1" * 500 + "\n") * 2000)
    assert list(Pattern(pattern).spans("1" * 1_000_000)) == []
    assert time.process_time() - started < 10


@pytest.mark.filterwarnings("error")
def test_python_warnings_about_a_pattern_stay_away_from_the_screen() -> None:
    assert Pattern("[[a]").found("a")
