"""Comparisons with numbers, dates and units in a question."""

from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.asking import Asking
from rlm_tui.engine.providers.explorer.dates import find_dates
from rlm_tui.engine.providers.explorer.fields import Field
from rlm_tui.engine.providers.explorer.kinds import (
    COMPARE,
    FIGURE,
)
from rlm_tui.engine.providers.explorer.words import (
    STOP,
    UNIT_WORDS,
    fold,
    related,
    stem,
)

SCALES: tuple[dict[str, float], ...] = (
    {"mm": 0.001, "cm": 0.01, "m": 1, "km": 1000},
    {"g": 0.001, "kg": 1, "t": 1000},
    {"ms": 0.001, "s": 1, "sec": 1, "min": 60, "h": 3600},
)
"""Units that measure the same thing, and how large each is."""


class Comparing(Asking):
    """The conditions on numbers and moments."""

    def idioms(self) -> None:
        """`out of stock` and `in stock` speak of a number."""
        found = re.search(r"\b(out of stock|sold out|in stock)\b", self.low)
        f = next(
            (
                f
                for f in self.profile.fields
                if f.numeric and {stem("stock"), stem("quantity"), stem("qty")} & set(f.parts)
            ),
            None,
        )
        if found and f and not (found[1] == "in stock" and self.has(r"\bhow many\b")):
            self.keep(
                f"number(r.get({f.name!r}, '')) {'>' if found[1] == 'in stock' else '=='} 0",
                f"{f.name} {'above' if found[1] == 'in stock' else '=='} 0",
            )
            self.plan.numeric.append(f)
            self.filtered.add(f.name)
            self.use(*found.span())

    def figures(self) -> None:
        """Comparisons with numbers and dates."""
        dates = find_dates(self.question)
        fields = self.profile.fields
        numeric = [f for f in fields if f.numeric and not f.id]
        moments = [f for f in fields if f.moment]
        spans = [(d.start, d.end) for d in dates]
        between = re.search(r"\b(?:between|from(?! between))\s+(?P<a>.{1,30}?)\s+(?:and|to|until|-)\s+", self.low)
        if between:
            first = next((d for d in dates if d.start == between.start("a")), None)
            last = next((d for d in dates if d.start == between.end() or d.start == between.end() + 4), None)
            years = [f for f in numeric if f.year]
            if first and last and first.kind == "year" and years and not moments:
                self.number_filter(years, [(">=", first.lo), ("<=", last.lo)], "", between.start(), last.end)
                dates = [d for d in dates if d not in (first, last)]
            elif first and last and self.moment_filter(moments, first.lo, last.hi, between.start(), last.end):
                dates = [d for d in dates if d not in (first, last)]
            elif not first:
                x, y = FIGURE.fullmatch(between["a"].strip()), FIGURE.match(self.low, between.end())
                if x and y:
                    self.number_filter(
                        numeric, [(">=", x[1]), ("<=", y[1])], y[2] or x[2] or "", between.start(), y.end()
                    )
        for found in COMPARE.finditer(self.low):
            if any(self.used[i] for i, (a, _, _) in enumerate(self.tokens) if a == found.start()):
                continue
            sign = next(k for k, v in found.groupdict().items() if v)
            date = next((d for d in dates if d.start - 4 <= found.end() <= d.start), None)
            years = [f for f in numeric if f.year]
            if (
                date
                and (moments or (years and date.kind == "year"))
                and not (found.group().startswith("over") and date.kind == "year")
            ):
                if date.kind == "year" and years and not moments:
                    self.number_filter(
                        years,
                        [({"ge": ">=", "le": "<=", "gt": ">", "lt": "<"}[sign], date.lo)],
                        "",
                        found.start(),
                        date.end,
                    )
                else:
                    lo, hi = {"gt": (date.hi, ""), "ge": (date.lo, ""), "lt": ("", date.lo), "le": ("", date.hi)}[sign]
                    self.moment_filter(moments, lo, hi, found.start(), date.end)
                dates.remove(date)
                continue
            figure = FIGURE.match(self.low, found.end())
            if figure and found.group().strip() not in ("from", "since"):
                op = {"ge": ">=", "le": "<=", "gt": ">", "lt": "<"}[sign]
                unit = figure[2] or ""
                self.number_filter(
                    numeric,
                    [(op, figure[1])],
                    unit,
                    found.start(),
                    figure.end(1) if not unit else figure.end(),
                    found.group(),
                )
        for found in re.finditer(
            r"(-?\d[\d,.]*)\s?([a-z%°]+)?\s+(?:or|and) (more|over|above|older|later|longer|less|fewer|under|below|younger)\b",
            self.low,
        ):
            op = ">=" if found[3] in ("more", "over", "above", "older", "later", "longer") else "<="
            self.number_filter(numeric, [(op, found[1])], found[2] or "", found.start(), found.end(), found[3])
        for date in dates:
            taken = any(self.used[i] for i, (a, _, _) in enumerate(self.tokens) if a >= date.start and a < date.end)
            plain = any(
                self.question[date.start : date.end] == v
                for f in fields
                for v in f.asked
                if not f.moment and not f.year
            )
            if taken or plain or spans.count((date.start, date.end)) > 1:
                continue
            opening = re.search(
                r"\b(in|during|on|for|of|at|from|dated)\s+(?:the year |year )?$", self.low[: date.start]
            )
            years = [f for f in numeric if f.year]
            if date.kind == "year" and years:
                self.number_filter(years, [("==", date.lo)], "", opening.start() if opening else date.start, date.end)
            elif moments and (opening or date.kind != "year"):
                self.moment_filter(moments, date.lo, date.hi, date.start, date.end)

    def near(self, fields: list[Field], start: int, end: int, unit: str = "", hint: str = "") -> Field | None:
        """The field that a comparison at this place is about."""
        if not fields:
            return None
        ranked = []
        for f in fields:
            score = 0.0
            for i, (a, b, t) in enumerate(self.tokens):
                if (a >= start and b <= end and t != unit) or (fold(t) in STOP and not related(self.stems[i], "long")):
                    continue
                s = self.strength(f, i)
                if s:
                    score = max(score, s + 1 / (1 + min(abs(a - end), abs(start - b)) / 10))
            for word in re.findall(r"\w+", hint):
                root = re.sub(r"er$", "", word)
                if any(related(stem(root), p) or related(stem(root + "e"), p) for p in f.parts) and root not in (
                    "ov",
                    "und",
                    "low",
                    "high",
                ):
                    score = max(score, 1.8)
            if unit and (unit in f.units() or unit.rstrip("s") in f.units()):
                score += 3
            if not unit and hint.strip() in ("over", "under", "above", "below") and stem("age") in f.parts:
                score += 1.5  # "patients over 60"
            ranked.append((score, f))
        ranked.sort(key=lambda x: -x[0])
        if len(ranked) == 1 or ranked[0][0] - ranked[1][0] > 0.05:
            return ranked[0][1] if ranked[0][0] or len(ranked) == 1 else None
        return None

    def number_filter(
        self, fields: list[Field], tests: list[tuple[str, str]], unit: str, start: int, end: int, hint: str = ""
    ) -> None:
        f = self.near(fields, start, end, unit, hint)
        if f is None and tests == [("<", "0")]:  # only one field goes below zero
            cold = [g for g in fields if any(re.match(r"[-−]\s?\d", v) for v, _ in g.values)]
            f = cold[0] if len(cold) == 1 else None
        if f is None:
            return self.plan.doubts.append(f"which field to compare with {tests[0][1]}")
        said, kept = (UNIT_WORDS.get(u, UNIT_WORDS.get(u + "s", u)) for u in (unit, next(iter(f.units()), "")))
        scale = next((s[said] / s[kept] for s in SCALES if said in s and kept in s), 1.0)
        for op, figure in tests:
            figure = figure.replace(",", "") if scale == 1 else str(float(figure.replace(",", "")) * scale)
            negate = op != "==" and self.negated(start) and "more than" not in hint
            self.keep(
                ("not " if negate else "") + f"number(r.get({f.name!r}, '')) {op} {figure}", f"{f.name} {op} {figure}"
            )
        self.plan.numeric.append(f)
        self.name(f)
        self.use(start, end)

    def moment_filter(self, fields: list[Field], lo: str, hi: str, start: int, end: int) -> bool:
        f = self.near(fields, start, end) or (fields[0] if len(fields) == 1 else None)
        if f is None:
            self.plan.doubts.append("which date is meant")
            return False
        clock_only = "%d" not in f.moment and "%m" not in f.moment
        value = f"when(r.get({f.name!r}, ''))"
        if re.match(r"--", lo or hi):
            value, lo, hi = f"{value}[5:7]", lo[2:], hi[2:] or "99"
        elif re.match(r"\d\d:", lo or hi) and not clock_only:
            value = f"{value}[11:]"
        elif not re.match(r"\d\d:", lo or hi) and (clock_only or "%Y" not in f.moment.replace("%y", "%Y")):
            self.plan.doubts.append("the date has no year here")
            return False
        test = f"{lo or '0'!r} <= {value}" + (f" < {hi!r}" if hi else "") if lo else f"'0' < {value} < {hi!r}"
        self.keep(test, f"{f.name} " + (f"from {lo} " if lo else "") + (f"before {hi}" if hi else ""))
        self.plan.moments.append(f)
        self.name(f)
        self.use(start, end)
        return True
