"""The ordinary work with an OpenAI-compatible server, on both ways to it."""

import asyncio

import pytest

from rlm_tui.engine.providers.base import ChatMessage, Request
from rlm_tui.engine.providers.litellm_provider import LiteLLM
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


@pytest.mark.parametrize("name", ["cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_other_names_for_cached_tokens(stream, name):
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150, name: 80}
    with FakeOpenAI([Answer("hi", usage=usage)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(request(stream=stream))
        await provider.close()
    assert reply.usage.cached == 80


async def test_a_server_of_ones_own_gets_a_key_that_means_nothing():
    with FakeOpenAI(["hi"]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        await provider.complete(request("meta-llama/Llama-3"))
        await provider.close()
        sent = server.requests[0]
    assert sent.headers["authorization"] == "Bearer not-needed"
    assert sent.body["model"] == "meta-llama/Llama-3"


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


def test_info_says_what_is_unknown():
    assert LiteLLM(env={}).info("gpt-4o-mini").note == ""
    at = LiteLLM(api_base="http://127.0.0.1:1/v1", env={})
    assert at.info("openai/gpt-4o-mini").price is not None
    assert at.info("openai/mine").note == "at http://127.0.0.1:1/v1, price unknown"
