"""Several sessions run from one: one after the other, or all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rlm_tui.projection.state import SessionState
from rlm_tui.session.live import LiveSession

LOOK_SECONDS = 0.05
"""How often whoever watches is told."""


@dataclass(slots=True)
class Member:
    """A session of the group. `watch` is called with it while it runs and once when it has ended."""

    name: str
    live: LiveSession
    state: SessionState
    watch: Callable[[Member], None]

    @property
    def ran(self) -> bool:
        """Whether it got so far that something is saved."""
        return self.state.seq > 0


def run_group(
    members: Sequence[Member], *, stop: Callable[[], bool], parallel: bool = False, patience: float = 15.0
) -> bool:
    """Run all members to their ends. When `stop` says so, those that run are cancelled, which have `patience` seconds to
    save what is there, and the rest is left out. Returns whether it was never said.
    """
    for batch in [list(members)] if parallel else [[member] for member in members]:
        for member in batch:
            member.live.start()
        for member in batch:
            while not (member.live.wait(LOOK_SECONDS) or stop()):
                for other in batch:
                    other.watch(other)
        stopped = stop()
        if stopped:
            for member in batch:
                member.live.gate.cancel()
        for member in batch:
            member.live.wait(patience)
            member.watch(member)
        if stopped:
            return False
    return True
