from __future__ import annotations

import pytest

from rlm_tui.tui.glyphs import ASCII, UNICODE, Glyphs


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_signs_that_stand_side_by_side_differ(glyphs: Glyphs) -> None:
    assert glyphs.empty not in glyphs.heat[1:]
    assert glyphs.dot not in glyphs.heat
    assert len(set(glyphs.heat)) == 5
    marks = [glyphs.ok, glyphs.bad, glyphs.running, glyphs.waiting, glyphs.here, glyphs.stop, glyphs.warn]
    assert len(set(marks)) == len(marks)
    assert len({glyphs.model_time, glyphs.code_time, glyphs.bad, glyphs.cursor}) == 4


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_levels_begin_with_something_for_the_smallest_share(glyphs: Glyphs) -> None:
    assert glyphs.level(glyphs.sparks, 0) == glyphs.sparks[0]
    assert glyphs.level(glyphs.sparks, 0.0001) == glyphs.sparks[1]
    assert glyphs.level(glyphs.sparks, 1) == glyphs.sparks[-1]
