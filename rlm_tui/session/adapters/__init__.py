"""Sessions in the words of other tools: Inspect's logs, rollouts of ``verifiers``, OpenTelemetry's spans."""
