"""Text as cells: cutting and wrapping by width on the screen.

What comes in here has been made visible (`rlm_tui.document.visible.visible`): no control characters are left in it.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def width_of(text: str) -> int:
    """Columns that `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, cut: str = "…") -> str:
    """`text` in exactly `width` columns: padded with spaces, or cut with a mark at the end."""
    taken = width_of(text)
    if taken == width:
        return text
    if taken < width:
        return text + " " * (width - taken)
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1) + cut


def shorten(text: str, width: int, cut: str = "…") -> str:
    """`text` in at most `width` columns."""
    return text if width_of(text) <= width else fit(text, width, cut)


def shorten_left(text: str, width: int, cut: str = "…") -> str:
    """`text` in at most `width` columns, keeping its end (file names)."""
    if width_of(text) <= width:
        return text
    while text and width_of(text) > width - 1:
        text = text[1:]
    return cut + text


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Cut `text` into pieces of at most `width` columns, at spaces where there are any: ``(start, end)`` of each.

    There is always at least one piece. A character wider than `width` stands alone. The space at a cut stays with the
    piece before it and may reach one column beyond the width; it is invisible there.
    """
    length = len(text)
    width = max(1, width)
    if length <= width and text.isascii():
        return [(0, length)]
    plain = text.isascii()
    pieces: list[tuple[int, int]] = []
    start = 0
    while start < length:
        end = min(length, start + width) if plain else _reach(text, start, width)
        if end < length:
            if text[end] == " ":
                end += 1
            else:
                space = text.rfind(" ", start + 1, end)
                if space > start + width // 3:
                    end = space + 1
        pieces.append((start, end))
        start = end
    return pieces or [(0, 0)]


def rows_of(text: str, width: int) -> int:
    """How many pieces `wrap` makes."""
    if len(text) <= width and text.isascii():
        return 1
    return len(wrap(text, width))


def _reach(text: str, start: int, width: int) -> int:
    taken, at = 0, start
    length = len(text)
    while at < length:
        char = text[at]
        taken += 1 if char < "\u0300" else cell_len(char)
        if taken > width:
            break
        at += 1
    return max(at, start + 1)
