"""Every fault that a provider is known to throw, from a local server, on both ways to it: the right kind, in time, in one
sentence.
"""

import asyncio
import json
import time
from dataclasses import dataclass

import pytest

from rlm_tui.engine.providers.base import FAULTS, ChatMessage, ProviderError, Reply, Request
from rlm_tui.engine.providers.litellm_provider import LiteLLM
from tests.support.openai_server import Answer, FakeOpenAI, Raw, error

KEY = "plain-looking-secret-4711"
BOTH, STREAMED, WHOLE = (False, True), (True,), (False,)


def body(**fields):
    whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", **fields}
    return Raw(body=json.dumps(whole).encode())


def none_but(**message):
    return Answer("", message={"content": None, **message})


@dataclass
class Case:
    name: str
    reply: object
    kind: str
    says: str = ""
    how: tuple = BOTH
    status: int | None = None
    retry_after: float | None = None
    partial: str = ""
    timeout: float = 30.0


HTML = "text/html"
CALL = {"id": "t", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}"}}
CASES = [
    Case("500", error(500, "The server had an error"), "server", "The server had an error", status=500),
    Case("502 page", Raw(502, b"<html><h1>Bad gateway</h1></html>", type=HTML), "server", "Bad gateway", status=502),
    Case("503 page", Raw(503, b"<html>Unavailable</html>", type=HTML), "overloaded", "overloaded", status=503),
    Case("504", error(504, "upstream timed out"), "timeout", "did not answer in time", status=None),
    Case("529", error(529, "Overloaded"), "overloaded", "overloaded for now", status=529),
    Case("409", error(409, "conflict"), "server", "conflict", status=409),
    Case("401", error(401, f"Incorrect API key provided: {KEY}."), "auth", "check OPENAI_API_KEY", status=401),
    Case("403", error(403, "not allowed to sample from this model"), "auth", "refused access", status=403),
    Case("400 bad key", error(400, "API key not valid. Please pass a valid API key."), "auth", "refused", status=400),
    Case("404 model", error(404, "The model `x` does not exist"), "not_found", "see `rlm-tui models`", status=404),
    Case("404 page", Raw(404, b"<html>nginx</html>", type=HTML), "not_found", "does not exist at http", status=404),
    Case("429", error(429, "slow down", retry_after="1"), "rate_limit", "wait 1 s", status=429, retry_after=1.0),
    Case("429 long", error(429, "slow", retry_after="300"), "rate_limit", "300 s", status=429, retry_after=300.0),
    Case("429 ms", error(429, "x", retry_after_ms="250"), "rate_limit", "0.25 s", status=429, retry_after=0.25),
    Case("429 words", error(429, "Please try again in 7.5s."), "rate_limit", "7.5 s", status=429, retry_after=7.5),
    Case("429 quota", error(429, "You exceeded your quota", "insufficient_quota"), "quota", "billing", status=429),
    Case("400 credit", error(400, "Your credit balance is too low"), "quota", "billing", status=400),
    Case("402", error(402, "Payment required"), "quota", "billing", status=402),
    Case("413", error(413, "Request too large"), "context_length", "too long", status=413),
    Case("context", error(400, "maximum context length is 8 tokens", "context_length_exceeded"), "context_length"),
    Case("context, other words", error(400, "prompt is too long: 9 tokens > 8 maximum"), "context_length", "send less"),
    Case("context, llama.cpp", error(400, "the request exceeds the available context size"), "context_length"),
    Case("filter", error(400, "triggering Azure's content management policy"), "content_filter", "reword", status=400),
    Case("400", error(400, "Unknown parameter: 'foo'"), "bad_request", "Unknown parameter: 'foo'", status=400),
    Case("422", error(422, "temperature must be below 2"), "bad_request", "temperature", status=422),
    Case("error with status 200", body(error={"message": "upstream failed", "code": 502}), "server", "upstream", WHOLE),
    Case("page with status 200", Raw(body=b"<html>hello</html>", type=HTML), "bad_response", "can't be read", WHOLE),
    Case("broken JSON", Raw(body=b'{"id": "x", "choi'), "bad_response", "can't be read", WHOLE),
    Case("no body", Raw(body=b""), "bad_response", "can't be read", WHOLE),
    Case("choices null", body(choices=None), "bad_response", "choices", WHOLE),
    Case("choices []", body(choices=[]), "empty", "no choices", WHOLE),
    Case("page instead of a stream", Raw(body=b"<html>hello</html>", type=HTML), "bad_response", "web page", STREAMED),
    Case("JSON instead of a stream", body(choices=[]), "empty", "it has no choices", STREAMED),
    Case("content null", none_but(), "empty", "empty reply"),
    Case("content empty", Answer(""), "empty", "empty reply"),
    Case("content blank", Answer("  \n "), "empty", "empty reply", partial="  \n "),
    Case("reasoning only", none_but(reasoning_content="hmm"), "empty", "reasoning but no answer"),
    Case("tool call", none_but(tool_calls=[CALL]), "empty", "called a tool"),
    Case("refusal", none_but(refusal="I can't help with that."), "refusal", "I can't help with that"),
    Case("filtered", Answer("", finish="content_filter"), "content_filter", "content filter"),
    Case("reset", Raw(0, end="reset"), "connection", "broke off"),
    Case("closed", Raw(0, end="close"), "connection", "broke off"),
    Case("short body", Raw(body=b'{"id":', length=500), "connection", "broke off", WHOLE),
    Case("silence", Raw(0, end="stall"), "timeout", "the limit is 0.3 s", timeout=0.3),
    Case("a byte now and then", Raw(body=b" " * 500, drip=0.05), "timeout", "the limit is 0.3 s", timeout=0.3),
    Case("stream reset", Answer("half of", end="reset"), "stream_cut", "broke off", STREAMED, partial="half of"),
    Case("stream garbled", Answer("half of", end="garbage"), "stream_cut", "broke off", STREAMED, partial="half of"),
    Case("stream error", Answer("half of", end="error"), "stream_cut", "had an error", STREAMED, partial="half of"),
    Case("stream stalls", Answer("half of", end="stall"), "timeout", "0.4 s", STREAMED, partial="half of", timeout=0.4),
    Case("stream cut at once", Answer("", end="reset"), "stream_cut", "broke off", STREAMED),
    Case("ended by a fault", Answer("half of", finish="error"), "stream_cut", "error", partial="half of"),
    Case("ended by the server", Answer("half of", finish="abort"), "stream_cut", '"abort"', partial="half of"),
    Case("stream of nothing", Answer("", end="open"), "empty", "empty reply", STREAMED),
]


@pytest.mark.parametrize(
    ("case", "stream"),
    [pytest.param(c, how, id=f"{c.name}-{'stream' if how else 'whole'}") for c in CASES for how in c.how],
)
async def test_each_fault(case, stream):
    pieces = []
    with FakeOpenAI([case.reply] * 3) as server:
        provider = LiteLLM(api_base=server.base_url, api_key=KEY, env={})
        # The first import of LiteLLM has no part in a call's deadline.
        request = Request("openai/m", [ChatMessage("user", "hello")], 50, timeout=case.timeout, stream=stream)
        started = time.monotonic()
        with pytest.raises(ProviderError) as caught:
            await provider.complete(request, pieces.append)
        seconds = time.monotonic() - started
        await provider.close()
        requests = len(server.requests)
    fault = caught.value
    assert fault.kind == case.kind, fault.message
    assert fault.kind in FAULTS
    assert case.says in fault.message
    assert "\n" not in fault.message and "Traceback" not in fault.message and "litellm" not in fault.message.lower()
    assert fault.message.endswith(".")
    assert len(fault.message) < 400
    assert KEY not in fault.message and KEY not in repr(fault) and KEY not in str(fault.__cause__)
    if case.status is not None:
        assert fault.status == case.status
    assert fault.retry_after == case.retry_after
    assert fault.partial == case.partial
    assert "".join(pieces) == (case.partial if stream else "")
    assert requests == 1
    if case.timeout < 10:
        assert seconds < case.timeout + 8


async def test_an_unreachable_server():
    with FakeOpenAI() as server:
        address = server.base_url
    provider = LiteLLM(api_base=address, env={})
    with pytest.raises(ProviderError) as caught:
        await provider.complete(Request("openai/m", [ChatMessage("user", "hello")], 50, timeout=20))
    await provider.close()
    assert caught.value.kind == "connection"
    assert caught.value.message.startswith(f"Can't reach {address} for openai/m: check the address and the network")


async def test_a_cut_stream_reports_what_it_had_cost():
    with FakeOpenAI([Answer("one two three four", end="reset")]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        with pytest.raises(ProviderError) as caught:
            await provider.complete(Request("openai/m", [ChatMessage("user", "hello")], 50, stream=True))
        await provider.close()
    usage = caught.value.usage
    assert usage.estimated
    assert (usage.calls, usage.output) == (1, 4)
    assert usage.input >= 1


@pytest.mark.parametrize("end", ["open", "close"])
async def test_a_stream_that_just_ends_is_not_called_complete(end):
    with FakeOpenAI([Answer("half of a reply", end=end)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(Request("openai/m", [ChatMessage("user", "hello")], 50, stream=True))
        await provider.close()
    assert (reply.text, reply.finish) == ("half of a reply", "unknown")
    assert reply.usage.estimated


async def test_a_finish_reason_alone_is_enough():
    with FakeOpenAI([Answer("whole", end="no-done", usage=None)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(Request("openai/m", [ChatMessage("user", "hello")], 50, stream=True))
        await provider.close()
    assert (reply.text, reply.finish, reply.usage.estimated) == ("whole", "stop", True)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": -5, "completion_tokens": -1, "total_tokens": -6},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    ],
    ids=["none", "empty", "negative", "zero"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_usage_that_makes_no_sense_is_counted_by_us(usage, stream):
    with FakeOpenAI([Answer("one two three", usage=usage)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(Request("openai/m", [ChatMessage("user", "hello")], 50, stream=stream))
        await provider.close()
    assert reply.usage.estimated
    assert (reply.usage.input, reply.usage.output) == (8, 3)


async def test_figures_that_are_words_do_not_lose_a_streamed_reply():
    usage = {"prompt_tokens": "5", "completion_tokens": "many", "total_tokens": "x"}
    with FakeOpenAI([Answer("one two three", usage=usage)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        reply = await provider.complete(Request("openai/m", [ChatMessage("user", "hello")], 50, stream=True))
        await provider.close()
    assert (reply.text, reply.finish, reply.usage.estimated) == ("one two three", "stop", True)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_reply_cut_by_its_length_is_a_reply(stream):
    with FakeOpenAI([Answer("half", finish="length"), Answer("", finish="length")]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        request = Request("openai/m", [ChatMessage("user", "hello")], 50, stream=stream)
        replies: list[Reply] = [await provider.complete(request), await provider.complete(request)]
        await provider.close()
    assert [(r.text, r.finish) for r in replies] == [("half", "length"), ("", "length")]


async def test_cancelling_stops_reading_the_stream():
    began = asyncio.Event()
    with FakeOpenAI([Answer("x" * 40_000, pieces=4000, pause=0.01)]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        request = Request("openai/m", [ChatMessage("user", "hello")], 50, timeout=60, stream=True)
        task = asyncio.create_task(provider.complete(request, lambda _: began.set()))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.acquire, timeout=20), "the connection stayed open"
        await provider.close()


async def test_cancelling_a_request_that_waits_hangs_up():
    with FakeOpenAI([Raw(0, end="stall")]) as server:
        provider = LiteLLM(api_base=server.base_url, env={})
        request = Request("openai/m", [ChatMessage("user", "hello")], 50, timeout=60)
        task = asyncio.create_task(provider.complete(request))
        while not server.requests:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.acquire, timeout=20), "the connection stayed open"
        await provider.close()
