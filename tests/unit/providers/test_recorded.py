import dataclasses

import pytest

from rlm_tui.engine.providers.base import ChatMessage, ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.recorded import Recorded, request_key
from rlm_tui.events import Usage

ASK = Request("m", [ChatMessage("user", "hello")], 100)
REPLY = Reply("hi", "stop", Usage(calls=1, input=1, output=1))


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"messages": [ChatMessage("user", "hello!")]},
        {"messages": [ChatMessage("system", "hello")]},
        {"max_output_tokens": 99},
        {"temperature": 0.0},
        {"options": {"seed": 1}},
    ],
)
def test_whatever_decides_a_reply_is_in_the_key(change):
    assert request_key(dataclasses.replace(ASK, **change)) != request_key(ASK)


def test_how_a_reply_is_fetched_is_not():
    assert request_key(dataclasses.replace(ASK, timeout=1.0, stream=True)) == request_key(ASK)
    assert len(request_key(dataclasses.replace(ASK, messages=[ChatMessage("user", "\ud800")]))) == 64


async def test_equal_requests_are_answered_in_their_order():
    second = dataclasses.replace(REPLY, text="hi again")
    provider = Recorded([(request_key(ASK), REPLY), (request_key(ASK), second)])
    assert provider.left == 2
    assert (await provider.complete(ASK)).text == "hi"
    assert (await provider.complete(ASK)).text == "hi again"
    assert provider.left == 0


async def test_a_recorded_fault_is_raised_again():
    provider = Recorded([(request_key(ASK), ProviderError("refusal", "no"))])
    with pytest.raises(ProviderError, match="no"):
        await provider.complete(ASK)


async def test_a_request_without_a_record_is_not_found():
    with pytest.raises(ProviderError) as caught:
        await Recorded([]).complete(ASK)
    assert caught.value.kind == "not_found"


async def test_a_fork_goes_on_with_the_live_provider():
    class Live:
        closed = False

        def info(self, model):
            return ModelInfo(model, 5)

        async def complete(self, request, on_text=None):
            return dataclasses.replace(REPLY, text="live")

        async def close(self):
            self.closed = True

    live = Live()
    provider = Recorded([(request_key(ASK), REPLY)], live)
    assert (await provider.complete(ASK)).text == "hi"
    assert (await provider.complete(ASK)).text == "live"
    assert provider.info("m").window == 5
    await provider.close()
    assert live.closed


async def test_a_replayed_stream_comes_in_one_piece():
    pieces = []
    await Recorded([(request_key(ASK), REPLY)]).complete(dataclasses.replace(ASK, stream=True), pieces.append)
    assert pieces == ["hi"]
