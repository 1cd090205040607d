"""Providers of the user's own, with as little as one method."""

from typing import Any

import pytest

from rlm_tui.engine.providers.base import ChatMessage, ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.custom import as_provider
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.events import Usage

ASK = Request("mine", [ChatMessage("user", "say hello")], 9)


class Whole:
    closed = False

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, window=77)

    async def complete(self, request: Request, on_text: Any = None) -> Reply:
        if on_text:
            on_text("hel")
        return Reply("hello", "length", Usage(calls=1, input=3, output=4))

    async def close(self) -> None:
        self.closed = True


class Text:
    async def complete(self, request: Request) -> str:
        return request.messages[-1].content.upper()


class Plain:
    def complete(self, request: Request, on_text: Any) -> str:
        return "not even asynchronous"


async def test_all_three_methods_are_used() -> None:
    whole, pieces = Whole(), []
    providers = Providers(env={}, custom={"mine": whole})
    assert providers.info("mine").window == 77
    reply = await providers.resolve("mine").complete(ASK, pieces.append)
    assert (reply.text, reply.finish, reply.usage.output, pieces) == ("hello", "length", 4, ["hel"])
    await as_provider(whole).close()
    assert whole.closed


async def test_one_method_that_returns_a_text_is_enough() -> None:
    providers = Providers(env={}, custom={"mine": Text()})
    info = providers.info("mine")
    assert (info.window, info.price) == (None, None)
    reply = await providers.resolve("mine").complete(ASK, lambda _: None)
    assert (reply.text, reply.finish) == ("SAY HELLO", "stop")
    assert reply.usage.calls == 1 and reply.usage.input > 0 and reply.usage.output > 0 and reply.usage.estimated
    await as_provider(Text()).close()
    assert (await as_provider(Plain()).complete(ASK)).text == "not even asynchronous"


async def test_a_reply_may_be_a_text_and_nothing_else() -> None:
    class Brief:
        async def complete(self, request: Request) -> Reply:
            return Reply("hello")

    reply = await as_provider(Brief()).complete(ASK)
    assert (reply.finish, reply.usage.calls, reply.usage.estimated) == ("stop", 1, True) and reply.usage.output > 0


async def test_what_is_no_reply_is_said() -> None:
    class Odd:
        async def complete(self, request: Request, on_text: Any) -> Any:
            return 42

    with pytest.raises(ProviderError, match=r"Odd.complete should return a Reply or a text, not int\."):
        await as_provider(Odd()).complete(ASK)


def test_what_is_no_provider_is_said() -> None:
    with pytest.raises(ValueError, match=r"a provider needs a coroutine method complete.*which object has not"):
        as_provider(object())
