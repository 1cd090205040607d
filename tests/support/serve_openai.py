"""The fake server in a process of its own, so that its work is not counted as ours: ``python -m … SCRIPT.json``.

The script has `turns` (the replies of prompts with a system message, by how often the assistant has spoken), `leaf` (the
reply to every other prompt) and `delay` (seconds a leaf takes). Prints its address, then serves until standard input ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support.openai_server import Answer, FakeOpenAI


def main(path: str) -> None:
    script = json.loads(Path(path).read_text())

    def reply(body: dict[str, Any]) -> Answer:
        messages = body["messages"]
        if messages[0]["role"] != "system":
            return Answer(script["leaf"], delay=script["delay"])
        spoken = sum(message["role"] == "assistant" for message in messages)
        return Answer(script["turns"][min(spoken, len(script["turns"]) - 1)], pieces=1)

    with FakeOpenAI(reply) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
