"""The two ways to an OpenAI-compatible server, which must not differ in what they say and do."""

import pytest

from rlm_tui.engine.providers.direct import Direct
from rlm_tui.engine.providers.litellm_ import LiteLLM


@pytest.fixture(params=["litellm", "direct"])
def make(request):
    """A function that makes a provider of either kind."""
    if request.param == "litellm":
        return LiteLLM
    return lambda **kw: Direct(LiteLLM(**kw))
