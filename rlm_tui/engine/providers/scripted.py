r"""Plays replies from a YAML file: ``--model scripted:FILE``. For tests, demonstrations and benchmarks.

The file is a mapping. All keys are optional except that there must be something to say::

    note: two turns and a batch      # one line for the title bar
    window: 32000                    # tokens; unknown if left out
    price: {input: 0.5, output: 1.5} # US dollars per million tokens (cached, cache_write, reasoning too); unknown if left out
    piece: 16                        # characters in a streamed piece
    pace: 0.0                        # seconds between pieces
    delay: 0.0                       # seconds before a reply begins, where the reply doesn't say

    turns:                           # a node's replies in order
      - |
        Let me look.
        ```repl
        print(context[:200])
        ```
      - text: "..."                  # a reply is a text, or a mapping:
        delay: 0.2
        finish: length               # default stop
        usage: {input: 900, output: 40, cached: 800}
      - fault: rate_limit            # a kind of fault; `text` is then the part that came before it
        retry_after: 1
        message: slow down
        status: 429
        times: 1                     # the fault comes this often for one prompt, then `then` (or `default`) answers
        then: "the reply after the retry"

    nodes:                           # replies of the nodes whose first user message matches (a child's question, say)
      - match: which of these        # a regular expression, found anywhere
        turns: [...]

    leaves:                          # replies to plain prompts (llm_query): the first match answers
      - match: 'label (\w+)'
        expand: true                 # \1 and \g<name> in the text stand for the match's groups
        text: 'it is \1'
    default: I don't know.           # a leaf that nothing matches; also a node that runs out of turns

A prompt belongs to a node when its system message names ``FINAL`` or ``llm_query``; every other prompt is a leaf's. Which
turn is due is the number of assistant messages in the prompt, so the provider keeps no state and a replayed, rewound or
forked session gets the same replies. (Only `times` counts, by prompt.) Matching looks at the last message of a leaf's
prompt and at the first user message of a node's. Usage that isn't given is four characters a token, rounded up, so that
figures are the same on every machine; a reply longer than the request allows is cut and finishes with ``length``.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rlm_tui.engine.providers.base import ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.recorded import request_key
from rlm_tui.engine.providers.script_file import Line, Node, Script, load_script
from rlm_tui.events import Usage

_NODE_PROMPT = re.compile(r"\bFINAL\b|\bllm_query\b")


class Scripted:
    """The provider of one script file. Raises `ProviderError` (``bad_request``) with file, line and key if it is wrong."""

    def __init__(self, path: str | Path) -> None:
        self._script: Script = load_script(Path(path))
        self._times: Counter[tuple[int, str]] = Counter()

    def info(self, model: str) -> ModelInfo:
        script = self._script
        return ModelInfo(model, script.window, script.price, language_model=False, note=script.note)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        try:
            async with asyncio.timeout(request.timeout):
                return await self._play(self._choose(request), request, on_text)
        except TimeoutError:
            message = f"The script's reply took longer than the {request.timeout:g} s that a call may take."
            raise ProviderError("timeout", message) from None

    async def close(self) -> None:
        """Nothing to free."""

    def _choose(self, request: Request) -> Line:
        script = self._script
        system = " ".join(m.content for m in request.messages if m.role == "system")
        if not _NODE_PROMPT.search(system):
            return self._choose_leaf(request)
        question = next((m.content for m in request.messages if m.role == "user"), "")
        node = next((n for n in script.nodes if n.match.search(question)), Node(re.compile(""), script.turns))
        turn = sum(m.role == "assistant" for m in request.messages)
        if turn < len(node.turns):
            return node.turns[turn]
        if script.default is not None:
            return script.default
        raise ProviderError(
            "not_found",
            f"{script.path.name} has {len(node.turns)} replies for this node and turn {turn + 1} was asked for: "
            "add one under turns, or a default.",
        )

    def _choose_leaf(self, request: Request) -> Line:
        script = self._script
        prompt = request.messages[-1].content if request.messages else ""
        for line in script.leaves:
            found = line.match.search(prompt) if line.match else None
            if found is not None:
                return line.expanded(found)
        if script.default is not None:
            return script.default
        raise ProviderError(
            "not_found", f"{script.path.name} has no reply to this prompt: add a match under leaves, or a default."
        )

    async def _play(self, line: Line, request: Request, on_text: Callable[[str], None] | None) -> Reply:
        if line.fault and line.times is not None:
            key = (line.number, request_key(request))
            self._times[key] += 1
            if self._times[key] > line.times:
                line = line.then or self._script.default or Line(line.number, text="")
        delay = self._script.delay if line.delay is None else line.delay
        if delay:
            await asyncio.sleep(delay)
        text, finish = line.text, line.finish
        allowed = request.max_output_tokens * 4
        if len(text) > allowed:
            text, finish = text[:allowed], "length"
        if on_text is not None and request.stream:
            await self._stream(text, on_text)
        usage = self._usage(line, text, request)
        if line.fault:
            message = line.message or f"The script says {line.fault}."
            raise ProviderError(
                line.fault, message, status=line.status, retry_after=line.retry_after, partial=text, usage=line.usage
            )
        return Reply(text, finish, usage)

    async def _stream(self, text: str, on_text: Callable[[str], None]) -> None:
        for start in range(0, len(text), self._script.piece):
            on_text(text[start : start + self._script.piece])
            # A pause of 0 still lets others run, as a real stream does.
            await asyncio.sleep(self._script.pace)

    def _usage(self, line: Line, text: str, request: Request) -> Usage:
        if line.usage is not None:
            return line.usage
        prompt = sum(len(m.content) for m in request.messages)
        return Usage(calls=1, input=(prompt + 3) // 4, output=(len(text) + 3) // 4)
