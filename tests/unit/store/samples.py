"""A small session's events, as an engine would emit them."""

from __future__ import annotations

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, Event, Log, Usage

DOCUMENT = "Ada met Bob in 1815.\nBob met Cid.\n"


def started(log: Log, session: str, query: str = "Who met Bob?", document: str = DOCUMENT) -> ev.SessionStarted:
    body = log.put(document)
    return ev.SessionStarted(
        session=session,
        query=query,
        documents=(ev.DocumentRef("met.txt", body, document.count("\n")),),
        config=ev.RunConfig(model="scripted", sub_model="small"),
        version="0.1.0",
    )


def turn(log: Log, number: int, reply: str = "```repl\nprint(context)\n```") -> list[Event]:
    """A turn's events: request, reply, one cell."""
    call, cell = f"0:t{number}", f"0:c{number}"
    prompt = log.put(f"prompt {number}")
    said = log.put(reply)
    code = log.put("print(context)\n")
    output = log.put(f"{DOCUMENT}{number}")
    return [
        ev.CallReserved(
            call=call,
            node="0",
            purpose="turn",
            model="scripted",
            messages=(ev.Message("user", prompt),),
            max_output_tokens=100,
            estimate=Usage(calls=1, input=20, output=100),
            turn=number,
        ),
        ev.AttemptStarted(call=call, attempt=1),
        ev.CallPartial(call=call, text=reply[:5]),
        ev.CallFinished(
            call=call,
            reply=said,
            usage=Usage(calls=1, input=20, cached=5, output=7, cost=0.25, unpriced=0),
            seconds=0.1,
        ),
        ev.ReplyRead(node="0", turn=number, call=call, action="cell", kept=said, rule=1),
        ev.CellProposed(cell=cell, node="0", turn=number, code=code),
        ev.CellStarted(cell=cell),
        ev.CellOutput(cell=cell, text=DOCUMENT),
        ev.CellFinished(cell=cell, status="ok", output=output, touched=(ev.Span(0, 0, 20),)),
    ]


def node() -> ev.NodeStarted:
    return ev.NodeStarted(
        node="0", depth=0, model="scripted", query="Who met Bob?", context_kind="str", context_chars=len(DOCUMENT)
    )


def ended(log: Log, answer: str = "Ada") -> ev.SessionEnded:
    return ev.SessionEnded(status="completed", answer=log.put(answer), usage=Usage(calls=1))


async def play(log: Log, session: str, turns: int = 2, query: str = "Who met Bob?") -> list[ev.Entry]:
    """Append a whole session, some events alone, some together."""
    entries = list(await log.append(started(log, session, query), node()))
    for number in range(1, turns + 1):
        first, *rest = turn(log, number)
        entries += await log.append(first)
        entries += await log.append(*rest)
    entries += await log.append(ended(log))
    return entries


def ref(text: str) -> BlobRef:
    return BlobRef.of(text)
