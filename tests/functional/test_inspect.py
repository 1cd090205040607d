"""Our tasks and methods inside Inspect, with its mock of a model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.projection.fold import fold
from rlm_tui.store import Store

pytest.importorskip("inspect_ai", reason="needs the extra [inspect]")

FIND = '```repl\nimport re\nfound = re.findall(r"is: (\\d{7})", context)[0]\nprint(found)\n```'
GIVE = "```repl\nFINAL(found)\n```"


def evaluate(tmp_path: Path, replies: Any, **given: Any) -> Any:
    from inspect_ai import eval as evaluate_
    from inspect_ai.model import get_model

    from rlm_tui.bench.inspecting import rlm_bench

    task = rlm_bench(**{"suite": "sniah", "lengths": "2048", "limit": 2, "store": str(tmp_path / "s.db"), **given})
    model = get_model("mockllm/model", custom_outputs=replies)
    (log,) = evaluate_(task, model=model, display="none", log_dir=str(tmp_path / "logs"), max_samples=2)
    assert log.status == "success", log.error
    return log


def answering(text: str | None = None) -> Any:
    from inspect_ai.model import ModelOutput

    def reply(messages: Any, tools: Any, choice: Any, config: Any) -> Any:
        if messages[0].role != "system":
            number = re.findall(r"is: (\d{7})", messages[-1].text)[0]
            return ModelOutput.from_content("mockllm/model", text or number)
        asked = sum(message.role == "assistant" for message in messages)
        return ModelOutput.from_content("mockllm/model", GIVE if asked else FIND)

    return reply


@pytest.mark.parametrize("method", ["rlm:0", "direct"])
def test_a_task_of_ours_is_answered_through_inspect_s_model(method: str, tmp_path: Path) -> None:
    log = evaluate(tmp_path, answering(), method=method)
    assert {sample.scores["rlm_official"].value for sample in log.samples} == {1.0}
    assert log.results.scores[0].metrics["mean"].value == 1.0
    with Store.open(tmp_path / "s.db") as store:
        for sample in log.samples:
            state = fold(store.reader.entries(sample.metadata["session"]))
            assert state.status == "completed" and state.query == sample.input
            assert sample.output.completion == store.reader.text(state.answer)
            calls = [event for event in sample.events if event.event == "model"]
            assert len(calls) == len(state.calls) == (2 if method == "rlm:0" else 1)


def test_a_wrong_answer_scores_nothing(tmp_path: Path) -> None:
    log = evaluate(tmp_path, answering("no idea"), method="direct")
    assert {sample.scores["rlm_official"].value for sample in log.samples} == {0.0}


def test_a_sample_of_one_s_own_names_its_text(tmp_path: Path) -> None:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import get_model
    from inspect_ai.scorer import includes

    from rlm_tui.bench.inspecting import rlm_session

    (tmp_path / "a.txt").write_text("The number is: 1234567.\n")
    sample = Sample(input="Which number?", target="1234567", metadata={"document": str(tmp_path / "a.txt")})
    task = Task(dataset=[sample], solver=rlm_session(method="rlm:0", store=str(tmp_path / "s.db")), scorer=includes())
    model = get_model("mockllm/model", custom_outputs=answering())
    (log,) = eval(task, model=model, display="none", log_dir=str(tmp_path / "logs"))
    assert log.status == "success" and log.samples[0].scores["includes"].value == "C"
