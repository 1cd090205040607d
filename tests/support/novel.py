"""A realistic session over a made-up novel: a probe, turns, a batch of sub-calls, a child node, a retry, an error, an answer."""

from __future__ import annotations

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.events import Fault, Span, Variable
from tests.support.sessions import Script, usage

QUERY = "When does Pierre first meet Natasha?"

_SENTENCES = (
    "The drawing-room was filled with the talk of the guests, and the countess was tired.",
    "Prince Andrew looked at the window and said nothing for a long time.",
    "The candles were brought in, and the old count laughed at his own story.",
    "It was snowing again, and the sledges stood before the porch.",
    "Nobody noticed how the general had left the room.",
    "A letter had come from Moscow, and it lay unread on the table.",
)
_MEETING = (
    "Pierre came up to her and bowed awkwardly. A little girl in a yellow dress laughed: "
    "«Natasha, what manners!» said the countess."
)
_BALL = "At the ball of the thirty-first of December, 1809, Pierre led Natasha to Prince Andrew."


def novel(lines: int = 900) -> Document:
    """The document: `lines` lines in chapters of 60."""
    text = []
    for number in range(lines):
        if number % 60 == 0:
            text.append(f"CHAPTER {number // 60 + 1}")
        elif number % 60 == 1 or number % 11 == 0:
            text.append("")
        elif number == 415:
            text.append(_MEETING)
        elif number == 712:
            text.append(_BALL)
        else:
            text.append(_SENTENCES[number * 7 % len(_SENTENCES)])
    return Document.from_text("war_and_peace.txt", "\n".join(text) + "\n")


def _part(document: Document, share: float, until: float) -> Span:
    return Span(0, int(document.chars * share), int(document.chars * until))


MAP = """# map: ask a sub-model about every sixth of the text
size = len(context) // 6
parts = [context[i * size:(i + 1) * size] for i in range(6)]
answers = llm_query_batched(
    ["When does Pierre meet Natasha here? Answer no if he does not.\\n\\n" + part
     for part in parts])
for name, found in zip("abcdef", answers):
    print(name, found)"""

VERIFY = '''# verify the candidate passage
lo, hi = hits[3].span()
passage = context[max(0, lo - 2000):hi + 2000]
check = llm_query(f"""Does Pierre meet Natasha
    here for the FIRST time?

    {passage}""")
if check.startswith("yes"):
    FINAL("Chapter 7: he bows to the girl in yellow.")'''


def build(document: Document | None = None) -> tuple[Script, Document, dict[str, int]]:
    """The session, its document, and the number of the event at which some moments are reached:

    ``asked`` (turn 1 thinks), ``first`` (held before the first cell), ``held`` (held before the cell of turn 4), ``end``.
    """
    document = document or novel()
    s = Script()
    marks: dict[str, int] = {}
    s.start([document], QUERY)
    s.probe(
        "0",
        f"str, {document.chars:,} characters, {document.line_count} lines, prose",
        (Variable("context", "str", document.chars),),
    )
    s.add(ev.Paused(stop="before_llm", node="0", turn=1, reason="step into"))
    s.add(ev.Resumed(verb="over", node="0"), after=0.4)
    marks["asked"] = len(s.entries) + 3

    head, tail = Span(0, 0, 800), Span(0, document.chars - 600, document.chars)
    cell = s.turn(
        "0",
        1,
        says="I will look at the beginning and the end first.",
        code="# peek head and tail\nprint(context[:800])\nprint(context[-600:])",
        usage=usage(1_840, 210, 0.008),
        spans=(Span(0, 0, 500),),
    )
    s.add(ev.Paused(stop="before_exec", node="0", turn=1, cell=cell, reason="before the first cell"))
    marks["first"] = len(s.entries)
    s.add(ev.Resumed(verb="over", node="0"), after=1.5)
    s.run(cell)
    s.done(
        cell, document.slice(0, 800) + "\n" + document.slice(document.chars - 600, document.chars), touched=(head, tail)
    )

    cell = s.turn(
        "0",
        2,
        says="It is a novel. I will find every place where both names stand close together.",
        code="# regex 'Natasha'\nimport re\nhits = list(re.finditer('Natasha', context))\nprint(len(hits), 'hits')",
        usage=usage(2_610, 190, 0.009, cached=1_792),
        spans=(head, tail),
    )
    s.run(cell)
    hits = Variable("hits", "list", 2, "[<re.Match object; span=(29871, 29878), match='Natasha'>, …]", "new")
    s.done(cell, "2 hits\n", variables=(hits,), touched=(Span(0, 0, document.chars),))

    cell = s.turn(
        "0", 3, says="I will ask about every sixth of the text.", code=MAP, usage=usage(2_900, 330, 0.011, cached=2_560)
    )
    s.run(cell)
    for n, reply in enumerate(("no", "no", None, "no", "«the ball, 31 Dec 1809», confidence 0.41", "no"), 1):
        call, where = f"0:c3.{n}", _part(document, (n - 1) / 6, n / 6)
        if reply is None:
            _child(s, document, f"0/c3.{n}", where)
            continue
        prompt = "When does Pierre meet Natasha here? Answer no if he does not.\n\n" + document.slice(
            where.start, where.end
        )
        cost = usage(9_800, 24, 0.021 + 0.002 * n)
        s.ask(
            call,
            "0",
            purpose="leaf",
            model="gpt-5-mini",
            prompt=prompt,
            depth=1,
            usage=cost,
            cell=cell,
            ordinal=n,
            batch=1,
            spans=(where,),
        )
        if n == 5:
            s.add(
                ev.AttemptFailed(
                    call=call, attempt=1, fault=Fault("rate_limit", "The provider is busy (429)."), retry_in=2.0
                )
            )
            s.add(ev.AttemptStarted(call=call, attempt=2), after=2.0)
        s.reply(call, reply, cost, seconds=1.1 + 0.3 * n)
    answers = Variable("answers", "list", 6, "['no', 'no', 'Chapter 7 …', 'no', '«the ball …', 'no']", "new")
    size = Variable("size", "int", None, str(document.chars // 6), "new")
    parts = Variable("parts", "list", 6, "['CHAPTER 1\\n\\nThe drawing-room …', …]", "new")
    kept = Variable("hits", "list", 2, hits.preview)
    output = "a no\nb no\nc Chapter 7: he bows to a girl in yellow, confidence 0.93\nd no\ne «the ball, 31 Dec 1809», confidence 0.41\nf no\n"
    s.printed(cell, output)
    s.done(
        cell,
        output,
        variables=(answers, kept, parts, size),
        touched=(Span(0, 0, document.chars),),
        seconds=0.1,
        waited=11.8,
    )
    s.add(ev.BreakpointSet(number=1, condition="cost>0.20"))
    s.add(ev.Injected(node="0", text="Chapter 7 is right if they are introduced to each other there."))

    cell = s.turn(
        "0",
        4,
        says="Two candidates disagree. I will read the passage for c and verify it, then answer.",
        code=VERIFY,
        usage=usage(3_400, 260, 0.012, cached=2_816),
        seconds=2.2,
    )
    s.add(ev.Paused(stop="before_exec", node="0", turn=4, cell=cell, reason="bp #1 cost>0.20", breakpoint=1))
    marks["held"] = len(s.entries)
    s.add(ev.Resumed(verb="continue"), after=3.0)
    s.run(cell)
    error = ev.CellError(
        "IndexError",
        "list index out of range",
        2,
        "line 2: lo, hi = hits[3].span()\nIndexError: list index out of range",
    )
    s.done(cell, "", status="error", error=error, variables=(answers, kept, parts, size))

    cell = s.turn(
        "0",
        5,
        says="There are only two hits. The first one it is.",
        code=VERIFY.replace("hits[3]", "hits[0]"),
        usage=usage(3_800, 240, 0.013, cached=3_328),
    )
    s.run(cell)
    char = document.text.index("Pierre came up")
    near = Span(0, max(0, char - 2000), char + 2100)
    cost = usage(1_100, 8, 0.0006)
    s.ask(
        "0:c5.1",
        "0",
        purpose="leaf",
        model="gpt-5-mini",
        prompt="Does Pierre meet Natasha here for the FIRST time?\n\n" + document.slice(near.start, near.end),
        depth=1,
        usage=cost,
        cell=cell,
        ordinal=1,
        spans=(near,),
    )
    s.reply("0:c5.1", "yes, they are introduced here", cost, seconds=0.9)
    answer = s.put("Chapter 7: he bows to the girl in yellow.")
    s.add(ev.FinalProposed(node="0", source="FINAL", answer=answer, cell=cell))
    s.done(cell, "", variables=(answers, kept, parts, size), touched=(near,), seconds=0.05, waited=0.9)
    s.add(ev.NodeEnded(node="0", status="completed", answer=answer))
    total = sum((e.event.usage for e in s.entries if isinstance(e.event, ev.CallFinished | ev.CallFailed)), ev.Usage())
    s.add(ev.SessionEnded(status="completed", answer=answer, usage=total))
    marks["end"] = len(s.entries)
    return s, document, marks


def _child(s: Script, document: Document, name: str, where: Span) -> None:
    """The third sixth is read by a child node."""
    node = name
    query = "When does Pierre meet Natasha here?"
    s.node(node, 1, "gpt-5-mini", query, chars=where.end - where.start, cell="0:c3", ordinal=3)
    s.probe(node, "str, 9,700 characters")
    code = "# split in two and ask about each\nhalf = len(context) // 2\nfor part in (context[:half], context[half:]):\n    print(llm_query(query + part))"
    cell = s.turn(
        node, 1, says="Two halves are enough.", code=code, usage=usage(1_200, 90, 0.002), model="gpt-5-mini", depth=1
    )
    s.run(cell)
    middle = (where.start + where.end) // 2
    halves = (Span(0, where.start, middle), Span(0, middle, where.end))
    cost = usage(4_900, 30, 0.014)
    for n, half in enumerate(halves, 1):
        call = f"{node}:c1.{n}"
        s.ask(
            call,
            node,
            purpose="leaf",
            model="gpt-5-mini",
            prompt=document.slice(half.start, half.end),
            depth=2,
            usage=cost,
            cell=cell,
            ordinal=n,
            spans=(half,),
        )
        if n == 2:
            fault = Fault("timeout", "The model did not answer within 30 s; the call was given up.")
            s.add(ev.CallFailed(call=call, fault=fault, usage=usage(4_900, 0, 0.012), seconds=4.0), after=4.0)
        else:
            s.reply(call, "Chapter 7: he bows to a girl in yellow, confidence 0.93", cost, seconds=1.6)
    s.done(cell, "Chapter 7: he bows to a girl in yellow, confidence 0.93\n[ERROR] timeout\n", seconds=0.02, waited=5.6)
    answer = s.put("Chapter 7: he bows to a girl in yellow, confidence 0.93")
    s.add(ev.FinalProposed(node=node, source="FINAL", answer=answer, cell=cell))
    s.add(ev.NodeEnded(node=node, status="completed", answer=answer))
