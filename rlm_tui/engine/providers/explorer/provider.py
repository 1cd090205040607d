"""The built-in model: it answers when no language model is connected."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from rlm_tui.engine.providers.base import ModelInfo, Price, Reply, Request
from rlm_tui.engine.providers.explorer import cells, passages, profiling, readers, shapes
from rlm_tui.engine.providers.explorer.facts import fact_of
from rlm_tui.engine.providers.explorer.kinds import LINE, SUMMARY, TIMES
from rlm_tui.engine.providers.explorer.plans import compute, decide, how, sound
from rlm_tui.engine.providers.explorer.reading import Conversation, profile, read, sample
from rlm_tui.engine.providers.explorer.sentences import summary
from rlm_tui.engine.providers.explorer.words import content, fold, pattern, stem
from rlm_tui.events import Usage

LONG = 200_000
SURE = 50
NOTE = "built-in explorer: a deterministic reader, not a language model"


class ExplorerProvider:
    """A deterministic reader behind the provider interface. Stateless: it reads everything from the messages."""

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(name=model, window=200_000, price=Price(0.0, 0.0), language_model=False, note=NOTE)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        talk = read(request.messages)
        if talk.leaf:
            text = passages.reply("\n\n".join(m.content for m in request.messages if m.role == "user"))
        else:
            text = forced(talk) if talk.forced else next_turn(talk)
        if request.stream and on_text is not None:
            for piece in re.findall(r"(?s).{1,160}", text):
                on_text(piece)
                await asyncio.sleep(0)
        read_chars = sum(len(m.content) for m in request.messages)
        usage = Usage(input=read_chars // 4 + 1, output=len(text) // 4 + 1, calls=1, estimated=True)
        return Reply(text=text, finish="stop", usage=usage)

    async def close(self) -> None:
        return None


def block(code: str, say: str) -> str:
    """A reply: one sentence, then one cell."""
    return f"{say}\n\n```repl\n{code.strip()}\n```"


def forced(talk: Conversation) -> str:
    """The best answer that the outputs already hold, in plain text."""
    for output in reversed(talk.outputs):
        found = re.search(r"^CANDIDATE (\d+) \| (.+)$", output, re.M)
        if found and int(found[1]) >= SURE:
            return found[2]
        result = re.search(r"^RESULT [1-9]\d* of \d+ \| (.+)$", output, re.M) or re.search(
            r"^SUMMARY (.+)$", output, re.M
        )
        if result:
            return result[1]
    return cells.CANNOT


def forms_of(question: str) -> dict[str, str]:
    """The words of the question and the patterns of their inflections."""
    return {word: pattern(word) for word in dict.fromkeys(content(question))}


def next_turn(talk: Conversation) -> str:
    """The next cell of a node."""
    question, last = talk.question, talk.codes[-1] if talk.codes else ""
    output = talk.outputs[-1] if talk.outputs else ""
    failed = bool(re.search(r"^Error: |^Traceback |^\w*Error\b", output, re.M))
    if not talk.codes:
        return block(
            shapes.look(talk.several), "First a look at the document: its size, its shape, and lines from everywhere."
        )
    look = talk.output_of('print("separator"') or ""
    lines = sample(look)
    if 'print("separator"' in last:
        return start(talk, lines, look)
    if 'print("FIELD"' in last and not failed:
        found = profile(output)
        meaning = shape_of(talk).kind != "glossary" or not (
            odd_verb(question) or re.search(r"\bhow many\b|\bwhich\b", fold(question))
        )
        name = fact_of(question, found.facts) if meaning and found.facts and not TIMES.search(fold(question)) else ""
        if name:
            return block(cells.fact(name), "One of the named values is what the question asks for.")
        plan = decide(question, found, shape_of(talk))
        code = compute(plan)
        if not plan.doubts and code:
            return block(code, "Every word of the question has its place in these fields, so it can be computed.")
        return seek(talk)
    if 'print("RESULT"' in last and not failed:
        plan = decide(question, profile(talk.output_of('print("FIELD"') or ""), shape_of(talk))
        if sound(plan, output, question):
            return block(cells.final(how(plan)), "The result holds together.")
        return seek(talk)
    if 'print("VALUE"' in last and not failed:
        return block(
            cells.final_fact(fact_of(question, profile(talk.output_of('print("FIELD"') or "").facts)),
            "There it stands.",
        )
    if 'print("LINE"' in last and not failed:
        return lines_found(talk, output)
    if 'print("OCCURRENCES"' in last and not failed:
        return block(cells.final_times(phrase_of(question)), "Counted.")
    if 'print("SUMMARY"' in last and not failed:
        good = re.search(r"^SUMMARY \S", output, re.M)
        return block(cells.final_summary(), "These sentences carry most of it.") if good else give_up(talk)
    if 'print("LEAF"' in last and not failed:
        digest = " ".join(summary("\n".join(passages_of(output)), 5))
        return block(f"digest = {digest!r}\n" + cells.final_summary(), "These sentences carry most of it.")
    if 'print("WINDOWS"' in last and not failed:
        if not re.search(r"^WINDOWS [1-9]", output, re.M):
            return give_up(talk)
        if shape_of(talk).kind in RECORDS:
            return give_up(talk)  # a sentence reader has no business in tables
        if not talk.subcalls:
            read_myself = [a for p in passages_of(output) if (a := passages.answer(question, p))]
            best_one = max(read_myself, key=lambda a: a.confidence, default=None)
            if best_one is None or best_one.confidence < SURE:
                return give_up(talk)
            said = passages.wording(question, best_one)
            return block(cells.final_read(said, best_one.sentence, best_one.confidence), "I read it in these passages.")
        if talk.children and (talk.several or talk.characters > LONG):
            return block(cells.children(question), "This is long: child nodes explore the sections.")
        return block(cells.ask(question), "Now the sub-model reads the closest passages.")
    if 'print("CANDIDATE"' in last and not failed:
        best = re.findall(r"^CANDIDATE (\d+) \| (.*)$", output, re.M)
        if best and int(best[0][0]) >= SURE:
            return block(cells.final_found(), "One passage answers it.")
        return give_up(talk)
    if failed and 'print("WINDOWS"' not in last and 'print("CANDIDATE"' not in last:
        return seek(talk)
    return give_up(talk)


def start(talk: Conversation, lines: list[str], look: str) -> str:
    """The second cell: what kind of question is it, and how is the document read?"""
    question = talk.question
    forms = forms_of(question)
    low = fold(question)
    if SUMMARY.search(low) and not talk.subcalls:
        return block(cells.leaf_through(), "A summary: read it.")
    if SUMMARY.search(low):
        return block(
            cells.summarise(talk.children and (talk.several or talk.characters > LONG)),
            "A summary: read all of it, part by part.",
        )
    phrase = phrase_of(question)
    if TIMES.search(low) and phrase:
        return block(cells.times(phrase), f"Count the occurrences of {phrase!r}.")
    if asks_line(low):
        phrases = [fold(p) for p in re.findall(r"[\"“«'‘]([^\"”»'’]+)[\"”»'’]", question) if len(p) > 3]
        phrases += [fold(w) for w in forms if re.search(r"\d", w) and len(w) > 2]
        wanted = {w: f for w, f in forms.items() if fold(w) not in LINE_WORDS}
        return block(cells.line_search(question, wanted, phrases), "Look for the line that holds these words.")
    shape = shapes.detect(lines, look)
    if re.search(r"\bhow many lines\b|\bnumber of lines\b", low) and shape.kind in (
        "outline",
        "prose",
        "code",
        "ini",
        "yaml",
    ):
        shape = shapes.Shape("lines")
    asked = "|".join(f"(?:{form})" for form in forms.values()) or r"(?!)"
    code = (
        readers.reader(shape, talk.several)
        + "\n"
        + profiling.profile(
            asked,
            forms,
            shape.kind in ("json", "yaml", "ini", "sheet", "outline", "prose", "code", "glossary"),
            [
                fold(w).removesuffix("s")
                for w in re.findall(
                    r"\b(?:which|what|different|distinct|unique|common|frequent) (?:[a-z]+ (?=[a-z]+\W*$))?([a-z]{3,})",
                    low,
                )
            ]
            if "log" in shape.kind
            else (),
        )
    )
    return block(code, f"It looks like {shape.kind}: read the records, and see where the question's words occur.")


LINE_WORDS = frozenset(
    "hold holds set sets give gives show shows line lines paragraph story reveal reveals function method class struct variable constant comment code contains has number please where forbids allows describes explains lists introduces announces states refers reports quotes names gives speaks about say says mention mentions contain contains quote letter passage verse warn warns define defines defined talk talks speak tell tells asks ask".split()
)


def asks_line(low: str) -> bool:
    """Whether a line (or verse, sentence …) is asked for by what it says."""
    return (
        bool(re.search(r"\bwhere is [\w. ]+ (?:defined|declared)\b", low))
        or bool(LINE.search(low) and not re.search(r"\bhow many\b", low))
        or bool(
            re.search(
                r"\b(?:which|what) (?:verse|sentence|entry|message|paragraph|passage|item)s? (?:\w+ )?(?:says?|mentions?|contains?|talks?|speaks?|tells?|describes?|warns?|asks?)\b",
                low,
            )
        )
    )


def phrase_of(question: str) -> str:
    """The word or phrase whose occurrences are to be counted; empty if the question names none."""
    quoted = re.search(r"[\"“«]([^\"”»]+)[\"”»]|(?<!\w)['‘]([^'’]+)['’](?!\w)", question)
    if quoted:
        return (quoted[1] or quoted[2]).strip()
    found = re.search(
        r"(?:how (?:many times|often) (?:does|do|is|did|are|was|were)|(?:occurrences|number of times)(?: of| that)?) (?:there )?(?:the )?(?:word |phrase |name |term |string )?(?:of )?([\w'’-]+(?: [\w'’-]+){0,2}?)"
        r"(?= (?:appears?|occurs?|mentioned|used|comes? up|shows? up|found)\b)|occurrences of (?:the )?(?:word |phrase |name )?([\w'’-]+(?: [\w'’-]+)?)(?= (?:are|is|in|does)\b|[?.]?\s*$)",
        question,
        re.I,
    )
    named = (found[1] or found[2]) if found else ""
    return "" if fold(named) in ("there", "it") else named


def odd_verb(question: str) -> bool:
    """Whether something other than a meaning is asked of a term: `what does a tenor weigh`."""
    verb = re.search(r"\bdo(?:es)? .* (\w+)\W*$", fold(question))
    return bool(verb and verb[1] not in ("mean", "do", "for", "to"))


def lines_found(talk: Conversation, output: str) -> str:
    """The line, if one stands out."""
    found = [(int(n), float(s)) for n, s in re.findall(r"^LINE (\d+) ([\d.]+) ", output, re.M)]
    ahead = found and (len(found) == 1 or found[0][1] > 1.4 * found[1][1])
    if not found or found[0][1] < (0.34 if ahead else 0.5):
        return seek(talk)
    equal = [n for n, s in found if s > found[0][1] - 0.005]
    if len(equal) > 5:
        return seek(talk)
    return block(
        cells.final_lines(len(equal)), "This is the line." if len(equal) == 1 else "These lines hold the words equally."
    )


RECORDS = ("table", "pairs", "logfmt", "json", "json lines", "access log", "yaml", "ini")


def shape_of(talk: Conversation) -> shapes.Shape:
    """The document's shape, from what the first cell printed."""
    look = talk.output_of('print("separator"') or ""
    return shapes.detect(sample(look), look)


def passages_of(output: str) -> list[str]:
    """The passages that a cell printed."""
    return [part.split("\n[turn ")[0].strip() for part in output.split("PASSAGE\n")[1:]]


def seek(talk: Conversation) -> str:
    """Turn to the passages that hold the question's words."""
    forms = forms_of(talk.question) or {w: pattern(w) for w in re.findall(r"\w+", talk.question)}
    if not forms:
        return give_up(talk)
    return block(
        cells.search(forms, aloud=not talk.subcalls),
        "The fields do not answer this, so look for the passages that might.",
    )


def give_up(talk: Conversation) -> str:
    """No answer that can be stood for."""
    searched = any('print("WINDOWS"' in code for code in talk.codes)
    return block(cells.give_up(searched), "I can't stand for an answer here.")


__all__ = ["ExplorerProvider", "stem"]
