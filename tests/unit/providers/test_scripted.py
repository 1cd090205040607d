import asyncio

import pytest

from rlm_tui.engine.providers.base import ChatMessage, Price, ProviderError, Request
from rlm_tui.engine.providers.scripted import Scripted
from rlm_tui.events import Usage

SYSTEM = ChatMessage("system", "You work in a REPL. Call FINAL(value) when done. Names: llm_query, context.")


def node(question="What is it?", turns=0, last="output", **kw):
    messages = [SYSTEM, ChatMessage("user", question)]
    for turn in range(turns):
        messages += [ChatMessage("assistant", f"reply {turn}"), ChatMessage("user", last)]
    return Request("scripted:x", messages, kw.pop("max_output_tokens", 1000), **kw)


def leaf(prompt, **kw):
    return Request("scripted:x", [ChatMessage("user", prompt)], kw.pop("max_output_tokens", 1000), **kw)


@pytest.fixture
def script(tmp_path):
    def make(text):
        path = tmp_path / "script.yaml"
        path.write_text(text)
        return Scripted(path)

    return make


async def ask(provider, request):
    return (await provider.complete(request)).text


async def test_turns_are_chosen_by_the_prompt_alone(script):
    provider = script("turns: [one, two, three]")
    assert await ask(provider, node(turns=2)) == "three"
    assert await ask(provider, node(turns=0)) == "one"
    assert await ask(provider, node(turns=0)) == "one"
    assert await ask(provider, node(turns=1)) == "two"


async def test_a_child_node_has_its_own_turns(script):
    provider = script("turns: [root]\nnodes:\n  - match: which of (these|those)\n    turns: [child, child again]\n")
    assert await ask(provider, node("Say which of these.")) == "child"
    assert await ask(provider, node("Say which of these.", turns=1)) == "child again"
    assert await ask(provider, node("Anything else?")) == "root"


async def test_leaves_are_matched_in_order_and_have_a_default(script):
    provider = script(
        "leaves:\n"
        "  - {match: apple, text: fruit}\n"
        "  - {match: 'label (?P<what>\\w+)', expand: true, text: 'it is \\g<what>'}\n"
        "  - {match: 'x(.*)', text: 'plain \\1'}\n"
        "default: no idea\n"
    )
    assert await ask(provider, leaf("an apple\nlabel red")) == "fruit"
    assert await ask(provider, leaf("label red")) == "it is red"
    assert await ask(provider, leaf("xyz")) == "plain \\1"
    assert await ask(provider, leaf("pear")) == "no idea"


async def test_running_out_says_what_to_do(script):
    provider = script("turns: [only]")
    with pytest.raises(
        ProviderError, match=r"script.yaml has 1 replies for this node and turn 2 was asked for: add one"
    ):
        await ask(provider, node(turns=1))
    with pytest.raises(ProviderError, match="has no reply to this prompt: add a match under leaves"):
        await ask(provider, leaf("hello"))


async def test_details_of_a_reply(script):
    provider = script(
        "turns:\n  - text: hello\n    finish: length\n    usage: {input: 9, output: 4, cached: 8, reasoning: 1}\n"
    )
    reply = await provider.complete(node())
    assert reply.finish == "length"
    assert reply.usage == Usage(calls=1, input=9, output=4, cached=8, reasoning=1)


async def test_usage_is_four_characters_a_token_when_not_given(script):
    provider = script("default: 'abcde'")
    usage = (await provider.complete(leaf("x" * 9))).usage
    assert usage == Usage(calls=1, input=3, output=2)


async def test_a_reply_longer_than_allowed_is_cut(script):
    reply = await script("default: '0123456789abcdef'").complete(leaf("hi", max_output_tokens=2))
    assert (reply.text, reply.finish, reply.usage.output) == ("01234567", "length", 2)


async def test_streaming_gives_the_text_in_pieces(script):
    pieces = []
    reply = await script("piece: 4\ndefault: '0123456789'").complete(leaf("hi", stream=True), pieces.append)
    assert pieces == ["0123", "4567", "89"]
    assert reply.text == "0123456789"


async def test_without_stream_there_are_no_pieces(script):
    pieces = []
    await script("default: text").complete(leaf("hi"), pieces.append)
    assert pieces == []


async def test_a_fault_carries_its_details(script):
    provider = script(
        "default:\n  fault: rate_limit\n  message: slow down\n  status: 429\n  retry_after: 1.5\n  text: part\n"
    )
    pieces = []
    with pytest.raises(ProviderError) as caught:
        await provider.complete(leaf("hi", stream=True), pieces.append)
    fault = caught.value
    assert (fault.kind, fault.message, fault.status) == ("rate_limit", "slow down", 429)
    assert (fault.retry_after, fault.partial, pieces) == (1.5, "part", ["part"])


async def test_a_fault_can_pass_after_some_tries_of_one_prompt(script):
    provider = script("turns:\n  - {fault: server, times: 2, then: fine}\n")
    for _ in range(2):
        with pytest.raises(ProviderError):
            await ask(provider, node())
    assert await ask(provider, node()) == "fine"
    with pytest.raises(ProviderError):
        await ask(provider, node("Another question?"))


async def test_a_slow_reply_meets_the_deadline(script):
    with pytest.raises(ProviderError) as caught:
        await script("delay: 30\ndefault: late").complete(leaf("hi", timeout=0.02))
    assert caught.value.kind == "timeout"


async def test_a_cancelled_stream_stops(script):
    pieces, began = [], asyncio.Event()

    def take(piece):
        pieces.append(piece)
        began.set()

    provider = script("piece: 1\npace: 30\ndefault: abc")
    task = asyncio.create_task(provider.complete(leaf("hi", stream=True, timeout=60), take))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pieces == ["a"]


def test_info(script):
    info = script("note: a demonstration\nwindow: 900\nprice: {input: 1, output: 2}\ndefault: x").info("scripted:x")
    assert (info.name, info.window, info.price) == ("scripted:x", 900, Price(1e-6, 2e-6))
    assert info.note == "a demonstration"
    assert not info.language_model
    assert script("default: x").info("scripted:x").price is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: give it turns, leaves or a default"),
        ("- a", "line 1: must be a mapping with note, window"),
        ("note: x", "line 1: nothing to say"),
        ("turns: [a]\nturms: [b]", "line 2: turms: unknown key; known: note"),
        ("turns: hello", "line 1: turns: must be a list"),
        ("turns:\n  - a\n  - texd: b", "line 3: turns[1].texd: unknown key; known: text"),
        ("turns:\n  - finish: stop", "line 2: turns[0]: needs a text or a fault"),
        ("turns:\n  - fault: gremlins", "line 2: turns[0].fault: unknown kind 'gremlins'; known: rate_limit"),
        ("turns:\n  - {text: a, retry_after: 2}", "line 2: turns[0].retry_after: belongs to a fault"),
        ("turns:\n  - {text: a, delay: soon}", "line 2: turns[0].delay: must be a number, 0 or more"),
        ("turns:\n  - {text: a, delay: .inf}", "line 2: turns[0].delay: must be a number, 0 or more"),
        ("turns:\n  - {text: [a]}", "line 2: turns[0].text: must be a text"),
        ("turns:\n  - {text: a, usage: {input: 1, cached: 2}}", "line 2: turns[0].usage: cached and cache_write"),
        ("turns:\n  - {text: a, usage: {input: -1}}", "turns[0].usage.input: must be a whole number, 0 or more"),
        ("leaves:\n  - just text", "line 2: leaves[0]: must be a mapping"),
        ("leaves:\n  - text: a", "line 2: leaves[0]: needs a match"),
        ("leaves:\n  - {match: '(', text: a}", "line 2: leaves[0].match: not a regular expression"),
        ("nodes:\n  - {match: a}", "line 2: nodes[0]: needs both match and turns"),
        ("default: x\nprice: {input: 1}", "line 2: price: needs input and output"),
        ("default: x\npiece: 0", "line 2: piece: must be a whole number, 1 or more"),
        ("default: x\nwindow: true", "line 2: window: must be a whole number, 1 or more"),
        ("turns: [a\nb: c", "line 2: "),
        ("default: !!python/object:os.system x", "default"),
    ],
)
def test_mistakes_are_named_by_file_line_and_key(tmp_path, text, said):
    path = tmp_path / "script.yaml"
    path.write_text(text)
    if "!!python" in text:
        # A tag makes nothing: the scalar is text.
        assert Scripted(path)._script.default.text == "x"
        return
    with pytest.raises(ProviderError) as caught:
        Scripted(path)
    assert caught.value.kind == "bad_request"
    assert str(path) in caught.value.message
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_group_that_does_not_exist_is_named(script):
    provider = script("leaves:\n  - {match: a, expand: true, text: '\\3'}")
    with pytest.raises(ProviderError, match="line 2 of the script: text: invalid group reference"):
        asyncio.run(ask(provider, leaf("a")))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ProviderError, match=r"Can't read the script .*nowhere\.yaml: No such file or directory"):
        Scripted(tmp_path / "nowhere.yaml")


def test_a_binary_file_is_one_sentence(tmp_path):
    path = tmp_path / "b.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProviderError, match="is not UTF-8 text"):
        Scripted(path)
