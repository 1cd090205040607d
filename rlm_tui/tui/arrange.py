"""Where the parts of the workbench stand, as a pure function of the size of the screen and the operator's wishes."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region

NARROW_BELOW = 100
"""Columns below which one pane stands beside the tree instead of four."""

LEAST = (60, 16)
"""Columns and rows below which a sentence replaces the workbench."""

PANES = ("document", "tree", "code", "output", "variables", "timeline")
"""The numbered panes in the order of their keys 1 to 6."""

RIGHT = ("code", "output", "document", "variables")
"""What can stand beside the tree on a narrow screen."""


@dataclass(slots=True)
class Wishes:
    """What the operator asked for: the zoomed pane, the right pane of a narrow screen, and how to share the room.

    `left` and `right` are shares of the width; `variables` and `output` the shares of their columns that the lower pane
    gets; `lanes` the rows of the timeline, 0 for as many as suit the height of the screen.
    """

    zoomed: str | None = None
    beside: str = "code"
    left: float = 0.31
    right: float = 0.27
    variables: float = 0.34
    output: float = 0.5
    lanes: int = 0

    def rows_of_time(self, height: int) -> int:
        """The rows of the timeline on a screen of `height` rows: 2, and on a high one more lanes and what was spent."""
        return self.lanes or max(2, min(5, height // 10 - 1))

    def resize(self, pane: str, columns: int, rows: int, width: int, height: int) -> None:
        """Make `pane` wider or higher by so many columns and rows; shares stay within what is usable."""
        step = columns / max(1, width)
        if pane in ("tree", "variables"):
            self.left = _within(self.left + step, 0.18, 0.5)
        elif pane == "document":
            self.right = _within(self.right + step, 0.18, 0.5)
        elif columns and pane != "timeline":
            # The middle takes from both neighbours.
            self.left = _within(self.left - step / 2, 0.18, 0.5)
            self.right = _within(self.right - step / 2, 0.18, 0.5)
        lanes = self.rows_of_time(height)
        lift = rows / max(1, height - 5 - lanes)
        if pane == "tree":
            self.variables = _within(self.variables - lift, 0.12, 0.8)
        elif pane == "variables":
            self.variables = _within(self.variables + lift, 0.12, 0.8)
        elif pane == "code":
            self.output = _within(self.output - lift, 0.15, 0.85)
        elif pane == "output":
            self.output = _within(self.output + lift, 0.15, 0.85)
        elif pane == "timeline":
            self.lanes = max(1, min(8, lanes + rows))

    def drag(self, edge: str, x: int, y: int, width: int, height: int) -> None:
        """Put an edge (see `edge_at`) to a place on a screen of this size."""
        room = height - 5 - self.rows_of_time(height)
        if edge == "left":
            self.left = _within((x + 1) / width, 0.18, 0.5)
        elif edge == "right":
            self.right = _within((width - x) / width, 0.18, 0.5)
        elif edge == "variables":
            self.variables = _within((room + 1 - y) / room, 0.12, 0.8)
        elif edge == "output":
            self.output = _within((room + 1 - y) / room, 0.15, 0.85)
        elif edge == "lanes":
            self.lanes = max(1, min(8, height - 4 - y))


def edge_at(regions: dict[str, Region], x: int, y: int) -> str | None:
    """The edge between two panes that a cell belongs to: ``left``, ``right``, ``variables``, ``output`` or ``lanes``."""
    if "timeline" not in regions or "document" not in regions or "tree" not in regions:
        return None
    timeline, document, tree = regions["timeline"], regions["document"], regions["tree"]
    if y in (timeline.y - 1, timeline.y):
        return "lanes"
    if not 1 <= y < timeline.y:
        return None
    if x in (tree.right - 1, tree.right):
        return "left"
    if x in (document.x - 1, document.x):
        return "right"
    for name in ("variables", "output"):
        region = regions[name]
        if region.x <= x < region.right and y in (region.y - 1, region.y):
            return name
    return None


def arrange(width: int, height: int, wishes: Wishes) -> dict[str, Region]:
    """Regions by part. Parts that are not in the result are hidden. The only part on too small a screen is ``small``."""
    if width < LEAST[0] or height < LEAST[1]:
        return {"small": Region(0, 0, width, height)}
    if wishes.zoomed is not None:
        found = {"title": Region(0, 0, width, 1), wishes.zoomed: Region(0, 1, width, height - 3)}
        found |= {"gauges": Region(0, height - 2, width, 1), "footer": Region(0, height - 1, width, 1)}
        return found
    return _narrow(width, height, wishes) if width < NARROW_BELOW else _wide(width, height, wishes)


def _wide(width: int, height: int, wishes: Wishes) -> dict[str, Region]:
    lanes = wishes.rows_of_time(height)
    below = 4 + lanes
    room = height - 1 - below
    left = min(max(28, round(width * wishes.left)), width - 56)
    right = min(max(26, round(width * wishes.right)), width - left - 30)
    middle = width - left - right
    variables = min(room - 5, max(4, round(room * wishes.variables)))
    output = min(room - 5, max(5, round(room * wishes.output)))
    return {
        "title": Region(0, 0, width, 1),
        "tree": Region(0, 1, left, room - variables),
        "variables": Region(0, 1 + room - variables, left, variables),
        "code": Region(left, 1, middle, room - output),
        "output": Region(left, 1 + room - output, middle, output),
        "document": Region(left + middle, 1, right, room),
        "timeline": Region(0, 1 + room, width, 2 + lanes),
        "gauges": Region(0, height - 2, width, 1),
        "footer": Region(0, height - 1, width, 1),
    }


def _narrow(width: int, height: int, wishes: Wishes) -> dict[str, Region]:
    room = height - 5
    left = max(24, min(40, round(width * 0.375)))
    right = width - left
    found = {
        "title": Region(0, 0, width, 1),
        "tree": Region(0, 1, left, room),
        "coverage": Region(0, height - 4, width, 1),
        "time": Region(0, height - 3, width, 1),
        "gauges": Region(0, height - 2, width, 1),
        "footer": Region(0, height - 1, width, 1),
        "tabs": Region(left, 1, right, 1),
    }
    if wishes.beside == "code":
        lower = max(4, round((room - 1) * wishes.output * 0.9))
        found["code"] = Region(left, 2, right, room - 1 - lower)
        found["output"] = Region(left, 1 + room - lower, right, lower)
    else:
        found[wishes.beside] = Region(left, 2, right, room - 1)
    return found


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
