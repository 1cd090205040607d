import subprocess
import sys
from datetime import date

import pytest

from rlm_tui.engine.providers.base import Price
from rlm_tui.engine.providers.keys import RULES
from rlm_tui.engine.providers.pricing import PriceTable
from rlm_tui.events import Usage


def test_a_listed_model_has_price_and_window():
    found = PriceTable().find("gpt-4o-mini")
    assert found is not None
    assert found.window == 128_000
    assert found.price == Price(1.5e-07, 6e-07, cached=7.5e-08)


@pytest.mark.parametrize("name", ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash"])
def test_the_providers_prefix_is_understood(name):
    assert PriceTable().price(name) is not None


def test_another_provider_s_model_of_the_same_name_is_not_taken():
    assert PriceTable().price("openrouter/gpt-4o-mini") is None
    assert PriceTable().price("anthropic/gpt-4o-mini") is None


def test_an_unknown_price_is_none_and_not_zero():
    assert PriceTable().find("openai/my-own-model") is None
    assert PriceTable().price("hosted_vllm/anything") is None


def test_ollama_on_this_machine_is_free_and_its_cloud_is_unknown():
    table = PriceTable()
    assert table.price("ollama/llama3.1") == Price(0.0, 0.0)
    assert table.window("ollama/llama3.1") == 8192
    assert table.price("ollama/never-heard-of") == Price(0.0, 0.0)
    assert table.price("ollama_chat/llama3.1") == Price(0.0, 0.0)
    assert table.price("ollama/gpt-oss:120b-cloud") is None


@pytest.mark.parametrize(
    ("model", "longest", "below", "beyond"),
    [("gemini/gemini-2.5-pro", 200_000, 1.25, 2.5), ("dashscope/qwen-flash", 256_000, 0.05, 0.25)],
)
def test_long_prompts_have_a_price_of_their_own(model, longest, below, beyond):
    price = PriceTable().price(model)
    assert price is not None
    assert price.cost(Usage(calls=1, input=longest)) == pytest.approx(longest * below / 1e6)
    assert price.cost(Usage(calls=1, input=longest + 1)) == pytest.approx((longest + 1) * beyond / 1e6)
    assert price.most(longest + 1, 100) >= price.cost(Usage(calls=1, input=longest + 1, output=100))
    # Many short calls are no long one.
    assert price.cost(Usage(calls=2, input=2 * longest)) == pytest.approx(2 * longest * below / 1e6)


def test_overrides_are_per_million_tokens_and_go_first():
    table = PriceTable({"gpt-4o-mini": {"input": 1.0, "output": 2.0}, "mine": {"input": 3, "output": 4, "window": 99}})
    price = table.price("gpt-4o-mini")
    assert price is not None
    assert price.cost(Usage(input=1_000_000, output=1_000_000)) == pytest.approx(3.0)
    assert table.price("openai/gpt-4o-mini") == price
    assert table.window("gpt-4o-mini") == 128_000
    assert table.window("openai/mine") == 99
    assert table.price("openai/mine") == Price(3e-06, 4e-06)


def test_a_window_alone_can_be_overridden():
    table = PriceTable({"gpt-4o-mini": {"window": 500}})
    assert table.window("gpt-4o-mini") == 500
    assert table.price("gpt-4o-mini") == Price(1.5e-07, 6e-07, cached=7.5e-08)


def test_cached_and_reasoning_tokens_have_their_own_rates():
    price = PriceTable().price("claude-haiku-4-5")
    assert price is not None
    usage = Usage(input=1000, cached=400, cache_write=100, output=10)
    assert price.cost(usage) == pytest.approx(500e-6 + 400e-7 + 100 * 1.25e-6 + 10 * 5e-6)


def test_a_gap_in_the_table_does_not_make_cache_writes_free():
    price = PriceTable().price("deepseek/deepseek-chat")
    assert price is not None
    assert price.cache_write is None


def test_a_wrong_name_finds_its_neighbours():
    assert "gpt-4o-mini" in PriceTable().closest("gpt-4o-mimi")
    assert any("claude" in name for name in PriceTable().closest("claude-haiku"))


def test_models_that_do_not_write_text_are_left_out():
    names = {listed.name for listed in PriceTable().models("openai")}
    assert "gpt-4o-mini" in names
    assert "text-embedding-3-small" not in names
    assert PriceTable().find("text-embedding-3-small") is None


@pytest.mark.parametrize("rule", [r for r in RULES if r.default], ids=lambda r: r.provider)
def test_default_models_are_in_the_table_with_a_price_and_no_end(rule):
    found = PriceTable().find(rule.default)
    assert found is not None
    assert found.price is not None
    assert found.window is not None and found.window >= 32_000
    assert found.retired is None


def test_models_that_were_switched_off_are_left_out():
    def names(day):
        return {listed.name for listed in PriceTable().models("openai", date.fromisoformat(day))}

    assert "gpt-3.5-turbo" in names("2026-10-22")
    assert "gpt-3.5-turbo" not in names("2026-10-23")
    assert PriceTable().price("gpt-3.5-turbo") is not None


def test_litellm_is_not_imported():
    code = (
        "import sys\nfrom rlm_tui.engine.providers.pricing import PriceTable\n"
        "assert PriceTable().price('gpt-4o-mini')\nassert 'litellm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
