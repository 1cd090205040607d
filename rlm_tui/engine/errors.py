"""How a run ends when it does not end with an answer."""

from __future__ import annotations

from rlm_tui.events import Fault


class CallError(Exception):
    """A call to a model failed for good; the log has its `CallFailed`."""

    def __init__(self, call: str, fault: Fault) -> None:
        super().__init__(fault.message)
        self.call = call
        self.fault = fault


class UsersFault(Exception):
    """A function that the user gave broke down. The message is a sentence for the user, not for the model."""


class Stopped(Exception):
    """A node reached one of its limits; `limit` names it, `reason` is a sentence for the model."""

    def __init__(self, limit: str, reason: str) -> None:
        super().__init__(reason)
        self.limit = limit
        self.reason = reason
