"""The ordinary work of the LiteLLM provider, against a local OpenAI-compatible server."""

import asyncio
import functools
import inspect
import os
import subprocess
import sys

from rlm_tui.engine.providers import litellm_
from rlm_tui.engine.providers.base import ChatMessage, Request
from rlm_tui.engine.providers.litellm_provider import LiteLLM
from rlm_tui.engine.providers.registry import Providers
from tests.support.openai_server import FakeOpenAI

PROMPT = [ChatMessage("system", "Be brief."), ChatMessage("user", "Say hello.")]


def request(model="openai/m", **kw):
    return Request(model, PROMPT, kw.pop("max_output_tokens", 64), timeout=60, **kw)


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


async def test_who_listens_to_litellm_is_told_of_our_calls_too():
    litellm = await litellm_.load()
    told = asyncio.Event()

    async def listener(kwargs, response, begin, end):
        assert response.choices[0].message.content == "hello"
        told.set()

    with FakeOpenAI(["hello"] * 2) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        await provider.complete(request("openai/m"))
        litellm.success_callback.append(listener)
        try:
            await provider.complete(request("openai/m"))
            await asyncio.wait_for(told.wait(), 30)
        finally:
            # LiteLLM moves it to another list.
            for name in ("success_callback", "_async_success_callback"):
                getattr(litellm, name)[:] = [f for f in getattr(litellm, name) if f is not listener]
        await provider.close()


async def test_without_listeners_no_price_is_worked_out_and_nothing_is_passed_on(monkeypatch):
    litellm = await litellm_.load()
    calls = []
    base = litellm_._silent().__base__
    monkeypatch.setattr(litellm, "acompletion", record(calls, litellm.acompletion))
    monkeypatch.setattr(base, "_response_cost_calculator", lambda *args, **kwargs: calls.append("price"))
    with FakeOpenAI(["hello"] * 3) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        for stream in (False, True):
            assert (await provider.complete(request("openai/m", stream=stream))).text == "hello"
        assert calls == []
        await provider.complete(request("openai/m", options={"caching": False}))
        assert "whole" in calls
        await provider.close()


def record(calls, function):
    @functools.wraps(function)
    async def whole(*args, **kwargs):
        calls.append("whole")
        return await function(*args, **kwargs)

    return whole


async def test_what_is_left_out_is_still_called_so_in_litellm():
    litellm = await litellm_.load()
    silent = litellm_._silent()
    for name in vars(silent).keys() - {"__module__", "__doc__"}:
        assert inspect.iscoroutinefunction(getattr(silent, name)) == inspect.iscoroutinefunction(
            getattr(silent.__base__, name)
        )
    for name in litellm_._LISTENERS:
        assert hasattr(litellm, name)
    assert inspect.unwrap(litellm.acompletion) is not litellm.acompletion


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
    provider = providers.resolve("openai/gpt-4o-mini")
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
    await providers.warm("openai/gpt-4o-mini")
    assert "litellm" in sys.modules and "tiktoken" in sys.modules
    reply = await provider.complete(Request("gpt-4o-mini", [ChatMessage("user", "hi")], 9, timeout=60, stream=True))
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
