"""What servers of one's own send, and how they are asked."""

import asyncio
import gzip
import json

import pytest

from rlm_tui.engine.providers.base import ChatMessage, ProviderError, Request
from rlm_tui.engine.providers.litellm_provider import LiteLLM
from rlm_tui.engine.providers.pricing import PriceTable
from tests.support.openai_server import Answer, FakeOpenAI, Raw, error

OWN = "http://127.0.0.1:9/v1"
STREAM = "text/event-stream"


def own(api_base=OWN, env=None, **kw):
    return LiteLLM(api_base=api_base, env=env or {}, **kw)


def ask(model="openai/m", **kw):
    return Request(model, [ChatMessage("user", "hello")], 50, timeout=30, **kw)


def event(text=None, finish=None, **more):
    delta = {} if text is None else {"content": text}
    piece = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **more}
    piece["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return json.dumps(piece, ensure_ascii=False)


def whole(text, finish="stop"):
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices}
    return json.dumps(reply).encode()


async def answer(reply, request=None, on_text=None, **kw):
    """The reply to one request, and the request as it arrived."""
    with FakeOpenAI([reply]) as server:
        provider = own(server.base_url, **kw)
        try:
            return await provider.complete(request or ask(), on_text), server.requests[0]
        finally:
            await provider.close()


@pytest.mark.parametrize(
    "model", ["openai/mine", "mine", "meta-llama/Llama-9", "hosted_vllm/x", "openai_like/x", "openai/gpt-oss"]
)
def test_whole_replies_of_unlisted_names_are_asked_for_on_the_short_way(model):
    name = model.removeprefix("openai/").removeprefix("openai_like/").removeprefix("hosted_vllm/")
    assert own().parameters(ask(model))["model"] == f"hosted_vllm/{name}"


def test_streams_are_read_by_openais_client():
    assert own().parameters(ask(stream=True))["model"] == "openai/m"


@pytest.mark.parametrize(
    "model", ["openai/gpt-4o-mini", "gpt-5-mini", "openai/gpt-5.9-new", "openai/o7-mini", "mistral/x", "groq/x"]
)
def test_what_litellm_knows_it_asks_in_its_own_way(model):
    assert not own().parameters(ask(model))["model"].startswith("hosted_vllm/")


@pytest.mark.parametrize(
    "address",
    [None, "https://api.openai.com/v1", "https://mine.openai.azure.com/openai", OWN + "?api-version=1"],
)  # fmt: skip
def test_other_peoples_addresses_are_not_ones_own(address):
    assert own(address).parameters(ask("openai/mine"))["model"] == "openai/mine"


def test_a_price_of_ones_own_does_not_make_a_model_a_listed_one():
    table = PriceTable({"openai/mine": {"input": 1, "output": 2}})
    assert own(table=table).parameters(ask("openai/mine"))["model"] == "hosted_vllm/mine"


async def test_options_are_passed_on_but_replace_nothing_of_ours():
    options = {
        "seed": 7,
        "top_k": 3,
        "stream": True,
        "max_tokens": 10**6,
        "extra_body": {"min_p": 0.1, "model": "other"},
    }
    _, sent = await answer("hi", ask(options=options, temperature=0.0))
    assert sent.path == "/v1/chat/completions"
    assert sent.body == {
        "seed": 7,
        "top_k": 3,
        "min_p": 0.1,
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": 50,
        "temperature": 0.0,
    }


@pytest.mark.parametrize(("model", "sent_as"), [("hosted_vllm/a/b", "a/b"), ("openai/a/b", "a/b"), ("a/b", "a/b")])
async def test_the_name_is_sent_without_the_prefix_alone(model, sent_as):
    _, sent = await answer("hi", ask(model))
    assert sent.body["model"] == sent_as


async def test_text_that_no_encoding_takes_is_sent_with_marks():
    with FakeOpenAI(["hi"]) as server:
        provider = own(server.base_url)
        await provider.complete(Request("openai/m", [ChatMessage("user", "a\udc80b \u2028 \U0001f600")], 5))
        await provider.close()
        assert server.requests[0].body["messages"][0]["content"] == "a?b \u2028 \U0001f600"


async def test_connections_are_kept_and_a_closed_one_is_not_used_again():
    opened, hang_up = 0, False

    async def serve(reader, writer):
        nonlocal opened
        opened += 1
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            body = whole("hi")
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )
            await writer.drain()
            if hang_up:
                writer.close()
                await writer.wait_closed()
                closed.set()
                return

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    closed = asyncio.Event()
    provider = own(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    for _ in range(5):
        assert (await provider.complete(ask())).text == "hi"
    assert opened == 1
    hang_up = True
    await provider.complete(ask())
    await closed.wait()
    assert (await provider.complete(ask())).text == "hi"
    assert opened == 2
    await provider.close()
    server.close()


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([f"data: {event('a')}", "", f"data:{event('b', 'stop')}", "", "data: [DONE]", "", ""], "ab"),
        (["\ufeff", ": a comment", "event: message", "id: 7", f"data: {event('a', 'stop')}", "", ""], "a"),
        ([f"data: {event('a b c', 'stop')}", "", ""], "a b c"),
        (['data: {"choices":', 'data: [{"delta": {"content": "x"}, "finish_reason": "stop"}]}', "", ""], "x"),
    ],
    ids=["usual", "comments", "separators in a text", "data over two lines"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
async def test_streams_as_servers_write_them(lines, text, end):
    reply, _ = await answer(Raw(body=end.join(lines).encode(), type=STREAM), ask(stream=True))
    assert (reply.text, reply.finish) == (text, "stop")


async def test_nothing_after_the_end_of_a_stream_is_waited_for():
    body = f"data: {event('a', 'stop')}\n\ndata: [DONE]\n\n".encode()
    reply, _ = await asyncio.wait_for(
        answer(Raw(body=body, type=STREAM, length=500, end="stall"), ask(stream=True)), 20
    )
    assert reply.text == "a"


async def test_what_breaks_after_the_finish_reason_loses_nothing():
    body = f"data: {event('a', 'stop')}\n\ndata: {{oh".encode()
    reply, _ = await answer(Raw(body=body, type=STREAM, length=500, end="reset"), ask(stream=True))
    assert (reply.text, reply.finish, reply.usage.estimated) == ("a", "stop", True)


async def test_figures_in_every_piece_are_not_added_up():
    body = "".join(
        f"data: {event(t, f, usage={'prompt_tokens': 9, 'completion_tokens': n})}\n\n"
        for n, (t, f) in enumerate([("a", None), ("b", None), ("c", "stop")], 1)
    )
    reply, _ = await answer(Raw(body=body.encode(), type=STREAM), ask(stream=True))
    assert (reply.usage.input, reply.usage.output, reply.usage.estimated) == (9, 3, False)


async def test_a_whole_reply_where_a_stream_was_asked_for():
    pieces = []
    reply, _ = await answer(Raw(body=whole("all at once", "length")), ask(stream=True), pieces.append)
    assert (reply.text, reply.finish, pieces) == ("all at once", "length", ["all at once"])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b'{"error": {"message": "CUDA out of memory", "code": 500}}', None, "CUDA out of memory"),
        (b"", "bad_response", "can't be read"),
        (b"null", "bad_response", "can't be read"),
        (b"[]", "bad_response", "can't be read"),
        (b'{"choices": null}', "bad_response", "can't be read"),
        (b'{"choices": []}', None, ""),
        (b'{"choices": [{"mess', "bad_response", "can't be read"),
    ],
)
async def test_what_is_no_reply_though_the_status_says_so(body, kind, says, stream):
    with pytest.raises(ProviderError) as caught:
        await answer(Raw(body=body), ask(stream=stream))
    assert kind is None or caught.value.kind == kind
    assert says in caught.value.message
    if kind:
        assert caught.value.usage.input > 0, "the model has read the prompt"


async def test_the_words_of_an_error_that_calls_itself_a_success():
    with pytest.raises(ProviderError) as caught:
        await answer(Raw(body=b'{"error": "Unexpected endpoint"}'), ask(stream=True))
    assert "Unexpected endpoint" in caught.value.message


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("body", [b'{"error": "Model unloaded."}', b'{"detail": "Model unloaded."}'])
async def test_the_words_of_an_error_without_what_is_around_them(body, stream):
    with pytest.raises(ProviderError) as caught:
        await answer(Raw(400, body), ask(stream=stream))
    assert caught.value.message == "openai/m rejected the request: Model unloaded."


async def test_a_packed_reply():
    body = gzip.compress(whole("hi"))
    reply, sent = await answer(Raw(body=body, headers={"content-encoding": "gzip"}))
    assert "gzip" in sent.headers["accept-encoding"]
    assert reply.text == "hi"


async def test_a_reply_that_is_packed_badly():
    with pytest.raises(ProviderError) as caught:
        await answer(Raw(body=b"no gzip", headers={"content-encoding": "gzip"}))
    assert caught.value.kind == "bad_response"


@pytest.mark.parametrize(
    ("finish", "read"), [("eos_token", "stop"), ("max_tokens", "length"), ("tool_calls", "tool_calls"), (None, "stop")]
)
async def test_other_words_for_how_a_reply_ended(finish, read):
    reply, _ = await answer(Answer("hi", finish=finish))
    assert reply.finish == read


@pytest.mark.parametrize("how", ["whole", "streamed", "whole for a stream"])
@pytest.mark.parametrize("finish", ["model_length", "max_tokens", "model_context_window_exceeded"])
async def test_a_full_window_is_not_taken_for_a_stop(finish, how):
    sent = Raw(body=whole("half", finish)) if how == "whole for a stream" else Answer("half", finish=finish)
    reply, _ = await answer(sent, ask(stream=how != "whole"))
    assert (reply.text, reply.finish) == ("half", "length")


@pytest.mark.parametrize("model", ["openai/m", "openai/gpt-4o"])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        {"content": "hello"},
        {"role": "model", "content": "hello"},
        {"role": "assistant", "content": ["hel", "lo"]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}]},
    ],
)
async def test_a_reply_without_its_role_or_in_parts(message, stream, model):
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": "none"}).encode()
    reply, _ = await answer(Raw(body=body), ask(model, stream=stream))
    assert (reply.text, reply.finish, reply.usage.estimated) == ("hello", "stop", True)


async def test_thoughts_are_not_the_reply():
    reply, _ = await answer("<think>The user says hello.\nSo do I.</think>\n\nHello <think>!</think>")
    assert reply.text.strip() == "Hello <think>!</think>"
    with pytest.raises(ProviderError) as caught:
        await answer("<think>only this</think>")
    assert caught.value.kind == "empty"
    assert "reasoning but no answer" in caught.value.message


async def test_a_redirection_is_followed():
    reply = Raw(307, headers={"location": "/v2/chat/completions"})
    with FakeOpenAI([reply, "hi"]) as server:
        provider = own(server.base_url)
        assert (await provider.complete(ask())).text == "hi"
        await provider.close()
        assert [r.path for r in server.requests] == ["/v1/chat/completions", "/v2/chat/completions"]
        assert server.requests[1].body["messages"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"error": "the slot is busy"}, "the slot is busy"),
        ({"detail": "the slot is busy"}, "the slot is busy"),
        ([{"error": {"message": "the slot is busy"}}], "the slot is busy"),
        ({"object": "error", "message": "the slot is busy", "code": 400}, "the slot is busy"),
        ({"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, "field required"),
        (None, "rejected the request"),
        (17, "rejected the request"),
    ],
)
async def test_errors_in_other_servers_forms(body, says):
    with pytest.raises(ProviderError) as caught:
        await answer(Raw(400, json.dumps(body).encode()))
    assert caught.value.kind == "bad_request"
    assert says in caught.value.message
    assert "\n" not in caught.value.message


async def test_the_users_own_key_is_sent_and_never_shown():
    key = "plain-looking-secret-4711"
    with FakeOpenAI([error(401, f"Incorrect API key provided: {key}")]) as server:
        provider = own(server.base_url, env={"OPENAI_API_KEY": key})
        with pytest.raises(ProviderError) as caught:
            await provider.complete(ask())
        await provider.close()
        assert server.requests[0].headers["authorization"] == f"Bearer {key}"
    assert caught.value.kind == "auth"
    assert key not in caught.value.message + repr(caught.value)


async def test_a_page_says_what_is_wrong():
    with pytest.raises(ProviderError) as caught:
        await answer(Raw(body=b"<!DOCTYPE html><title>LM</title>", type="text/html"))
    assert caught.value.message == (
        "openai/m sent a reply that can't be read: it is a web page, so the address may be wrong."
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_as_many_requests_are_in_flight_as_are_made(stream):
    """An answer comes only when all have been asked: more than the 100 connections that HTTP clients open by themselves."""
    many, here, everybody = 120, 0, asyncio.Event()
    body = f"data: {event('yes', 'stop')}\n\ndata: [DONE]\n\n".encode() if stream else whole("yes")
    kind = STREAM if stream else "application/json"

    async def serve(reader, writer):
        nonlocal here
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        here += 1
        if here == many:
            everybody.set()
        await everybody.wait()
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode() + body)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        provider = own(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        try:
            replies = await asyncio.gather(*(provider.complete(ask(stream=stream)) for _ in range(many)))
        finally:
            await provider.close()
    assert [reply.text for reply in replies] == ["yes"] * many
