"""The words of a sentence that may answer a question: names, dates, figures, places."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import itertools
import re

from rlm_tui.engine.providers.explorer.expressions import (
    CLOCK,
    DATE,
    DAY,
    FIGURE,
    FREQUENCY,
    MONEY,
    MONTH,
    NAME,
    QUANTITY,
    REASON,
)
from rlm_tui.engine.providers.explorer.keys import Key
from rlm_tui.engine.providers.explorer.words import FUNCTION, STOP, akin, fold, stem, tokens

COLOURS = "red green blue yellow black white grey gray brown orange purple pink violet gold golden silver crimson scarlet turquoise beige".split()


def _fresh(name: str, asked: set[str]) -> bool:
    """Whether a capitalised phrase is a name that the question does not already give."""
    words = re.findall(r"[^\W\d_]+", name)
    kept = [
        w
        for w in words
        if stem(w) not in asked
        and fold(w) not in STOP
        and not re.fullmatch(MONTH, w)
        and not re.fullmatch(r"\w+day", w)
    ]
    return (
        bool(kept)
        and words[0] != "I"
        and not (
            len(words) == 1
            and fold(words[0])
            in "old new yes no sorry thanks hello hi dear today yesterday then once later when".split()
        )
    )


def _spans(
    question: str, kind: str, body: str, roots: set[str], passage: str, speaker: str = ""
) -> list[tuple[float, int, int, str]]:
    """What could answer a question of this kind: worth, start, end, text."""
    low, spans = fold(question), []
    asked = {stem(t) for t in tokens(question) if fold(t) not in FUNCTION}
    if kind in ("person", "which", "place", "name", "thing") and (led := _led(low, body)):
        return led
    if kind in ("quantity", "age", "money"):
        unit = re.search(r"\bhow (?:many|much) (?:more |other |different )?([a-z-]+(?: [a-z-]+)?)", low)
        wanted = [stem(w) for w in (unit[1].split() if unit and kind != "money" else []) if w not in STOP]
        for found in (MONEY if kind == "money" else QUANTITY).finditer(body):
            if kind == "money":
                spans.append((1.5, found.start(), found.end(), found.group().strip(" ,.")))
                continue
            follows = re.split(r"[,.;:()](?!\d)", body[found.end(1) : found.end(1) + 60])[0]
            after = [stem(w) for w in re.findall(r"[^\W\d_]+", follows)[:5] if fold(w) != "of"]
            before = [stem(w) for w in re.findall(r"[^\W\d_]+", body[: found.start()])[-5:]]
            text = (found.group() if found[2] else found.group(1)).strip(" ,.-")
            if re.search(r"[$€£¥]", text) and wanted:
                continue
            if re.fullmatch(r"one|a", text.lower()) or (
                re.match(r"\s*[.)] ", body[found.end(1) :]) and not body[: found.start()].strip()
            ):
                continue
            if kind == "age":
                worth = (
                    1.5
                    if re.match(r"[ -]?(?:years?|months?)?[ -](?:old|of age)", body[found.end(1) :])
                    or (
                        re.search(r"\bwho (?:was|is) $|[a-z], $|\($", body[: found.start()])
                        and re.match(r" ?[,.);]| and\b", body[found.end(1) :])
                        and not re.search(r"[$€£]", text)
                    )
                    or re.search(r"\b(?:aged?|turned|was perhaps|age of|at)\W+$", body[: found.start()])
                    or (
                        re.search(
                            r"\b(?:is|was|am|are|were) (?:only |about |almost |nearly |just )?$", body[: found.start()]
                        )
                        and not found[2]
                        and not re.search(r"[$€£¥]", text)
                        and re.match(r" ?(?:[,.;)]|and\b|when\b|at\b|$)", body[found.end(1) :])
                    )
                    else 0
                )
            elif wanted:
                worth = (
                    1.7
                    if wanted[0] in after[:2]
                    else 1.5
                    if any(akin(wanted[0], a) for a in after)
                    else 1.2
                    if wanted[0] in before and not found[2]
                    else 0
                )
                text = found.group(1).strip(" ,.") if found[3] else text
                if (
                    not worth
                    and not after
                    and any(stem(w) == wanted[0] for w in re.findall(r"[^\W\d_]+", body[: found.start()]))
                ):
                    worth = 1.3
                if (
                    not worth
                    and found[2]
                    and re.search(r"\bhow much (?:space|memory|room|time|storage|data|weight|area)\b", low)
                ):
                    worth = 1.1
                if (
                    not worth
                    and before
                    and before[-1] in roots
                    and wanted[0] in map(stem, ("people", "person", "guest", "serving", "time"))
                ):
                    worth = 1.3  # "serves 6"
            else:
                gauge = re.search(
                    r"\b(?:what|which) (?:is|was) the (?:\w+ )*?(population|output|capacity|number|weight|speed|size|age|area|elevation|altitude)\b",
                    low,
                )
                worth = 1.4 if (found[2] or gauge) and _fits(low, found[2] or "") else 0
                if gauge and stem(gauge[1]) not in before + after:
                    worth = 0
            way = re.match(r" ?(long|wide|deep|high|tall|thick|old|away)\b", body[found.end() :])
            if (
                way
                and re.search(r"\bhow (?:long|wide|deep|high|tall|thick|old|far)\b", low)
                and f"how {way[1]}" not in low.replace("far", "away")
            ):
                continue  # seven feet WIDE does not say how long
            year = re.fullmatch(r"(1[5-9]|20)\d\d", text) and worth < 1.5
            if worth and not year:
                spans.append((worth, found.start(), found.end(1) if found[3] else found.end(), text))
    elif kind in ("phone", "email"):
        form = r"\+?\d[\d /().-]{4,}\d" if kind == "phone" else r"[\w.+-]+@[\w-]+\.[\w.-]*\w"
        spans += [(1.5, m.start(), m.end(), m.group()) for m in re.finditer(form, body)]
    elif kind in ("date", "clock"):
        for expression, worth in (
            (CLOCK, 1.5 if kind == "clock" else 1.0),
            (DATE, 0 if kind == "clock" else 1.5),
            (DAY, 0 if kind == "clock" else 1.2),
        ):
            for found in expression.finditer(body):
                if worth and (not re.search(r"\byears?\b", low) or re.search(r"\d{4}", found.group())):
                    spans.append((worth, found.start(), found.end(), found.group()))
        limit = re.search(r"\b(until|till|since|from|by|before|after)\b", low)
        spans = [
            (w + bool(limit and re.search(rf"\b{limit[1]} (?:the )?$", body[:a])), a, b, t) for w, a, b, t in spans
        ]
        if kind == "date" and not limit and not re.search(r"\b(?:year|day|month)s?\b", low):
            spans = together(spans, body)
    elif kind in ("person", "which"):
        said = re.search(
            r"\bwho (?:\w+ )?(?:says?|said|asked?|asks|wrote|writes|mentions?|mentioned|reports?|reported|suggests?|suggested|thinks?)\b",
            low,
        )
        if kind == "person" and speaker and (said or re.search(r"\b(?:I|[Ww]e|me)\b", body)):
            spans.append((2.4, 0, 0, speaker))
        for found in NAME.finditer(body):
            single = re.escape(found.group())
            opening = (
                not re.search(r"\w", body[: found.start()])
                and " " not in found.group()
                and not re.match(r" (?:is|was|has|had|will|can|said|says|wants|needs)\b", body[found.end() :])
                and stem((re.match(r" (\w*)", body[found.end() :]) or " ")[0].strip()) not in roots
                and (len(re.findall(rf"\b{single}\b", passage)) < 2 or re.search(rf"\b{single.lower()}\b", passage))
            )
            if kind == "person" and (
                not re.search(r"[a-z]", found.group())
                or (" " not in found.group() and re.search(r"\bthe $", body[: found.start()]))
            ):
                continue
            away = kind == "person" and re.search(r"\b(?:in|at|on|near) $", body[: found.start()])
            titled = kind == "person" and body[found.start() - 1 : found.start()] in ('"', "“", "/", "#")
            plain = re.sub(
                r"^(?:(?:And|But|Then|So|For|The|When|In|On|At|By|From|With|After|Before|If|As|While|Since|That|This) )+",
                "",
                found.group().strip(),
            )
            others = re.match(r"(?:, [A-Z][\w'-]+)* and [A-Z][\w'-]+(?: [A-Z][\w'-]+)?(?! [a-z])", body[found.end() :])
            if kind == "person" and others and found.group().strip() == plain:
                plain += others.group()
            common = {stem(w) for w in re.findall(r"\b[a-z]{3,}\b", question)}
            if kind == "person" and common & {stem(w) for w in plain.split()[-1:]}:
                continue  # Hollin Quarry did not open the quarry
            if _fresh(plain, asked) and not opening and not titled:
                spans.append(
                    (0.7 if away else 1.5 if kind == "person" else 1.3, found.end() - len(plain), found.end(), plain)
                )
        if kind == "person":
            spans += [
                (1.2, m.start(1), m.end(1), m[1])
                for m in re.finditer(r"\bby ((?:the|an?) [a-z]+(?: [a-z]+)?)(?=[.;]|,(?! [A-Z])|$)", body)
            ] + [(1.2, m.start(1), m.end(1), m[1]) for m in re.finditer(r"\bby (?:[a-z]+ )?([a-z]\w+)[.;]?$", body)]
        if kind == "which":
            spans += [
                (1.5, m.start(), m.end(), m[1]) for m in re.finditer(r"[\"“]([A-Z][^\"”]{1,58}[^\"”.,!?])[\"”]", body)
            ]
            noun = re.search(r"\b(?:which|what) ([a-z]+) ", low)
            for m in re.finditer(rf"\b{noun[1]} (\d[\w.]*|[A-Z]\w*)", body) if noun else ():
                spans.append((2.0, m.start(), m.end(), m.group()))
            for m in (
                re.finditer(rf"\b(?:an?|the|his|her|its|my|our|their) ((?:[\w`'-]+ )?[\w`'-]+) {noun[1]}\b", body)
                if noun
                else ()
            ):
                own = [w for w in m[1].split() if fold(w) not in STOP and stem(w.strip("`'")) not in asked]
                if own:
                    spans.append((1.2, m.start(), m.end(), " ".join(own).strip("`'")))
            if "version" in low or "release" in low:
                spans += [(1.8, m.start(), m.end(), m.group()) for m in re.finditer(r"\bv?\d+(?:\.\d+)+\b", body)]
    elif kind == "name":
        spans += [
            (1.5, m.start(), m.end(), m[1]) for m in re.finditer(r"[\"“]([A-Z][^\"”]{1,58}[^\"”.,!?])[\"”]", body)
        ]
        for found in re.finditer(
            r"\b(?:named|called|name (?:is|was)|known as)\W+(?:the )?(" + NAME.pattern + ")", body
        ):
            more = (
                re.match(r"(?:, [A-Z][\w'-]+)* and [A-Z][\w'-]+", body[found.end(1) :])
                if re.search(r"\b(?:are|were)\b", low)
                else None
            )
            end = found.end(1) + (more.end() if more else 0)
            spans.append((1.6 if more else 1.5, found.start(1), end, body[found.start(1) : end]))
        for found in NAME.finditer(body):
            near = (
                re.search(r"([^\W\d_]+)(?:,| is| was)? $", body[: found.start()]),
                re.match(r", (?:the |his |her |their |our |my )?(?:\w+ )?([^\W\d_]+)", body[found.end() :]),
            )
            if _fresh(found.group(), asked) and any(m and stem(m[1]) in roots for m in near):
                spans.append((1.5, found.start(), found.end(), found.group().strip()))
    elif kind == "place":
        for found in re.finditer(r"\b(?:in|at|on|near|under|to|from|inside|behind|beside|off|outside|between|above|below|beneath|into|onto|along) ((?:the |a |an |our |my |his |her |its |their )?(?:[\w'-]+ ){0,2}?[A-Z][\w'-]+(?: [A-Z][\w'-]+)*|(?:the |a |an |our |my |his |her |its |their )(?:[a-z'-]+ ){0,2}[a-z'-]+(?: of (?:the |a )?[\w-]+)?(?= (?:and|with|by|for|until|on|in|at|to|from|under|when|where|because|after|before|which|that|upon)\b|[,.;:!)]|$))", body):  # fmt: skip
            if not ({stem(w) for w in tokens(found[1])} & asked) and not re.search(rf"{MONTH}|\d{{4}}", found[1]):
                spans.append((1.3, found.start(), found.end(), found.group()))
        spans += [
            (1.4, m.start(), m.end(), m.group().rstrip("."))
            for m in re.finditer(r"[\w.+-]+@[\w.-]+\w|https?://\S+|(?<=[ (`\"])~?/[\w/.-]*\w", body)
        ]
    elif kind == "reason":
        spans += [(1.5, m.start(), m.end(), (m[1] or m[2]).strip()) for m in REASON.finditer(body)]
    elif kind == "increase":
        spans += [
            (1.5, m.start(1), m.end(1), m[1])
            for m in re.finditer(rf"\bby ((?:about |almost |nearly )?{FIGURE}(?: ?%| per ?cent| [a-z]+)?)", body)
        ]
    elif kind == "frequency":
        spans += [(1.5, m.start(), m.end(), m.group()) for m in FREQUENCY.finditer(body)]
    elif kind == "colour":
        spans += [
            (1.5, m.start(), m.end(), m.group()) for m in re.finditer(r"\b(?:" + "|".join(COLOURS) + r")\b", body, re.I)
        ]
    return spans


def _led(low: str, body: str) -> list[tuple[float, int, int, str]]:
    """`from whom`, `with what`, `whom … from`: what follows the same preposition."""
    found = re.match(r"\W*(from|with|by|to|for|under|behind|through) (?:whom|what|which|whose)\b", low)
    found = found or re.match(
        r"\W*(?:(?:and|so|but) )?(?:whom?|what|where|which \w+)\b.* (from|with|by|to|for|under|of)\W*$", low
    )
    form = (
        rf"\b{found[1]} ((?:the |an? |our |my |his |her |its |their )?(?:[\w'’-]+ ){{0,2}}?[\w'’.-]*\w)(?= (?:and|with|by|for|from|until|on|in|at|to|under|when|where|because|after|before|which|that)\b|[,.;:!)](?:\s|$)|(?<=\d)\s|\s*$)"
        if found
        else "$^"
    )
    return [(2.0, m.start(1), m.end(1), m[1]) for m in re.finditer(form, body)]


def together(spans: list[tuple[float, int, int, str]], body: str) -> list[tuple[float, int, int, str]]:
    """Moments that stand close together are one: `Thursday` at `14:00`, `16 to` `27 September`."""
    merged: list[tuple[float, int, int, str]] = []
    for worth, start, end, _ in sorted(spans, key=lambda s: s[1]):
        opening = re.search(r"\b\d{1,2}(?:st|nd|rd|th)? ?(?:to|until|till|and|-|–) ?(?:the )?$", body[:start])
        start = opening.start() if opening else start
        gap = body[merged[-1][2] : start] if merged else ""
        if merged and (
            start < merged[-1][2]
            or (
                re.fullmatch(r"(?: ?[a-z]*){0,2} ?|[ ,]+", gap)
                and ("to" in gap or ":" in body[start:end] + merged[-1][3])
            )
        ):
            worth, start = max(worth, merged[-1][0]), merged.pop()[1]
        merged.append((worth, start, end, body[start:end]))
    return merged


def _fits(low: str, unit: str) -> bool:
    """Whether a unit of measure suits `how long`, `what temperature` …"""
    for asked, units in (
        (r"\bhow long\b|\blength\b|\bduration\b", r"year|month|week|day|night|hour|minute|second|s$|h$|min|ms|kilomet|met|mile|feet|foot|yard|cubit|cm|mm|km|inch|page"),
        (r"\bhow (?:far|tall|high|deep|wide)\b|\b(?:distance|depth|height|width|altitude|elevation)\b", r"kilomet|met|mile|feet|foot|yard|cubit|fathom|cm|mm|km|inch|m$"),
        (r"\bhow (?:hot|cold|warm)\b|\btemperature\b", r"degree|°"),
        (r"\bhow heavy\b|\bweigh", r"kg|kilo|gram|g$|ton|pound|lb"),
        (r"\bhow (?:large|big)\b|\barea\b", r"square|hectare|acre|mb|gb|kb|met|kilomet"),
        (r"\bpercent|\bproportion\b", r"%|per ?cent"),
        (r"\bhow fast\b|\bspeed\b", r"knot|mph|km/h|mile|kilomet|met"),
    ):  # fmt: skip
        if re.search(asked, low):
            return re.match(units, unit.lower()) is not None
    return True


def candidates(
    question: str, kind: str, body: str, roots: set[str], passage: str, keys: list[Key], speaker: str = ""
) -> list[tuple[float, str]]:
    """Possible answers in a sentence, best first: by worth, nearness to the question's words, and the verb's voice."""
    places = [(m.start(), m.end(), stem(m.group())) for m in re.finditer(r"[^\W_]+", body)]
    places = [p for p in places if p[2] in roots]
    verb = re.search(r"\b(?:who|which \w+|what \w+) (?:had |has |have )?([a-z]+)\b", fold(question))
    cuts = [
        0,
        *(
            m.start()
            for m in re.finditer(
                r";|,? (?:whereas|while|compared with|as opposed to)\b|, (?:but|and) (?=\w+ \w+ )", body
            )
        ),
        len(body),
    ]
    worth_of = {k.root: 2 if k.strict else 1 for k in keys}
    clauses = [
        (a, b, sum(worth_of.get(r, 1) for r in {p[2] for p in places if a <= p[0] < b}))
        for a, b in itertools.pairwise(cuts)
    ]
    most = max((c[2] for c in clauses), default=0)
    ranked = []
    for worth, start, end, text in _spans(question, kind, body, roots, passage, speaker):
        near, total = 0.0, 0
        for root in {p[2] for p in places}:
            gaps = [
                (body[b:start] if b <= start else body[end:a], b <= start)
                for a, b, r in places
                if r == root and not (a >= start and b <= end)
            ]
            if gaps:
                weight = 2 if any(k.root == root and k.strict for k in keys) else 1
                total += weight
                near += weight * max(
                    1 / (1 + (len(gap) + 25 * len(re.findall(r"[,;:]| and | but ", gap)) + (0 if after else 4)) / 20)
                    for gap, after in gaps
                )
        near /= max(1, total)
        acts = [p for p in places if verb and p[2] == stem(verb[1])]
        if acts and kind in ("person", "which"):
            gap = min((body[b:start] if b <= start else body[end:a] for a, b, _ in acts), key=len)
            near = 0.35 * near + 0.65 / (1 + (len(gap) + 15 * len(re.findall(r"[;:]| and | but ", gap))) / 20)
        if kind in ("person", "which") and verb:
            passive = re.search(r"\bby (?:the |an? )?(?:[a-z]+ )?(?:Mr |Mrs |Dr )?$", body[:start])
            agent = next((a for a, _, r in places if r == stem(verb[1])), None)
            if passive and agent is not None and agent < start:
                near += 0.6
            elif agent is not None:
                near += 0.2 if agent >= end else -0.2
        if kind not in ("person", "place", "date", "clock") and (change := re.search(r"\bfrom (?:\w+ )?\S+ to ", body)):
            new = re.search(r"\b(?:new|now|to|be|will)\b", fold(question)) is not None
            if change.start() < start:
                near += 0.5 if (start >= change.end()) == new else -0.3
        clause = next((c for c in clauses if c[0] <= start < c[1]), None)
        ranked.append((worth * (0.6 + near) * (0.55 + 0.45 * clause[2] / most if clause and most else 1.0), text))
    return sorted(ranked, key=lambda c: -c[0])
