"""Sessions of this program that run on while another one is on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.tui.view import View


class Background:
    """Views by their session's id. Nobody draws them; `beat` lets their events in."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}
        self._nameless = 0

    def __len__(self) -> int:
        return len(self._views)

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    @property
    def running(self) -> int:
        """How many of them have not ended."""
        return sum(1 for view in self if view.running)

    def put(self, view: View) -> None:
        """Take the view of a session; it has no id as long as its first event is not committed."""
        self._nameless += 1
        self._views[view.head.session or f"?{self._nameless}"] = view

    def take(self, session: str) -> View | None:
        """The view of a session that is to be on the screen again."""
        self.beat()
        return self._views.pop(session, None)

    def beat(self) -> list[View]:
        """Let events in. Returns the views whose session has ended; they are closed, and not kept any longer."""
        ended = []
        for name, view in list(self._views.items()):
            if view.source is not None:
                view.take(view.source.drain())
            if name.startswith("?") and view.head.session:
                del self._views[name]
                self._views[name := view.head.session] = view
            if not view.running:
                ended.append(self._views.pop(name))
        for view in ended:
            if view.source is not None:
                view.source.close()
        return ended

    def close(self) -> None:
        """End them all; what they did is saved."""
        views, self._views = list(self._views.values()), {}
        for view in views:
            if view.source is not None and view.gate is not None:
                view.gate.cancel()  # All of them first: each one then needs its time at once.
        for view in views:
            if view.source is not None:
                view.source.close()
