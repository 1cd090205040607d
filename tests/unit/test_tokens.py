import socket
import subprocess
import sys

import pytest

from rlm_tui.engine import tokens
from rlm_tui.engine.providers.base import ChatMessage


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a token count asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def fresh():
    tokens._encoding.cache_clear()
    yield
    tokens._encoding.cache_clear()


@pytest.mark.parametrize("model", ["gpt-4o-mini", "openai/gpt-4o-mini", "gpt-5-mini", "azure/gpt-4o", "gpt-4"])
def test_openai_models_are_counted_exactly(model):
    assert tokens.count("hello world", model) == (2, True)


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "ollama/llama3", "gemini/gemini-2.5-flash", "local:a.gguf", ""])
def test_others_are_counted_by_a_similar_tokenizer(model):
    count, exact = tokens.count("hello world", model)
    assert count == 2
    assert not exact


def test_nothing_is_no_tokens():
    assert tokens.count("", "gpt-4o-mini") == (0, True)


def test_awkward_text_is_counted():
    assert tokens.count("<|endoftext|> \ud800 \x00 é 漢字", "gpt-4o-mini")[0] > 5


def test_a_huge_text_is_estimated_closely():
    text = "".join(f"line {i}: the quick brown fox jumps over {i * 7919} lazy dogs\n" for i in range(40_000))
    assert len(text) > tokens.SAMPLE_ABOVE
    count, exact = tokens.count(text, "gpt-4o-mini")
    assert not exact
    encoding = tokens._encoding("o200k_base")
    assert encoding is not None
    assert count == pytest.approx(len(encoding.encode_ordinary(text)), rel=0.03)


def test_messages_carry_the_chat_format():
    messages = [ChatMessage("system", "hello world"), ChatMessage("user", "hello world")]
    assert tokens.count_messages(messages, "gpt-4o-mini") == (2 * (2 + tokens.MESSAGE_OVERHEAD) + 3, False)


def test_the_mark_of_an_estimate():
    assert tokens.shown(1234, True) == "1,234"
    assert tokens.shown(1234, False) == "~1,234"


def test_without_encodings_characters_are_counted(monkeypatch, fresh):
    monkeypatch.setattr(tokens, "package_folder", lambda _: None)
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    assert tokens.count("x" * 41, "gpt-4o-mini") == (11, False)


def test_a_damaged_encoding_is_neither_used_nor_deleted(monkeypatch, fresh, tmp_path):
    file = tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790"
    file.write_bytes(b"damaged")
    monkeypatch.setattr(tokens, "package_folder", lambda _: None)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert tokens.count("x" * 40, "gpt-4o-mini") == (10, False)
    assert file.read_bytes() == b"damaged"


def test_the_users_variable_is_left_as_it_was(monkeypatch, fresh):
    import os

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "/somewhere/else")
    assert tokens.count("hello world", "gpt-4o-mini") == (2, True)
    assert os.environ["TIKTOKEN_CACHE_DIR"] == "/somewhere/else"


def test_litellm_is_not_imported_and_tiktoken_only_when_needed():
    code = (
        "import sys\nfrom rlm_tui.engine import tokens\nassert 'tiktoken' not in sys.modules\n"
        "tokens.count('hello', 'gpt-4o-mini')\nassert 'tiktoken' in sys.modules\nassert 'litellm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
