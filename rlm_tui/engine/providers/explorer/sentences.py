"""Running text in sentences, each with the heading it stands under, and the sentences that sum it up."""

from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.words import content, stem, tokens

ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|No|vs|e\.g|i\.e|etc|Fig|ca|approx)|\b[A-Z])\.$")

PREFIX = re.compile(
    r"(?:[1-3]? ?[A-Z][a-z]*\d*\.? ?\d+:\d+ |\d{1,3} (?=[A-Z]))?(?:\W*\d{1,4}[-/:.]\d[\d/.:, T-]*(?:[AaPp][Mm])?[\]>)]?,? ?(?:- )?)?"
    r"(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b\]?:? +)?"
    r"(?:<?([^\W\d][\w .'-]{0,24}?)(?: [\[(]\d{1,2}[:.]\d\d[^)\]]*[\])])?[>:] )?"
)

PRONOUN = re.compile(r"\W*(?:it|he|she|they|its|his|her|their|this|these|that)\b", re.I)


def sentences(passage: str) -> list[tuple[str, str]]:
    """Sentences, list items, table rows and labelled lines, each with the heading it stands under; wrapped lines are joined."""
    lines = [line.rstrip() for line in passage.splitlines()]
    lengths = sorted(len(line) for line in lines if line)
    wrapped = len(lengths) > 3 and 45 <= lengths[len(lengths) * 2 // 3] <= 100
    blocks: list[list[str]] = []
    head, blank = "", True
    trail: list[str] = []
    for line in lines:
        starts = re.match(
            r"\s*(?:[-*+•>#|\[]|\d+[.):]|[A-Z][\w ]{1,24}(?: [\[(]\d{1,2}[:.]\d\d[^)\]]*[\])])?:\s|[A-Z][a-z]{2} +\d{1,2} \d\d:|\W*\d{1,4}[-/:.]\d)",
            line,
        )
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            trail = [*trail[: level - 1], line.strip("# ")]
        title = (
            line
            and len(line) < (42 if wrapped else 70)
            and not re.search(r"[.!?:,;\"”]$", line)
            and (line.startswith("#") or (blank and not re.match(r"\W*\d{1,4}[-/:]\d|[-*|>]", line)))
        )
        if (
            wrapped
            and blocks
            and line
            and not blank
            and not starts
            and blocks[-1][0]
            and len(blocks[-1][0].split("\n")[-1]) > 35
            and not blocks[-1][0].startswith(("#", "|"))
        ):
            blocks[-1][0] += " " + line.strip()
        elif line:
            head = " / ".join(trail[1:] or trail) if line.startswith("#") else line if title else head
            blocks.append([line.strip(), head])
        blank = not line
    found = []
    for block, above in blocks:
        buffer = ""
        told = PREFIX.match(block)
        if told and told[1] and told.end() > len(told[1]) + 3 and len(block) < 300:
            found.append((block, above))  # a message is one unit: its sender says all of it
            continue
        for piece in re.split(
            r"(?<=[.!?;])[\"”’)]*\s+(?=[\"“‘'(\[]?[A-Z0-9])" if not block.startswith("|") else r"\Z", block
        ):
            buffer = f"{buffer} {piece}".strip()
            if not ABBREVIATION.search(buffer):
                found.append((buffer, above))
                buffer = ""
        if buffer:
            found.append((buffer, above))
    heads = {i for i, (s, _) in enumerate(found[1:]) if re.fullmatch(r"[|:\s-]+", s)}
    return [
        (s, h) for i, (s, h) in enumerate(found) if re.search(r"\w", s) and i not in heads and not s.startswith("```")
    ]


def prefix_time(sentence: str) -> bool:
    """Whether a line opens with a time, as messages do."""
    return re.match(r"\W*\d{1,4}[-/:.]\d", sentence) is not None


def summary(text: str, size: int) -> list[str]:
    """The most central sentences, in their order: those that share the most words with the rest."""
    pairs = sentences(text)
    kept = [
        (s, h)
        for s, h in pairs
        if len(tokens(s)) > 6 and re.search(r"[.!\"”)]$", s) and not re.match(r"[A-Z][\w ]{1,24}: ", s)
    ][:400]
    if len(kept) < min(3, len(pairs)):  # a log or a list: its lines are what it says
        kept = [(s, h) for s, h in pairs if not s.startswith("#") and len(tokens(s)) > 4][:400] or pairs[:400]
    units = [s for s, _ in kept]
    opening = [i == 0 or h != kept[i - 1][1] for i, (_, h) in enumerate(kept)]
    bags = [{stem(w) for w in content(s)} for s in units]
    count: dict[str, int] = {}
    for bag in bags:
        for word in bag:
            count[word] = count.get(word, 0) + 1
    weight = {w: n - 1.0 for w, n in count.items()}
    chosen: list[int] = []
    while len(chosen) < min(size, len(units)):
        scores = [
            -1.0
            if i in chosen
            else sum(weight[w] for w in bag)
            / (len(bag) + 6)
            * (1.3 if i < 2 else 1.25 if opening[i] else 1.0)
            * (0.6 if units[i][0] in "\"“‘'" or PRONOUN.match(units[i]) else 1.0)
            for i, bag in enumerate(bags)
        ]
        best = max(range(len(units)), key=lambda i: scores[i])
        chosen.append(best)
        for word in bags[best]:
            weight[word] *= 0.4  # what has been said counts for less
    return [units[i] for i in sorted(chosen)]
