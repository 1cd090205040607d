from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.tui import layout
from rlm_tui.tui.arrange import LEAST, NARROW_BELOW, PANES, RIGHT, Wishes, arrange, edge_at


@given(st.integers(1, 400), st.integers(1, 150), st.sampled_from([None, *PANES]), st.sampled_from(RIGHT))
def test_parts_never_overlap_and_stay_on_the_screen(width: int, height: int, zoomed: str | None, beside: str) -> None:
    regions = arrange(width, height, Wishes(zoomed=zoomed, beside=beside))
    area = 0
    for region in regions.values():
        assert region.x >= 0 and region.y >= 0
        assert region.right <= width and region.bottom <= height
        assert region.width > 0 and region.height > 0
        area += region.area
    for region in regions.values():
        for other in regions.values():
            assert region is other or not region.overlaps(other)
    assert area == width * height


def test_sizes_choose_the_arrangement() -> None:
    assert set(arrange(LEAST[0] - 1, 40, Wishes())) == {"small"}
    assert set(arrange(80, LEAST[1] - 1, Wishes())) == {"small"}
    assert "tabs" in arrange(NARROW_BELOW - 1, 40, Wishes())
    assert set(PANES) <= set(arrange(NARROW_BELOW, 36, Wishes()))
    assert set(PANES) & set(arrange(120, 36, Wishes(zoomed="code"))) == {"code"}


@pytest.mark.parametrize("pane", PANES)
def test_resizing_stays_usable(pane: str) -> None:
    wishes = Wishes()
    for columns, rows in ((5, 3), (-5, -3)):
        for _ in range(60):
            wishes.resize(pane, columns, rows, 120, 36)
            for region in arrange(120, 36, wishes).values():
                assert region.width >= 10 and region.height >= 1


def test_a_pane_grows_in_the_direction_that_is_asked_for() -> None:
    for pane in ("tree", "document", "code"):
        before = arrange(120, 36, Wishes())[pane]
        wishes = Wishes()
        wishes.resize(pane, 6, 0, 120, 36)
        assert arrange(120, 36, wishes)[pane].width > before.width
    for pane in ("tree", "variables", "code", "output", "timeline"):
        before = arrange(120, 36, Wishes())[pane]
        wishes = Wishes()
        wishes.resize(pane, 0, 2, 120, 36)
        assert arrange(120, 36, wishes)[pane].height > before.height


def test_edges_are_found_and_follow_the_mouse() -> None:
    wishes = Wishes()
    regions = arrange(120, 36, wishes)
    tree, document, variables = regions["tree"], regions["document"], regions["variables"]
    assert edge_at(regions, tree.right, 5) == "left"
    assert edge_at(regions, document.x, 5) == "right"
    assert edge_at(regions, 3, variables.y) == "variables"
    assert edge_at(regions, 3, regions["timeline"].y) == "lanes"
    assert edge_at(regions, 3, 3) is None
    wishes.drag("left", 49, 5, 120, 36)
    assert arrange(120, 36, wishes)["tree"].right == 50
    wishes.drag("right", 80, 5, 120, 36)
    assert arrange(120, 36, wishes)["document"].x == 80
    wishes.drag("variables", 3, 12, 120, 36)
    assert arrange(120, 36, wishes)["variables"].y == 12
    wishes.drag("output", 60, 12, 120, 36)
    assert arrange(120, 36, wishes)["output"].y == 12
    wishes.drag("lanes", 3, 27, 120, 36)
    assert arrange(120, 36, wishes)["timeline"].y == 27


def test_the_layout_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "a" / "layout.json"
    layout.save(Wishes(), file)
    assert not file.exists()  # Nothing to remember.
    layout.save(Wishes(left=0.25, lanes=5), file)
    assert layout.load(file) == Wishes(left=0.25, lanes=5)
    for nonsense in ("", "[]", '{"left": "wide", "lanes": 900}'):
        file.write_text(nonsense, encoding="utf-8")
        assert layout.load(file) == Wishes()


@pytest.mark.parametrize(("height", "rows"), [(30, 2), (36, 2), (40, 3), (60, 5), (100, 5)])
def test_a_high_screen_gives_the_timeline_more_rows_until_told_otherwise(height: int, rows: int) -> None:
    wishes = Wishes()
    assert arrange(200, height, wishes)["timeline"].height == rows + 2
    wishes.resize("timeline", 0, 1, 200, height)
    assert arrange(200, height, wishes)["timeline"].height == rows + 3
    assert arrange(200, 36, wishes)["timeline"].height == rows + 3
