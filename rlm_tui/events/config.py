"""The frozen configuration of a session, as its first event keeps it."""

from __future__ import annotations

from typing import Any

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Budgets and limits (engine contract §8). ``None`` means unlimited.

    `calls`, `input_tokens`, `output_tokens`, `total_tokens`, `usd` and `seconds` hold for the whole tree of nodes;
    `turns`, `errors_in_row` and `nudges` for each node; `subcalls_per_cell` for one cell; `concurrency` is how many
    requests may be in flight at once in the whole tree.
    """

    calls: int | None = 500
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None
    turns: int = 30
    errors_in_row: int = 5
    nudges: int = 3
    subcalls_per_cell: int = 1000
    concurrency: int = 8


class RunConfig(msgspec.Struct, frozen=True):
    """Everything that decides how a session runs, except the question and the documents.

    `models_at` overrides the model per depth. `max_output_chars` is what a cell's output may show to the model (head
    60 %, tail 40 %). `cell_seconds` counts computing time only. `cell_memory_mb` is what a cell may allocate on top of
    its context. `unknown_price` says what to do about a model without a known price when `limits.usd` is set: ``refuse``, ``allow`` or
    ``assume:IN,OUT`` (US dollars per million tokens).
    `probe` is ``full`` or ``metadata``. `model_options` go to the provider as they are (``top_p``, ``reasoning_effort`` …).
    The root's answer must fit `answer_schema`, a JSON schema, if there is one. When a prompt would have more than
    `compact_at` tokens, the middle of the conversation is replaced by a summary; ``None`` never does that.
    `tools` are the user's functions that code can call: what the model is told of each, by name (signature, then
    docstring); child nodes get those named in `tools_for_children`; a tool may take `tool_seconds`.
    """

    model: str
    sub_model: str | None = None
    models_at: dict[int, str] = {}
    max_depth: int = 1
    limits: Limits = Limits()
    temperature: float | None = None
    max_output_tokens: int = 4096
    call_seconds: float = 120.0
    max_output_chars: int = 8000
    max_cells_per_turn: int = 1
    cell_seconds: float = 60.0
    cell_memory_mb: int = 512
    probe: str = "full"
    unknown_price: str = "refuse"
    api_base: str | None = None
    advice: str = ""
    repl: str = "python"
    reuse_identical_calls: bool = False
    model_options: dict[str, Any] = {}
    answer_schema: dict[str, Any] | None = None
    compact_at: int | None = None
    tools: dict[str, str] = {}
    tools_for_children: tuple[str, ...] = ()
    tool_seconds: float = 60.0

    def model_at(self, depth: int) -> str:
        """The model of a node at `depth` (0 is the root)."""
        if depth in self.models_at:
            return self.models_at[depth]
        return self.model if depth == 0 else (self.sub_model or self.model)

    def leaf_model(self, depth: int) -> str:
        """The model that answers `llm_query` of a node at `depth`."""
        return self.models_at.get(depth + 1) or self.sub_model or self.model
