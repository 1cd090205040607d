import subprocess
import sys
from types import SimpleNamespace

import pytest

from rlm_tui.engine.providers.base import ChatMessage, ModelInfo, Price, ProviderError, Request
from rlm_tui.engine.providers.keys import RULES, rule_for
from rlm_tui.engine.providers.registry import EXPLORER, Providers, choose_model, default_model

KEY = {"OPENAI_API_KEY": "sk-test-1234567890"}


def said(error):
    return error.value.kind, error.value.message


@pytest.mark.parametrize(
    ("env", "model"),
    [
        ({}, EXPLORER),
        ({"OPENAI_API_KEY": ""}, EXPLORER),
        ({"OPENAI_API_KEY": "  "}, EXPLORER),
        (KEY, "gpt-5-mini"),
        ({"ANTHROPIC_API_KEY": "x"}, "claude-haiku-4-5"),
        ({"ANTHROPIC_API_KEY": "x", **KEY}, "gpt-5-mini"),
        ({"GOOGLE_API_KEY": "x"}, "gemini/gemini-2.5-flash"),
        ({"OPENROUTER_API_KEY": "x"}, EXPLORER),
    ],
)
def test_the_model_when_none_is_named(env, model):
    assert default_model(SimpleNamespace(model=None), env) == model
    assert default_model(None, env) == model


def test_a_configured_model_goes_first_and_the_reason_is_given():
    assert choose_model(SimpleNamespace(model="ollama/x"), KEY).name == "ollama/x"
    assert choose_model(None, KEY).reason == "OPENAI_API_KEY is set"
    assert choose_model(None, {}).reason == "no key was found and no model named"


def test_a_missing_key_names_the_variable():
    with pytest.raises(ProviderError) as error:
        Providers(env={}).info("gpt-4o-mini")
    assert said(error) == ("auth", "gpt-4o-mini needs OPENAI_API_KEY: set it, or use --model explorer.")
    with pytest.raises(ProviderError) as error:
        Providers(env={}).resolve("gemini/gemini-2.5-flash")
    assert "needs GEMINI_API_KEY or GOOGLE_API_KEY: set it" in error.value.message
    with pytest.raises(ProviderError) as error:
        Providers(env={}).resolve("azure/my-deployment")
    assert "needs AZURE_API_KEY and AZURE_API_BASE or AZURE_OPENAI_API_KEY and AZURE_API_BASE" in error.value.message


def test_an_unknown_model_finds_its_neighbours():
    with pytest.raises(ProviderError) as error:
        Providers(env=KEY).info("gpt-4o-mimi")
    kind, message = said(error)
    assert kind == "not_found"
    assert message.startswith("Unknown model 'gpt-4o-mimi': did you mean ")
    assert "gpt-4o-mini" in message
    assert message.endswith("For one that isn't listed write PROVIDER/gpt-4o-mimi.")


def test_an_unknown_provider():
    with pytest.raises(ProviderError) as error:
        Providers(env=KEY).info("my-lab/my-model")
    assert said(error)[0] == "not_found"
    assert "Unknown provider 'my-lab' in 'my-lab/my-model'" in error.value.message
    assert "--api-base" in error.value.message


def test_a_prefix_that_litellm_does_not_know_is_refused_before_any_request():
    with pytest.raises(ProviderError, match=r"Unknown provider 'google' .*gemini/gemini-2\.5-flash"):
        Providers(env={"GOOGLE_API_KEY": "x"}).info("google/gemini-2.5-flash")


@pytest.mark.parametrize("name", ["", " ", " gpt-4o-mini", "two words", "scripted:", "local:", "openai/", "/x"])
def test_what_is_no_name(name):
    with pytest.raises(ProviderError) as error:
        Providers(env=KEY).resolve(name)
    assert error.value.kind == "not_found"


def test_an_unlisted_model_of_a_known_provider_may_be_new():
    info = Providers(env=KEY).info("openai/gpt-99")
    assert info == ModelInfo("openai/gpt-99", None, None, note="price unknown")


def test_a_server_of_ones_own_needs_no_key_and_no_known_name():
    providers = Providers(env={}, api_base="http://127.0.0.1:8000/v1")
    for name in ("openai/my-model", "my-model", "meta-llama/Llama-3-8B"):
        info = providers.info(name)
        assert info.price is None
        assert info.note == "at http://127.0.0.1:8000/v1, price unknown"


def test_a_key_in_hand_counts():
    assert Providers(env={}, api_key="sk-x").info("gpt-4o-mini").window == 128_000


def test_ollama_needs_nothing_and_costs_nothing():
    assert Providers(env={}).info("ollama/llama3.1").price == Price(0.0, 0.0)


def test_prices_can_be_overridden():
    providers = Providers(env=KEY, prices={"gpt-4o-mini": {"input": 7, "output": 8}})
    assert providers.info("gpt-4o-mini").price == Price(7e-6, 8e-6)


def test_a_script_is_read_once_and_its_price_can_be_overridden(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text("default: hi\nwindow: 100")
    name = f"scripted:{path}"
    providers = Providers(env={}, prices={name: {"input": 1, "output": 2}})
    assert providers.resolve(name) is providers.resolve(name)
    assert providers.info(name).price == Price(1e-6, 2e-6)
    assert providers.info(name).window == 100


async def test_providers_of_the_users_own():
    class Mine:
        def info(self, model):
            return ModelInfo(model, 7)

        async def complete(self, request, on_text=None):
            return "mine"

    providers = Providers(env={}, custom={"mine": Mine()})
    reply = await providers.resolve("mine").complete(Request("mine", [ChatMessage("user", "hello")], 9))
    assert reply.text == "mine"
    assert providers.info("mine").window == 7
    await providers.close()
    await providers.close()


def test_the_catalogue_names_variables_and_never_values():
    lines = Providers(env=KEY).catalogue()
    found = {line.provider: line for line in lines}
    assert [line.provider for line in lines][:3] == ["explorer", "local", "ollama"]
    assert found["openai"].keys == ("OPENAI_API_KEY",)
    assert found["openai"].missing == ""
    assert found["openai"].default == "gpt-5-mini"
    assert found["anthropic"].missing == "set ANTHROPIC_API_KEY"
    assert any(m.name == "gpt-4o-mini" and m.price and m.window for m in found["openai"].models)
    assert "sk-test" not in repr(lines)
    with_key = [bool(line.keys) for line in lines[3:]]
    assert with_key == sorted(with_key, reverse=True)


def test_every_rule_is_found_by_its_name():
    for rule in RULES:
        assert rule_for(rule.provider) is rule
    assert rule_for("vertex_ai-anthropic_models") is rule_for("vertex_ai")
    assert rule_for("bedrock_converse") is rule_for("bedrock")
    assert rule_for("cohere") is rule_for("cohere_chat")
    assert rule_for("nobody") is None


def test_looking_models_up_imports_neither_litellm_nor_yaml():
    code = (
        "import sys\nfrom rlm_tui.engine.providers.registry import Providers\n"
        "p = Providers(env={'OPENAI_API_KEY': 'x'})\nassert p.info('gpt-4o-mini').price\n"
        "assert not {'litellm', 'yaml', 'tiktoken', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
