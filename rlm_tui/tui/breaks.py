"""Breakpoints as the screen sees them: the run's, or the ones that wait for a run to start."""

from __future__ import annotations

from rlm_tui.tui.view import View


class Breaks:
    """Lists, adds and deletes. Before there is a run they are kept in `View.waiting_breakpoints`."""

    def __init__(self, view: View) -> None:
        self._view = view

    def items(self) -> dict[int, str]:
        """Numbers and conditions."""
        if self._view.source is None:
            return dict(self._view.waiting_breakpoints)
        return dict(self._view.head.breakpoints)

    @staticmethod
    def problem(condition: str) -> str:
        """What is wrong with a condition, as a sentence; empty when it is right."""
        from rlm_tui.projection.conditions import ConditionError, parse

        if not condition.strip():
            return "Type a condition, such as depth>=2, error, cost>0.50, turn==5."
        try:
            parse(condition)
        except ConditionError as error:
            return str(error)
        return ""

    def add(self, condition: str) -> None:
        """Set a breakpoint; the condition must be right."""
        view = self._view
        if view.gate is not None:
            view.gate.set_breakpoint(condition)
        elif view.source is None:
            number = max(view.waiting_breakpoints, default=0) + 1
            view.waiting_breakpoints[number] = condition

    def delete(self, number: int) -> None:
        """Clear a breakpoint."""
        if self._view.gate is not None:
            self._view.gate.clear_breakpoint(number)
        else:
            self._view.waiting_breakpoints.pop(number, None)

    def hand_over(self) -> None:
        """A run exists now: give it what waited."""
        waiting, self._view.waiting_breakpoints = self._view.waiting_breakpoints, {}
        if self._view.gate is not None:
            for condition in waiting.values():
                self._view.gate.set_breakpoint(condition)
