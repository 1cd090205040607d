"""The ordinary work of the LiteLLM provider, against a local OpenAI-compatible server."""

import asyncio
import os
import subprocess
import sys

import pytest

from rlm_tui.engine.providers.base import ChatMessage, Request
from rlm_tui.engine.providers.litellm_ import LiteLLM
from rlm_tui.engine.providers.registry import Providers
from tests.support.openai_server import Answer, FakeOpenAI

PROMPT = [ChatMessage("system", "Be brief."), ChatMessage("user", "Say hello.")]


def request(model="openai/m", **kw):
    return Request(model, PROMPT, kw.pop("max_output_tokens", 64), timeout=60, **kw)


async def test_a_whole_reply_with_its_usage():
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37}
    with FakeOpenAI([Answer("hello there", usage=usage)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(request(temperature=0.5))
        await provider.close()
        sent = server.requests[0]
    assert (reply.text, reply.finish) == ("hello there", "stop")
    assert (reply.usage.calls, reply.usage.input, reply.usage.output, reply.usage.estimated) == (1, 30, 7, False)
    assert sent.path == "/v1/chat/completions"
    assert sent.body["model"] == "m"
    assert sent.body["messages"] == [{"role": m.role, "content": m.content} for m in PROMPT]
    assert sent.body["temperature"] == 0.5
    assert sent.body["max_tokens"] == 64
    assert "stream" not in sent.body


async def test_a_streamed_reply_comes_in_pieces_and_asks_for_usage():
    pieces = []
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37}
    text = "<s>hello</s> [bold]there[/bold] \U0001f600 \x1b[31m"
    with FakeOpenAI([Answer(text, usage=usage, pieces=5)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(request(stream=True), pieces.append)
        await provider.close()
        sent = server.requests[0].body
    assert reply.text == "".join(pieces) == text
    assert len(pieces) == 5
    assert (reply.finish, reply.usage.input, reply.usage.output, reply.usage.estimated) == ("stop", 30, 7, False)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}


async def test_a_model_that_repeats_itself_is_not_cut_off():
    text = "----\n" * 300
    with FakeOpenAI([Answer(text, pieces=300)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(request(stream=True))
        await provider.close()
    assert reply.text == text


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_cached_and_reasoning_tokens_are_read(stream):
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 80},
        "completion_tokens_details": {"reasoning_tokens": 40},
    }
    with FakeOpenAI([Answer("hi", usage=usage)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(request(stream=stream))
        await provider.close()
    got = reply.usage
    assert (got.input, got.cached, got.output, got.reasoning, got.estimated) == (100, 80, 50, 40, False)


async def test_a_server_of_ones_own_gets_a_key_that_means_nothing():
    with FakeOpenAI(["hi"]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        await provider.complete(request("meta-llama/Llama-3"))
        await provider.close()
        sent = server.requests[0]
    assert sent.headers["authorization"] == "Bearer not-needed"
    assert sent.body["model"] == "meta-llama/Llama-3"


async def test_the_users_key_is_sent():
    with FakeOpenAI(["hi"]) as server:
        provider = LiteLLM(api_base=server.base_url, env={"OPENAI_API_KEY": "sk-mine-123456"})
        await provider.complete(request("gpt-4o-mini"))
        await provider.close()
        assert server.requests[0].headers["authorization"] == "Bearer sk-mine-123456"


async def test_parameters_that_a_model_does_not_take_are_left_out():
    with FakeOpenAI(["hi"]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        await provider.complete(request("gpt-5-mini", temperature=0.3))
        await provider.close()
        sent = server.requests[0].body
    assert "temperature" not in sent
    assert sent["max_completion_tokens"] == 64


async def test_options_are_passed_on_but_replace_nothing_of_ours():
    with FakeOpenAI(["hi"]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        options = {
            "seed": 7,
            "stream": True,
            "max_tokens": 10**6,
            "max_retries": 5,
            "timeout": 0.001,
            "api_base": "http://127.0.0.1:1",
        }
        await provider.complete(request(options=options))
        await provider.close()
        sent = server.requests[0].body
    assert (sent["seed"], sent["max_tokens"]) == (7, 64)
    assert "stream" not in sent


async def test_many_requests_at_once():
    with FakeOpenAI(lambda body: "re: " + body["messages"][-1]["content"]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        asks = [Request("openai/m", [ChatMessage("user", f"item {i}")], 9, timeout=60) for i in range(12)]
        replies = await asyncio.gather(*(provider.complete(ask) for ask in asks))
        await provider.close()
    assert [r.text for r in replies] == [f"re: item {i}" for i in range(12)]


def test_one_event_loop_after_another():
    async def ask(provider, close):
        try:
            return (await provider.complete(request())).text
        finally:
            if close:
                await provider.close()

    with FakeOpenAI(["a", "b", "c"]) as server:
        assert asyncio.run(ask(LiteLLM(api_base=server.base_url, env={}), close=True)) == "a"
        left_open = LiteLLM(api_base=server.base_url, env={})
        assert asyncio.run(ask(left_open, close=False)) == "b"
        assert asyncio.run(ask(LiteLLM(api_base=server.base_url, env={}), close=True)) == "c"
        asyncio.run(left_open.close())


async def test_closing_one_leaves_the_other_working():
    with FakeOpenAI(["a", Answer("b" * 30, pieces=6, pause=0.02), "c"]) as server:
        one = LiteLLM(api_base=server.base_url, env={})
        other = LiteLLM(api_base=server.base_url, env={})
        await one.complete(request())
        began = asyncio.Event()
        task = asyncio.create_task(other.complete(request(stream=True), lambda _: began.set()))
        await began.wait()
        await one.close()
        await one.close()
        assert (await task).text == "b" * 30
        assert (await other.complete(request())).text == "c"
        await other.close()


def test_anthropic_prompts_carry_cache_marks_on_turns_only():
    provider = LiteLLM(env={"ANTHROPIC_API_KEY": "k" * 20})
    mark = {"type": "ephemeral"}
    turn = provider.parameters(request("claude-haiku-4-5", stream=True))["messages"]
    assert turn[0]["content"] == [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    assert turn[1]["content"] == [{"type": "text", "text": "Say hello.", "cache_control": mark}]
    leaf = provider.parameters(request("claude-haiku-4-5"))["messages"]
    assert leaf[1]["content"] == "Say hello."
    other = provider.parameters(request("openai/m", stream=True))["messages"]
    assert other[1]["content"] == "Say hello."


def test_no_more_is_asked_for_than_the_model_can_write():
    provider = LiteLLM(env={})
    assert provider.parameters(request("gpt-4o-mini", max_output_tokens=10**6))["max_tokens"] == 16_384
    assert provider.parameters(request("openai/mine", max_output_tokens=10**6))["max_tokens"] == 10**6


def test_hidden_retries_are_off():
    parameters = LiteLLM(env={}).parameters(request())
    assert parameters["max_retries"] == 0
    assert parameters["num_retries"] == 0
    assert parameters["drop_params"] is False


def test_info_says_what_is_unknown():
    assert LiteLLM(env={}).info("gpt-4o-mini").note == ""
    at = LiteLLM(api_base="http://127.0.0.1:1/v1", env={})
    assert at.info("openai/gpt-4o-mini").price is not None
    assert at.info("openai/mine").note == "at http://127.0.0.1:1/v1, price unknown"


IMPORT = """
import asyncio, os, socket, sys, threading
allowed = int(sys.argv[1])
connect = socket.socket.connect
def guarded(self, address):
    assert address[0] == "127.0.0.1" and address[1] == allowed, f"network: {address}"
    return connect(self, address)
socket.socket.connect = guarded
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.engine.providers.base import ChatMessage, Request
assert "litellm" not in sys.modules and "tiktoken" not in sys.modules
async def main():
    providers = Providers(env={}, api_base=f"http://127.0.0.1:{allowed}/v1")
    provider = providers.resolve("openai/m")
    await providers.warm("explorer")
    await providers.warm("no such model")
    assert "litellm" not in sys.modules
    ticks = 0
    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1
    ticker = asyncio.create_task(tick())
    await providers.warm("openai/m")
    assert "litellm" in sys.modules and "tiktoken" in sys.modules
    reply = await provider.complete(Request("openai/m", [ChatMessage("user", "hi")], 9, timeout=60, stream=True))
    assert reply.text == "hello", reply
    assert ticks > 5, "the import blocked the event loop"
    ticker.cancel()
    await providers.close()
asyncio.run(main())
assert "FROM_DOTENV" not in os.environ
"""


def test_the_import_is_lazy_silent_and_offline(tmp_path):
    """One fresh process: nothing on the terminal, no other connection, no ``.env`` read, the loop stays alive."""
    (tmp_path / ".env").write_text("FROM_DOTENV=1\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("LITELLM")}
    with FakeOpenAI(["hello"]) as server:
        port = server.base_url.split(":")[2].split("/")[0]
        done = subprocess.run(
            [sys.executable, "-c", IMPORT, port], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=110
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""


async def test_through_the_registry():
    with FakeOpenAI(["hello"]) as server:
        providers = Providers(env={}, api_base=server.base_url)
        assert (await providers.resolve("openai/m").complete(request())).text == "hello"
        await providers.close()
