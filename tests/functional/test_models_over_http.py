"""A whole session with a language model behind an OpenAI-compatible server, through LiteLLM; and with a script."""

import threading
from itertools import pairwise

import pytest

from rlm_tui.events import CallFinished, CallPartial, CellFinished, NodeStarted
from rlm_tui.rlm import RLM, RLMError
from tests.support.openai_server import Answer, FakeOpenAI, error
from tests.support.rlm_play import ANSWER, FRUIT, ROOT, rlm_model

QUESTION = "How many records name a fruit?"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in ("OPENAI_API_KEY", "RLM_TUI_MODEL", "RLM_TUI_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def run(tmp_path, server, **kw):
    entries = []
    rlm = RLM("openai/any", api_base=server.base_url, store=tmp_path / "s.db", max_depth=2, **kw)
    rlm.on("*", entries.append)
    return rlm.try_completion(QUESTION, FRUIT), entries


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_two_turns_a_batch_a_child_an_error_and_an_answer(tmp_path):
    with FakeOpenAI(rlm_model()) as server:
        result, events = run(tmp_path, server)
        requests = list(server.requests)
    assert (result.status, result.answer) == ("completed", ANSWER)
    # Five turns of the root, six sub-calls, two turns of the child.
    assert len(requests) == 13
    turns = [r.body for r in requests if r.body["messages"][0]["role"] == "system"]
    assert all(body["stream"] and body["stream_options"] == {"include_usage": True} for body in turns)
    leaves = [r.body for r in requests if r.body["messages"][0]["role"] == "user"]
    assert len(leaves) == 6
    assert not any("stream" in body for body in leaves)
    assert len(of(events, NodeStarted)) == 2
    errors = [cell.error.type for cell in of(events, CellFinished) if cell.error]
    assert errors == ["NameError"]
    finished = of(events, CallFinished)
    assert len(finished) == 13
    assert result.usage.calls == 13
    assert result.usage.unpriced == 13 and result.cost is None
    assert not result.usage.estimated
    assert result.usage.input == sum(call.usage.input for call in finished) > 0


def test_prompts_only_grow(tmp_path):
    """Provider caches need it: each turn's prompt begins with the whole prompt of the turn before."""
    with FakeOpenAI(rlm_model()) as server:
        run(tmp_path, server)
        turns = [r.body["messages"] for r in server.requests if r.body["messages"][0]["role"] == "system"]
    root = [messages for messages in turns if QUESTION in messages[1]["content"]]
    assert len(root) == len(ROOT)
    for before, after in pairwise(root):
        assert after[: len(before)] == before


def test_a_known_price_is_charged(tmp_path):
    with FakeOpenAI(rlm_model()) as server:
        entries = []
        rlm = RLM(
            "openai/gpt-4o-mini", api_base=server.base_url, store=tmp_path / "s.db", max_depth=2, max_cost_usd=1.0
        )
        result = rlm.on("*", entries.append).try_completion(QUESTION, FRUIT)
    assert result.answer == ANSWER
    assert result.usage.unpriced == 0
    assert result.cost == pytest.approx(result.usage.input * 1.5e-07 + result.usage.output * 6e-07)


def test_a_passing_fault_costs_a_retry_and_nothing_else(tmp_path):
    play, faults, lock = rlm_model(), [error(503, "busy", retry_after="0"), error(500, "oops")], threading.Lock()

    def sometimes(body):
        with lock:
            if faults and body["messages"][0]["role"] == "system":
                return faults.pop()
        return play(body)

    with FakeOpenAI(sometimes) as server:
        result, _ = run(tmp_path, server)
        assert len(server.requests) == 15
    assert result.answer == ANSWER


def test_a_failed_sub_call_leaves_the_others(tmp_path):
    play = rlm_model()

    def without_iron(body):
        if body["messages"][0]["content"].endswith("fruit? iron"):
            return error(400, "triggering the content management policy", "content_filter")
        return play(body)

    with FakeOpenAI(without_iron) as server:
        # The failed slot is falsy and its text starts with [ERROR], so the played code goes on.
        result, _ = run(tmp_path, server)
    assert (result.status, result.answer) == ("completed", ANSWER)
    assert result.usage.calls == 12


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error(401, "Incorrect API key provided: sk-abcdefghijklmnop"), "refused access: check OPENAI_API_KEY"),
        (error(404, "The model `any` does not exist"), "openai/any does not exist at http"),
        (error(429, "no more", "insufficient_quota"), "quota or credit"),
    ],
)
def test_a_permanent_fault_ends_the_session_with_one_sentence(tmp_path, reply, says):
    with FakeOpenAI(default=reply) as server:
        result, _ = run(tmp_path, server)
        assert len(server.requests) <= 2
    assert result.status == "failed"
    assert result.error is not None and says in result.error
    assert "sk-abc" not in result.error and "\n" not in result.error


def test_text_of_a_stream_is_logged_as_it_comes(tmp_path):
    long = "I think about it. " * 40 + ROOT[0]

    def slowly(body):
        turns = sum(m["role"] == "assistant" for m in body["messages"])
        if turns == 0:
            return Answer(long, pieces=8, pause=0.1)
        return Answer("```repl\nFINAL('done')\n```")

    with FakeOpenAI(slowly) as server:
        result, events = run(tmp_path, server)
    assert result.answer == "done"
    partial = of(events, CallPartial)
    assert len(partial) >= 2
    assert long.startswith("".join(p.text for p in partial))


def test_a_script_plays_the_same_without_a_server(tmp_path):
    import yaml

    from tests.support.rlm_play import CHILD

    script = {
        "note": "fruit",
        "price": {"input": 1.0, "output": 2.0},
        "turns": ROOT,
        "nodes": [{"match": "How many lines has this part", "turns": CHILD}],
        "leaves": [{"match": r"fruit\? (apple|pear|plum)", "text": "yes"}],
        "default": "no",
    }
    (tmp_path / "fruit.yaml").write_text(yaml.safe_dump(script))
    result = RLM("scripted:fruit.yaml", store=tmp_path / "s.db", max_depth=2).completion(QUESTION, FRUIT)
    assert result.answer == ANSWER
    assert result.usage.calls == 13
    assert result.usage.cost == pytest.approx((result.usage.input + 2 * result.usage.output) / 1e6)


def test_an_unreachable_server_is_said(tmp_path):
    with FakeOpenAI() as server:
        address = server.base_url
    rlm = RLM("openai/any", api_base=address, store=tmp_path / "s.db", timeout=60)
    with pytest.raises(RLMError, match=f"Can't reach {address}"):
        rlm.completion(QUESTION, FRUIT)
