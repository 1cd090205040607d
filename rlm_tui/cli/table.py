"""Aligned columns on a plain stream."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rlm_tui.cli.plain import plain
from rlm_tui.tui.text import fit, shorten, width_of

GAP = "  "


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None, right: Collection[int] = ()
) -> list[str]:
    """Lines of a table under `head`. `right` are the columns that are aligned to the right.

    With a `width` in columns of the screen, the last two columns share what the others leave; without, nothing is cut.
    """
    cells = [[plain(cell) for cell in row] for row in [head, *rows]]
    widths = [max(width_of(row[n]) for row in cells) for n in range(len(head))]
    if width is not None:
        left = max(20, width - sum(widths[:-2]) - len(GAP) * (len(head) - 1))
        widths[-2] = min(widths[-2], max(8, left * 2 // 5))
        widths[-1] = min(widths[-1], max(8, left - widths[-2]))
    lines = []
    for row in cells:
        shown = []
        for n, cell in enumerate(row):
            text = shorten(cell, widths[n])
            pad = " " * (widths[n] - width_of(text))
            shown.append(pad + text if n in right else fit(text, widths[n]))
        lines.append(GAP.join(shown).rstrip())
    return lines
