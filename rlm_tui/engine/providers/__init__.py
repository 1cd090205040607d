"""Where replies come from: the built-in explorer, LiteLLM, local models, scripts and records."""
