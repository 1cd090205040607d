"""The explorer as sub-model: the sentence of a passage that answers a question, and the answer in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_tui.engine.providers.explorer.expressions import NAME, SIGNED
from rlm_tui.engine.providers.explorer.facts import fitting
from rlm_tui.engine.providers.explorer.keys import STRICT, Key, keys_of, kind_of
from rlm_tui.engine.providers.explorer.kinds import SUBJECTS
from rlm_tui.engine.providers.explorer.sentences import PREFIX, PRONOUN, prefix_time, sentences, summary
from rlm_tui.engine.providers.explorer.spans import candidates
from rlm_tui.engine.providers.explorer.words import akin, fold, related, stem, tokens

NOT_FOUND = "NOT FOUND"


@dataclass(frozen=True)
class Answer:
    """An answer from a passage: its words, the sentence it stands in, and how sure (0 to 100)."""

    text: str
    sentence: str
    confidence: int


def after_copula(body: str, keys: list[Key]) -> str:
    """What a sentence says something is: `an output of 18 megawatts`, `the cargo was oranges`."""
    for key in keys:
        for found in re.finditer(r"[^\W_]+", body):
            if stem(found.group()) == key.root:
                rest = re.match(
                    r"(?: of (?:the )?[\w' -]{1,30}?)?(?: (?:is|was|are|were|of|came to|stood at|reached|to be|will be|should be|equals)|:| =) (?!(?:not|a matter) )([^.;]{2,120}?)(?=[,.;](?: |$)|$| (?:which|but|who) )",
                    body[found.end() :],
                )
                words = {stem(w) for w in tokens(rest[1])} if rest else set()
                passive = (
                    rest and re.match(r"\w+ed\b", rest[1]) and (rest[0].startswith((" is", " was", " are", " were")))
                )
                if rest and not passive and not words & {k.root for k in keys}:
                    return rest[1].strip()
    return ""


def answer(question: str, passage: str) -> Answer | None:
    """The answer the passage gives, if it clearly gives one of the asked type."""
    question = re.sub(r"\b(what|who|where|when|how)['’]s\b", r"\1 is", question, flags=re.I)
    kind = kind_of(question)
    keys = keys_of(question, kind)
    if re.search(r"\bwho (?:wrote|signed)\b|\bauthor of th", fold(question)) and (signed := SIGNED.search(passage)):
        return Answer(signed[1] or signed[2], signed.group().strip(), 90)
    if kind == "yes" or not keys:
        return None
    noun = re.search(
        r"\b(?:which|what) ([a-z]+)\b(?<!is)(?<!was)(?<!are)(?<!were)(?<!did)(?<!does)(?<!do)(?<!will)(?<!should)",
        fold(question),
    )
    phrases = [fold(p) for p in re.findall(r"[\"“]([^\"”]+)[\"”]", question)]
    plural = re.search(
        r"\b(?:which|what) (?:years|dates|days|people|names)\b|\bwho (?:are|were) the \w+s\b", fold(question)
    )
    pairs = sentences(passage)
    units = [s for s, _ in pairs]
    heads = [{stem(w) for w in re.findall(r"[^\W_]+", h)} for _, h in pairs]
    stems = [{stem(w) for w in re.findall(r"[^\W_]+", s)} | {stem(t) for t in tokens(s)} for s in units]
    title = stems[0] if units and units[0].startswith("# ") else set()
    found: list[Answer] = []
    for i, sentence in enumerate(units):
        if sentence.rstrip(' "”)').endswith("?") and i + 1 < len(units):
            said = replied(question, kind, keys, stems[i], units[i + 1 : i + 3], set().union(*stems[max(0, i - 6) : i]))
            found += [said] if said else []
        if (
            sentence.rstrip(' "”)').endswith("?")
            or any(p not in fold(sentence) for p in phrases)
            or re.match(r"#{1,6} |=+ .* =+$", sentence)
        ):
            continue
        prefix = PREFIX.match(sentence)
        body = sentence[prefix.end() :] if prefix else sentence
        around = set().union(*stems[max(0, i - 4) : i], stems[0], heads[i])
        nearby = stems[i - 1] if PRONOUN.match(body) and i else heads[i]
        sure, hits = 1.0, set()
        direct, spared = 0.0, False
        for key in keys:
            close = {key.root} if key.root in stems[i] else {s for s in stems[i] if len(s) > 2 and akin(key.root, s)}
            if close:
                sure *= 1.0 if key.root in stems[i] else 0.9
                hits |= close
                direct += 1
            elif len(keys) > 1 and not key.strict and any(len(s) > 3 and related(key.root, s) for s in stems[i]):
                sure *= 0.7
                hits |= {s for s in stems[i] if len(s) > 3 and related(key.root, s)}
                direct += 0.7
            elif key.root in heads[i] and not heads[i] <= stems[i]:
                sure *= 0.93
                direct += 0.5
            elif key.entity and key.root in nearby:
                sure *= 0.93
                direct += 0.6
            elif key.entity and key.root in around and not key.root.isdigit():
                sure *= 0.85
                direct += 0.2
            elif key.root == "new" and re.search(r"\bfrom \S+ to \S", body):
                direct += 1
            elif key.root in title and not key.strict:
                direct += 1  # the document speaks of it throughout
            elif key.entity and key.root in SUBJECTS and (PRONOUN.match(body) or not any(key.root in s for s in stems)):
                sure *= 0.93
            elif (
                kind == "quantity"
                and key.root == keys[0].root
                and re.search(r"\bhow much (?:space|memory|room|time|storage|data|weight|area)\b", question, re.I)
            ):
                sure *= 0.85
            elif key.weak and not spared and len(keys) > 1:
                sure, spared = sure * 0.85, True
            else:
                short = len(stems[i]) <= 7 and kind in ("date", "quantity", "money", "clock")
                sure *= 0.3 if key.strict else 0.8 if short else 0.45 if kind in ("person", "name", "reason") else 0.55
        other = re.search(r"\b(first|last|previous|former|next|second|late) (?:\w+ )?([a-z]+)\b", fold(body))
        if other and stem(other[2]) in hits and other[1] not in fold(question):
            sure *= 0.75  # the first warden is not the warden
        if sure < 0.5 or direct / len(keys) < 0.4:
            continue
        label = re.match(r"(?:\W*)([A-Z][\w ]{1,24}?)\W*: +(.+)", sentence)
        if (
            label
            and i
            and hits & {stem(w) for w in tokens(label[1])}
            and {stem(w) for w in tokens(label[2])} - {k.root for k in keys}
            and (
                kind in ("thing", "person", "which", "place", "name")
                or (kind in ("quantity", "money", "date", "clock") and re.search(r"\d", label[2]))
            )
            and len(label[2]) < 160
            and not prefix_time(sentence)
            and fitting(question, label[2])
            and not {stem(w) for w in tokens(label[1])} & STRICT - {k.root for k in keys}
        ):
            text, value = label[2].strip(), 1.0
        elif kind == "thing":
            told = after_copula(body, keys)
            if not told and re.search(
                r"\bwhat(?: is| was|'s) (?:the|his|her|its|their) (?:[a-z]+ of\b|[a-z]+ [a-z]+\W*$)", fold(question)
            ):
                sure *= 0.7  # a sentence that only mentions the thing does not say what it is
            if noun and stem(noun[1]) not in stems[i] and not told:
                continue
            text, value = told or body.strip("| ").replace(" | ", "; "), 1.0 if direct >= len(keys) - 0.5 else 0.85
        else:
            speaker = (prefix[1] or "") if prefix else ""
            options = candidates(question, kind, body, hits, passage, keys, speaker)
            if not options and noun and stem(noun[1]) in heads[i] and len(sentence.split()) <= 5 and kind == "which":
                options = [(1.2, body.strip("| ."))]  # a short note under the heading that was asked for
            if (
                not options
                and sure >= 0.9
                and direct >= len(keys) - 0.5
                and len(keys) > 1
                and kind in QUOTED
                and not (kind == "which" and noun and stem(noun[1]) not in stems[i] | heads[i])
            ):
                options = [(0.5, body.strip("| ")[:300])]  # all the words are here: let the sentence speak
            if not options and kind == "person" and re.match(r"(?:He|She)\b", body):
                opening = next((m for s in reversed(units[max(0, i - 2) : i]) if (m := SUBJECT.match(s))), None)
                options = [(1.2, opening[1])] if opening else []
            if not options:
                continue
            value, text = options[0]
            if plural:
                text = " and ".join(dict.fromkeys(t for _, t in options))
            elif len(options) > 1 and options[1][0] > 0.93 * value and options[1][1] != text:
                sure *= 0.8
            value = min(1.0, 0.55 + value / 3)
        found.append(Answer(text, sentence, int(100 * sure * value)))
    words = {stem(w) for w in tokens(question)}
    counting = re.match(r"\W*how many\b", fold(question)) is not None
    found = [
        a
        for a in found
        if {stem(w) for w in tokens(a.text)} - words
        and not (counting and re.fullmatch(r"[A-Za-z]+[-_]?\d[\w-]*", a.text))
    ]
    found.sort(key=lambda a: (-a.confidence, -len(words & {stem(w) for w in tokens(a.sentence)})))
    if (
        len(found) > 1
        and found[1].confidence > 0.97 * found[0].confidence
        and fold(found[1].text) not in fold(found[0].text)
        and kind != "thing"
    ):
        return Answer(found[0].text, found[0].sentence, int(found[0].confidence * 0.8))
    return found[0] if found else None


SUBJECT = re.compile(rf"((?:The|His|Her|Their) [a-z]+|{NAME.pattern}) (?!(?:of|and)\b)[a-z]")
"""Who a sentence is about, when it opens with that."""

QUOTED = ("reason", "frequency", "which")

"""Kinds of answer that a whole sentence may give when no part of it stands out."""


def replied(
    question: str, kind: str, keys: list[Key], asked: set[str], after: list[str], before: set[str]
) -> Answer | None:
    """The reply to the same question asked in a conversation: the next message (or the one behind) of the asked type."""
    met = [k for k in keys if k.root in asked or any(len(s) > 2 and akin(k.root, s) for s in asked)]
    missing = [k for k in keys if k not in met]
    open_ones = [k for k in missing if k.root not in before]
    if not met or len(open_ones) > (len(met) > 1) or any(k.strict for k in open_ones):
        return None
    for nth, sentence in enumerate(after):
        prefix = PREFIX.match(sentence)
        body = sentence[prefix.end() :] if prefix else sentence
        if not prefix or not prefix.end() or body.rstrip().endswith("?"):
            continue
        speaker = (prefix[1] or "") if prefix else ""
        options = candidates(question, "which" if kind == "name" else kind, body, set(), body, keys, speaker)
        if (
            kind in ("which", "name", "person")
            and not options
            and len(body.split()) < (4 if kind != "person" else 6)
            and (kind != "person" or body[0].isupper())
        ):
            options = [(1.5, body.strip(" ."))]
        if options:
            return Answer(options[0][1], sentence, (72 if not missing else 60) - 6 * nth)
    return None


def wording(question: str, best: Answer) -> str:
    """The answer; the whole sentence where it is not sure which words of it are the answer."""
    if best.confidence >= 90 or kind_of(question) in ("quantity", "money", "date", "clock", "age"):
        return best.text
    told = PREFIX.sub("", best.sentence, count=1)
    return (told if fold(best.text) in fold(told) else best.sentence)[:300]


def reply(prompt: str) -> str:
    """What the sub-model says to a prompt that code wrote: `answer | confidence | sentence`, a summary, or NOT FOUND."""
    found = re.search(r"Question:\s*(.+?)\s*(?:\n\n|\n(?=Passage|Text|Context)|\Z)", prompt, re.S)
    question = (found[1] if found else prompt.split("\n", 1)[0]).strip()
    passage = re.split(r"\n(?:Passage|Text|Context):?[ \t]*\n", prompt, maxsplit=1)
    body = passage[1] if len(passage) > 1 else prompt[found.end() if found else len(question) :]
    if re.search(r"\bsummar", fold(question)):
        most = re.search(r"at most (\w+)", question)
        size = {"two": 2, "three": 3, "four": 4, "five": 5}.get(most[1] if most else "", 4)
        return " ".join(summary(body, size)) or NOT_FOUND
    best = answer(question, body)
    if best is None or best.confidence < 40:
        return NOT_FOUND
    text = wording(question, best)
    return f"{text.replace(' | ', '; ')} | {best.confidence} | {best.sentence}"
