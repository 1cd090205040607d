"""Text to condition, by recursive descent.

::

    condition = either [log] | log [either]
    either    = both { "or" both }
    both      = negated { ["and"] negated }    two conditions side by side are both meant
    negated   = "not" negated | "(" either ")" | test
    test      = fact op value | flag | stop | "reads(" [number] ".." [number] ")" | "var" name "changed"
              | "every" count | ("since" | "before") ":" (age | date) | quoted text
    log       = "log" quoted text              belongs to the whole condition
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from rlm_tui.patterns import PatternError
from rlm_tui.projection.conditions.condition import SLOT, Condition
from rlm_tui.projection.conditions.errors import ConditionError
from rlm_tui.projection.conditions.expressions import (
    And,
    Anywhere,
    AtStop,
    Changed,
    Compare,
    Every,
    Expression,
    Flag,
    Match,
    Not,
    Or,
    Reads,
    When,
)
from rlm_tui.projection.conditions.names import FACTS, STOPS, Fact, meant
from rlm_tui.projection.conditions.scanner import Scanner
from rlm_tui.projection.conditions.values import Number, Regex, Words, read_number

LONGEST = 4000
DEEPEST = 60

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_AND, _OR, _NOT = ("and", "&&"), ("or", "||"), ("not", "!")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?\Z")


def parse(text: str) -> Condition:
    """Read a condition. Raises `ConditionError` for anything that is none."""
    return _Parser(text).condition()


class _Parser(Scanner):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    # ---------------------------------------------------------------- grammar

    def condition(self) -> Condition:
        if len(self.text) > LONGEST:
            raise self.error(f"this condition is too long; at most {LONGEST:,} characters are possible", 0)
        self.space()
        if self.ended():
            raise self.error("this condition is empty; write one like cost>0.50, depth>=2 or error", 0)
        message = self.log_message()
        expression = None
        if message is not None:
            self.keyword(*_AND)
            self.space()
        if not self.ended():
            expression = self.either()
            message = self.log_message() if message is None else message
        self.space()
        if not self.ended():
            if self.peek("log"):
                raise self.error("there can be one log message, before or after the whole condition")
            raise self.error(f"{self.here()} does not fit here; join conditions with and, or")
        return Condition(expression, message)

    def either(self) -> Expression:
        flat: list[Expression] = []
        while True:
            item = self.both()
            flat += item.items if isinstance(item, Or) else (item,)
            if not self.keyword(*_OR):
                return Or(tuple(flat)) if len(flat) > 1 else flat[0]

    def both(self) -> Expression:
        flat: list[Expression] = []
        while True:
            item = self.negated()
            flat += item.items if isinstance(item, And) else (item,)
            joined = self.keyword(*_AND)
            self.space()
            # A log message ends the condition; the rule above reads it.
            if self.peek("log") or (not joined and (self.ended() or self.text[self.at] == ")" or self.peek(*_OR))):
                return And(tuple(flat)) if len(flat) > 1 else flat[0]

    def negated(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"this condition is nested too deeply; at most {DEEPEST} levels are possible")
        try:
            if self.keyword(*_NOT):
                return Not(self.negated())
            self.space()
            start = self.at
            if self.take("("):
                inner = self.either()
                self.space()
                if not self.take(")"):
                    raise self.error(
                        "this parenthesis has no closing one" if self.ended() else f"{self.here()} does not fit here",
                        start if self.ended() else None,
                    )
                return inner
            return self.test()
        finally:
            self.depth -= 1

    def log_message(self) -> str | None:
        if not self.keyword("log"):
            return None
        self.space()
        start = self.at
        message = self.quoted()
        if message is None:
            raise self.error('log takes a text in quotes, as in log "cost {cost}"', start)
        for slot in SLOT.finditer(message):
            if slot.group(1).lower() not in FACTS:
                raise self.unknown(slot.group(1), start)
        return message

    def test(self) -> Expression:
        self.space()
        start = self.at
        if self.ended():
            raise self.error("a condition is missing at the end")
        quoted = self.quoted()
        if quoted is not None:
            return Anywhere(quoted)
        match = _NAME.match(self.text, self.at)
        if not match:
            raise self.error(f"{self.here()} does not begin a condition; write one like cost>0.50, depth>=2 or error")
        name = match.group().lower()
        self.at = match.end()
        if name == "every":
            return self.every()
        if name == "var":
            return self.changed()
        if name == "reads":
            return self.reads()
        if name in ("since", "before"):
            return self.when(name, start)
        if name in STOPS:
            return AtStop(name)
        if name in ("and", "or"):
            raise self.error(f"a condition is missing before {name}", start)
        if name == "log":
            raise self.error("a log message stands before or after the whole condition, not inside of it", start)
        if name not in FACTS:
            raise self.unknown(match.group(), start)
        return self.compare(FACTS[name])

    def compare(self, fact: Fact) -> Expression:
        self.space()
        start = self.at
        op = self.operator()
        if op is None:
            if fact.kind == "flag":
                return Flag(fact.name)
            example = f"{fact.name}~word" if fact.kind == "text" else f"{fact.name}>{_EXAMPLE[fact.kind]}"
            raise self.error(f"say what {fact.name} is compared with, as in {example}", start)
        if fact.kind in ("text", "flag"):
            if op not in ("~", "!~", ":", "==", "!="):
                raise self.error(f"{fact.name} is a text; compare it with ~ (contains), !~, == or !=", start)
            value = self.text_value(fact, op)
            return Match(fact.name, "~" if op == ":" else op, value)
        if op in ("~", "!~"):
            raise self.error(f"{fact.name} is a number; compare it with > >= < <= == or !=", start)
        if op == ":":
            self.space()
            op = self.operator() or "=="
            if op in ("~", "!~", ":"):
                raise self.error(f"{fact.name} is a number; compare it with > >= < <= == or !=", start)
        return Compare(fact.name, op, self.number(fact))

    def every(self) -> Expression:
        self.space()
        start, word = self.at, self.word()
        if not word.isascii() or not word.isdigit() or len(word) > 9 or int(word) == 0:
            raise self.error("every takes a whole number of turns, as in every 5", start)
        return Every(int(word))

    def changed(self) -> Expression:
        self.space()
        start = self.at
        match = re.compile(r"[^\W\d]\w*").match(self.text, self.at)
        self.at = match.end() if match else self.at
        if not match or not self.keyword("changed"):
            raise self.error("write var, the name of a variable, and changed, as in var hits changed", start)
        return Changed(match.group())

    def reads(self) -> Expression:
        self.space()
        start = self.at
        end = self.text.find(")", start)
        if not self.take("(") or end < 0:
            raise self.error("reads takes a range of characters, as in reads(1.0M..1.5M)", start)
        low, dots, high = self.text[self.at : end].partition("..")
        # Numbers may end in a point only by mistake: 1...2 has none.
        if not dots or not (low.strip() or high.strip()):
            raise self.error("reads takes a range of characters, as in reads(1.0M..1.5M)", start)
        bounds: list[Number | None] = []
        for part in (low.strip(), high.strip()):
            try:
                bounds.append(read_number(part, "number") if part else None)
            except ValueError as error:
                raise self.error(str(error), start) from None
        first, last = bounds
        if first and last and first.value >= last.value:
            raise self.error("this range is empty; the first number has to be the smaller one", start)
        self.at = end + 1
        return Reads(first, last)

    def when(self, word: str, start: int) -> Expression:
        self.space()
        if not self.take(":"):
            raise self.error(f"{word} takes an age or a date, as in {word}:7d or {word}:2025-11-30", start)
        self.space()
        begin, text = self.at, self.word()
        if _DATE.match(text):
            try:
                year, month, day = (int(part) for part in text.split("-"))
                date = datetime(year, month, day, tzinfo=UTC)
            except ValueError:
                raise self.error(f"{text} is no date", begin) from None
            return When(word, date.timestamp(), True, date.strftime("%Y-%m-%d").zfill(10))
        try:
            age = read_number(text, "seconds")
        except ValueError:
            raise self.error(f"{word} takes an age or a date, as in {word}:7d or {word}:2025-11-30", begin) from None
        return When(word, age.value, False, age.text)

    # ---------------------------------------------------------------- values

    def number(self, fact: Fact) -> Number:
        self.space()
        start, word = self.at, self.word()
        if not word:
            raise self.error(f"a number is missing after {fact.name}, as in {fact.name}>{_EXAMPLE[fact.kind]}", start)
        try:
            return read_number(word, fact.kind)
        except ValueError as error:
            raise self.error(str(error), start) from None

    def text_value(self, fact: Fact, op: str) -> Words | Regex:
        self.space()
        start = self.at
        if op in ("~", "!~") and not self.ended() and self.text[self.at] == "/":
            return self.regex()
        quoted = self.quoted()
        if quoted is None:
            quoted = self.word()
        if not quoted:
            raise self.error(
                f'a text is missing after {fact.name}, as in {fact.name}~word or {fact.name}~"two words"', start
            )
        return Words(quoted)

    def regex(self) -> Regex:
        start = self.at
        at = start + 1
        while at < len(self.text) and self.text[at] != "/":
            at += 2 if self.text[at] == "\\" else 1
        if at >= len(self.text):
            raise self.error("this regular expression has no closing /", start)
        body = re.sub(
            r"\\(.)", lambda m: "/" if m.group(1) == "/" else m.group(), self.text[start + 1 : at], flags=re.DOTALL
        )
        self.at = at + 1
        ignore = self.text[self.at : self.at + 1] == "i"
        self.at += ignore
        if not body:
            raise self.error("this regular expression is empty", start)
        try:
            return Regex(body, ignore)
        except PatternError as error:
            raise self.error(str(error), start + 1 + error.position) from None

    def unknown(self, name: str, position: int) -> ConditionError:
        close = meant(name.lower())
        shown = name if len(name) <= 30 else name[:29] + "…"
        hint = f"did you mean {' or '.join(close)}?" if close else "possible: " + ", ".join(_COMMON) + " …"
        return ConditionError(f"there is no {shown} to ask about; {hint}", self.text, position, close)


_EXAMPLE = {"number": "20", "money": "0.50", "seconds": "30s", "share": "80%"}
_COMMON = (
    "cost",
    "calls",
    "tokens.in",
    "depth",
    "turn",
    "latency",
    "model",
    "code",
    "output",
    "error",
    "final",
    "budget.usd",
)
