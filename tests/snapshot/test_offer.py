"""The dialog that offers a session that was cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.screens.resume import OfferResume
from rlm_tui.tui.themes import DEFAULT
from tests.support.shelf import NOW, ROWS

Compare = Callable[..., bool]
ROW = replace(ROWS[0], status="interrupted", answer=None, query="When does Pierre [first] meet\nNatasha?\x1b[31m")


class Offers(ThemedApp[None]):
    """Nothing but the dialog."""

    def __init__(self, many: int, glyphs: str) -> None:
        super().__init__(DEFAULT, glyphs)
        self._many = many

    def on_mount(self) -> None:
        self.push_screen(OfferResume([ROW] * self._many, NOW, self.glyphs.dot))


@pytest.mark.parametrize(
    ("many", "glyphs", "size"),
    [(1, "unicode", (120, 30)), (3, "ascii", (80, 24))],
    ids=["one", "several-in-a-small-terminal"],
)
def test_offer_to_resume(snap_compare: Compare, many: int, glyphs: str, size: tuple[int, int]) -> None:
    """What was asked and how far it came, what going on means, and one key for each choice in the lower border."""
    assert snap_compare(Offers(many, glyphs), terminal_size=size)
