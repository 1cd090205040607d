"""Making a long conversation short again, without losing anything (engine contract §7).

Off by default: it breaks the provider's prompt cache and costs a call. When it is on and the next prompt would have more
than `RunConfig.compact_at` tokens, one call summarises the middle; the first messages and the last exchange stay. The
originals stay in the log: earlier calls name them by hash.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.engine.prompts import cut, describe
from rlm_tui.engine.providers.base import ChatMessage
from rlm_tui.events import Variable

KEPT = 2
"""How many messages at the end stay as they are: the last reply and its output."""

SUMMARY_TOKENS = 1024


def worth_it(messages: Sequence[ChatMessage]) -> bool:
    """Whether there is a middle to summarise: more than the system prompt, the question, and the last two exchanges."""
    return len(messages) > 2 + 2 * KEPT


def request(messages: Sequence[ChatMessage], now: str = "") -> str:
    """The prompt of the call that summarises the middle of a conversation. `now` is the question that came after the first."""
    middle = messages[2:-KEPT]
    told = "\n\n".join(f"--- {m.role} ---\n{cut(m.content, 6000)}" for m in middle)
    question = cut(messages[1].content, 2000) + (f"\n\n{cut(now, 2000)}" if now else "")
    return (
        "Summarise this part of a working session for the one who goes on with it. Keep: what was looked at and what was "
        "found (numbers, names, quotes, positions), which variables hold what, what failed, what is still to be done. "
        f"Leave out code and pleasantries. At most 400 words.\n\nQuestion:\n{question}\n\n{told}"
    )


def compacted(
    messages: Sequence[ChatMessage], summary: str, variables: Sequence[Variable], now: str = ""
) -> tuple[ChatMessage, ...]:
    """The shorter conversation: system prompt, question with summary and variables, and the last exchange."""
    listed = "\n".join(f"{describe(v)} = {v.preview}" for v in list(variables)[:40])
    first = f"{messages[1].content}\n\nSummary of the work so far:\n{summary.strip()}"
    if listed:
        first += f"\n\nVariables in the REPL:\n{cut(listed, 4000)}"
    if now:
        first += f"\n\n{now}"
    return (messages[0], ChatMessage("user", first), *messages[-KEPT:])
