"""Which environment variables hold which provider's key, and which model stands for it when none is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NO_KEY = "not-needed"
"""Sent as the key to a server of the user's own, which needs none but may insist on the header."""


@dataclass(frozen=True, slots=True)
class KeyRule:
    """What a provider needs. Any one of `alternatives` is enough; each is a group of variables needed together.

    `default` is the model that answers when this provider's key is found and no model is named: the provider's cheap
    and capable one. Providers without one (gateways, clouds with own deployments) are used only by name.
    """

    provider: str
    alternatives: tuple[tuple[str, ...], ...]
    default: str | None = None

    def found(self, env: Mapping[str, str]) -> tuple[str, ...]:
        """The variables that are set and enough, empty if the key is missing."""
        for group in self.alternatives:
            if all(env.get(name, "").strip() for name in group):
                return group
        return ()

    def wanted(self) -> str:
        """The variables to set, as people read it."""
        return " or ".join(" and ".join(group) for group in self.alternatives)


def _rule(provider: str, *names: str, default: str | None = None) -> KeyRule:
    return KeyRule(provider, tuple((name,) for name in names), default)


# In the order in which a key decides the default model. Gateways come after the makers of models.
RULES: tuple[KeyRule, ...] = (
    _rule("openai", "OPENAI_API_KEY", default="gpt-5-mini"),
    _rule("anthropic", "ANTHROPIC_API_KEY", default="claude-haiku-4-5"),
    _rule("gemini", "GEMINI_API_KEY", "GOOGLE_API_KEY", default="gemini/gemini-2.5-flash"),
    _rule("mistral", "MISTRAL_API_KEY", default="mistral/mistral-medium-latest"),
    _rule("deepseek", "DEEPSEEK_API_KEY", default="deepseek/deepseek-v4-flash"),
    _rule("groq", "GROQ_API_KEY", default="groq/openai/gpt-oss-120b"),
    _rule("xai", "XAI_API_KEY", default="xai/grok-4.3"),
    _rule("cerebras", "CEREBRAS_API_KEY", default="cerebras/gpt-oss-120b"),
    _rule("moonshot", "MOONSHOT_API_KEY", default="moonshot/kimi-k2.6"),
    _rule("zai", "ZAI_API_KEY", default="zai/glm-4.7"),
    _rule("dashscope", "DASHSCOPE_API_KEY", default="dashscope/qwen-plus"),
    _rule("cohere_chat", "COHERE_API_KEY", "CO_API_KEY", default="command-a-03-2025"),
    _rule(
        "together_ai",
        "TOGETHERAI_API_KEY",
        "TOGETHER_API_KEY",
        "TOGETHER_AI_API_KEY",
        default="together_ai/openai/gpt-oss-120b",
    ),
    _rule(
        "fireworks_ai",
        "FIREWORKS_AI_API_KEY",
        "FIREWORKS_API_KEY",
        default="fireworks_ai/accounts/fireworks/models/deepseek-v4-flash",
    ),
    _rule("openrouter", "OPENROUTER_API_KEY", "OR_API_KEY"),
    _rule("perplexity", "PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    _rule("deepinfra", "DEEPINFRA_API_KEY"),
    _rule("huggingface", "HUGGINGFACE_API_KEY", "HF_TOKEN"),
    _rule("replicate", "REPLICATE_API_KEY", "REPLICATE_API_TOKEN"),
    _rule("nvidia_nim", "NVIDIA_NIM_API_KEY"),
    _rule("sambanova", "SAMBANOVA_API_KEY"),
    _rule("novita", "NOVITA_API_KEY"),
    _rule("nebius", "NEBIUS_API_KEY"),
    _rule("codestral", "CODESTRAL_API_KEY"),
    _rule("ai21", "AI21_API_KEY"),
    _rule("github", "GITHUB_API_KEY"),
    _rule("vercel_ai_gateway", "VERCEL_AI_GATEWAY_API_KEY"),
    KeyRule("azure", (("AZURE_API_KEY", "AZURE_API_BASE"), ("AZURE_OPENAI_API_KEY", "AZURE_API_BASE"))),
    KeyRule("azure_ai", (("AZURE_AI_API_KEY", "AZURE_AI_API_BASE"),)),
    KeyRule(
        "bedrock",
        (("AWS_BEARER_TOKEN_BEDROCK",), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_PROFILE",)),
    ),
    KeyRule("vertex_ai", (("GOOGLE_APPLICATION_CREDENTIALS",), ("VERTEXAI_PROJECT",))),
)

NEEDS_ADDRESS = frozenset(
    {"lm_studio", "hosted_vllm", "vllm", "llamafile", "docker_model_runner", "xinference", "lemonade", "oobabooga"}
    | {"triton", "petals", "infinity", "custom_openai", "openai_like", "litellm_proxy"}
)
"""Names of servers of the user's own. Without an address LiteLLM would send their requests to OpenAI."""

KEYLESS = NEEDS_ADDRESS | {"ollama", "ollama_chat"}
"""Providers that need no key."""

_ALIASES = {
    "cohere": "cohere_chat",
    "text-completion-openai": "openai",
    "bedrock_converse": "bedrock",
    "bedrock_mantle": "bedrock",
    "azure_text": "azure",
    "sagemaker": "bedrock",
    "sagemaker_chat": "bedrock",
}
_BY_PROVIDER = {rule.provider: rule for rule in RULES}


def rule_for(provider: str) -> KeyRule | None:
    """The rule of a provider as LiteLLM names it; ``None`` if we don't know what it needs, or it needs nothing."""
    if provider.startswith("vertex_ai"):
        provider = "vertex_ai"
    return _BY_PROVIDER.get(_ALIASES.get(provider, provider))
