"""Other providers' own forms, from a local server: Anthropic, Gemini, Ollama."""

import json

import pytest

from rlm_tui.engine.providers.base import ChatMessage, Price, ProviderError, Request
from rlm_tui.engine.providers.litellm_provider import OLLAMA_WINDOW, LiteLLM
from rlm_tui.engine.providers.pricing import PriceTable
from rlm_tui.engine.providers.registry import Providers
from tests.support.openai_server import FakeOpenAI, Raw, error

CLAUDE, GEMINI, LLAMA = "anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash", "ollama/llama3.1"


def whole(value, status=200, **headers):
    return Raw(status, json.dumps(value).encode(), {k.replace("_", "-"): v for k, v in headers.items()})


def lines(values, before=b"data: ", after=b"\n\n", kind="text/event-stream"):
    return Raw(body=b"".join(before + json.dumps(v).encode() + after for v in values), type=kind)


def events(values):
    parts = [f"event: {v['type']}\ndata: {json.dumps(v)}\n\n".encode() for v in values]
    return Raw(body=b"".join(parts), type="text/event-stream")


READ = {"input_tokens": 20, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 100}
CLAUDE_START = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "stop_reason": None}
CLAUDE_STREAM = [
    {"type": "message_start", "message": {**CLAUDE_START, "usage": {**READ, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "there"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]
CLAUDE_WHOLE = {
    **CLAUDE_START,
    "content": [{"type": "text", "text": "hello there"}],
    "stop_reason": "end_turn",
    "usage": {**READ, "output_tokens": 7},
}
GEMINI_USAGE = {
    "promptTokenCount": 50,
    "cachedContentTokenCount": 10,
    "candidatesTokenCount": 3,
    "thoughtsTokenCount": 5,
    "totalTokenCount": 58,
}


def candidate(text, **more):
    return {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **more}]}


def llama(text, done=False, **more):
    message = {"role": "assistant", "content": text}
    return {"model": "llama3.1", "created_at": "2025-01-01T00:00:00Z", "message": message, "done": done, **more}


LLAMA_END = {"done_reason": "stop", "prompt_eval_count": 12, "eval_count": 4}


async def ask(model, reply, stream=False, **options):
    """The reply to one request, and the request as it arrived."""
    with FakeOpenAI([reply]) as server:
        provider = LiteLLM(api_base=server.base_url.removesuffix("/v1"), api_key="key-1234567890", **options)
        messages = [ChatMessage("system", "Be brief."), ChatMessage("user", "hello")]
        try:
            return await provider.complete(Request(model, messages, 100, timeout=60, stream=stream)), server.requests[0]
        finally:
            await provider.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_claude(stream):
    reply, sent = await ask(CLAUDE, events(CLAUDE_STREAM) if stream else whole(CLAUDE_WHOLE), stream)
    assert sent.path == "/v1/messages"
    assert (reply.text, reply.finish) == ("hello there", "length" if stream else "stop")
    usage = reply.usage
    assert (usage.input, usage.cached, usage.cache_write, usage.output) == (150, 100, 30, 7)
    assert not usage.estimated
    marked = "cache_control" in json.dumps(sent.body)
    assert marked == stream


async def test_a_claude_stream_that_ends_early_is_not_complete_and_its_figures_are_ours():
    reply, _ = await ask(CLAUDE, events(CLAUDE_STREAM[:4]), stream=True)
    assert (reply.text, reply.finish) == ("hello there", "unknown")
    assert (reply.usage.input, reply.usage.output, reply.usage.estimated) == (150, 2, True)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_gemini(stream):
    last = {**candidate("there" if stream else "hello there", finishReason="STOP"), "usageMetadata": GEMINI_USAGE}
    first = {**candidate("hello "), "usageMetadata": {"promptTokenCount": 50, "totalTokenCount": 50}}
    reply, _ = await ask(GEMINI, lines([first, last], after=b"\r\n\r\n") if stream else whole(last), stream)
    assert (reply.text, reply.finish) == ("hello there", "stop")
    usage = reply.usage
    assert (usage.input, usage.cached, usage.output, usage.reasoning, usage.estimated) == (50, 10, 8, 5, False)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_ollama_in_its_chat_form_with_room_for_the_prompt(stream):
    parts = [llama("hello "), llama("there"), llama("", True, **LLAMA_END)]
    reply, sent = await ask(
        LLAMA,
        lines(parts, b"", b"\n", "application/x-ndjson") if stream else whole(llama("hello there", True, **LLAMA_END)),
        stream,
    )
    assert sent.path == "/api/chat"
    assert sent.body["model"] == "llama3.1"
    assert sent.body["options"]["num_ctx"] == 8192
    assert (reply.text, reply.finish, reply.usage.input, reply.usage.output) == ("hello there", "stop", 12, 4)


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_ollama_is_found_beside_its_openai_address(end):
    server = "http://127.0.0.1:11434"
    for provider in (LiteLLM(api_base=server + end, env={}), LiteLLM(env={"OLLAMA_API_BASE": server + end})):
        assert provider.parameters(Request(LLAMA, [], 9))["api_base"] == server
    assert LiteLLM(env={"OLLAMA_API_BASE": f"127.0.0.1:11434{end}"}).address("ollama_chat") == server


async def test_an_ollama_stream_that_ends_early():
    reply, _ = await ask(LLAMA, lines([llama("hello ")], b"", b"\n", "application/x-ndjson"), stream=True)
    assert (reply.text, reply.finish, reply.usage.estimated) == ("hello ", "unknown", True)


def test_the_window_of_ollama_is_the_room_it_is_asked_for():
    provider = LiteLLM(env={})
    assert provider.info("ollama/llama3.1").window == 8192
    assert provider.info("ollama/never-heard-of").window == OLLAMA_WINDOW
    assert provider.info("ollama/mixtral-8x22B-Instruct-v0.1").window == OLLAMA_WINDOW
    table = PriceTable({LLAMA: {"input": 0, "output": 0, "window": 40_000}})
    own = LiteLLM(table=table, env={})
    assert own.info(LLAMA).window == 40_000
    assert own.parameters(Request(LLAMA, [], 5))["num_ctx"] == 40_000
    assert own.info(LLAMA).price == Price(0.0, 0.0)


def claude_error(status, kind, message, **headers):
    return whole({"type": "error", "error": {"type": kind, "message": message}}, status, **headers)


def gemini_error(status, message, name):
    return whole({"error": {"code": status, "message": message, "status": name}}, status)


RETRY = "You exceeded your current quota, please check your plan. Please retry in 37.5s."


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("model", "reply", "kind", "says", "retry_after"),
    [
        (CLAUDE, claude_error(529, "overloaded_error", "Overloaded"), "overloaded", "for now: Overloaded.", None),
        (CLAUDE, claude_error(400, "x", "prompt is too long: 9 > 8"), "context_length", "(prompt is too long: 9", None),
        (CLAUDE, claude_error(400, "x", "Your credit balance is too low"), "quota", "(Your credit balance", None),
        (CLAUDE, claude_error(401, "authentication_error", "invalid x-api-key"), "auth", "ANTHROPIC_API_KEY (inv", None),
        (CLAUDE, claude_error(404, "not_found_error", "model: claude-x"), "not_found", "(model: claude-x)", None),
        (CLAUDE, claude_error(429, "x", "too fast", retry_after="7"), "rate_limit", "wait 7 s (too fast).", 7.0),
        (CLAUDE, Raw(0, end="reset"), "connection", "broke off", None),
        (GEMINI, gemini_error(400, "API key not valid.", "INVALID_ARGUMENT"), "auth", "GEMINI_API_KEY or GOOGLE", None),
        (GEMINI, gemini_error(429, RETRY, "RESOURCE_EXHAUSTED"), "rate_limit", "wait 37.5 s", 37.5),
        (GEMINI, gemini_error(503, "The model is overloaded.", "UNAVAILABLE"), "overloaded", "is overloaded", None),
        (LLAMA, whole({"error": 'model "x" not found, try pulling it first'}, 404), "not_found", "try pulling", None),
    ],
)  # fmt: skip
async def test_their_faults(model, reply, kind, says, retry_after, stream):
    with pytest.raises(ProviderError) as caught:
        await ask(model, reply, stream)
    fault = caught.value
    assert fault.kind == kind, fault.message
    assert says in fault.message
    assert fault.retry_after == retry_after
    assert "{" not in fault.message and "\n" not in fault.message and "litellm" not in fault.message.lower()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", [CLAUDE, GEMINI, LLAMA, "mistral/mistral-small-latest"])
@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_broken_connection_is_not_secretly_tried_again(model, stream, end):
    with FakeOpenAI(default=Raw(0, end=end)) as server:
        provider = LiteLLM(api_base=server.base_url.removesuffix("/v1"), api_key="key-1234567890")
        with pytest.raises(ProviderError) as caught:
            await provider.complete(Request(model, [ChatMessage("user", "hello")], 100, timeout=60, stream=stream))
        await provider.close()
        assert len(server.requests) == 1
    assert caught.value.kind == "connection"
    assert "broke off" in caught.value.message


LIKE_OPENAI = (
    "openai/x azure/x mistral/x groq/x openrouter/x/y together_ai/x xai/grok-4.3 deepseek/x fireworks_ai/x perplexity/x "
    "cerebras/x moonshot/x zai/x dashscope/x hosted_vllm/x nvidia_nim/x sambanova/x novita/x deepinfra/x codestral/x github/x"
)


@pytest.mark.parametrize("model", LIKE_OPENAI.split())
async def test_every_attempt_is_ours_at_every_provider(model):
    """LiteLLM and the SDK below it try again by default, and forget that they were told not to for some providers."""
    with FakeOpenAI([error(500, "oops"), error(429, "slow down", retry_after="0"), Raw(0, end="close")]) as server:
        provider = LiteLLM(api_base=server.base_url, api_key="key-1234567890")
        kinds = []
        for _ in range(3):
            with pytest.raises(ProviderError) as caught:
                await provider.complete(Request(model, [ChatMessage("user", "hello")], 100, timeout=60, stream=True))
            kinds.append(caught.value.kind)
        await provider.close()
        assert len(server.requests) == 3
    assert kinds == ["server", "rate_limit", "connection"]


@pytest.mark.parametrize("name", ["hosted_vllm/x", "lm_studio/x"])
async def test_a_server_of_ones_own_is_never_taken_for_openai(name):
    variable = name.split("/")[0].upper() + "_API_BASE"
    with pytest.raises(ProviderError) as caught:
        Providers(env={"OPENAI_API_KEY": "sk-x"}).resolve(name)
    assert caught.value.message == f"{name} needs the server's address: give --api-base, or set {variable}."
    with FakeOpenAI(["hi"]) as server:
        providers = Providers(env={variable: server.base_url, "OPENAI_API_KEY": "sk-of-openai-1"})
        reply = await providers.resolve(name).complete(Request(name, [ChatMessage("user", "hello")], 9, timeout=60))
        await providers.close()
        assert server.requests[0].body["model"] == "x"
        assert "sk-of" not in server.requests[0].headers.get("authorization", "")
    assert reply.text == "hi"


@pytest.mark.parametrize("model", [CLAUDE, GEMINI])
async def test_a_page_instead_of_a_reply(model):
    with pytest.raises(ProviderError) as caught:
        await ask(model, Raw(body=b"<html>hello</html>", type="text/html"))
    assert caught.value.kind == "bad_response", caught.value.message


async def test_a_prompt_that_gemini_blocks():
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5}}
    with pytest.raises(ProviderError) as caught:
        await ask(GEMINI, whole(blocked))
    assert caught.value.kind == "content_filter"


async def test_ollama_that_does_not_run_is_named_by_its_address():
    with FakeOpenAI() as server:
        address = server.base_url.removesuffix("/v1")
    provider = LiteLLM(env={"OLLAMA_API_BASE": address}, api_base=None)
    assert provider.address("ollama_chat") == address
    assert LiteLLM(env={}).address("ollama_chat") == "http://localhost:11434"
    assert LiteLLM(env={}).address("openai") is None
