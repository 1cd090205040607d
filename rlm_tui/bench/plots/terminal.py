"""Plots on the terminal, drawn by plotext."""

from __future__ import annotations

import math

from rlm_tui.bench.plots.series import Plot
from rlm_tui.document.visible import visible

MARKERS = ("braille", "dot", "hd", "sd", "x", "fhd")
SIGNS = ("o", "x", "+", "*", "#", "@", "%", "&")
COLOURS = ("blue", "red", "green", "magenta", "cyan", "orange", "gray", "white")


def draw(plot: Plot, *, width: int = 80, height: int = 22, colour: bool = True, plain: bool = False) -> str:
    """The plot as lines of text; `plain` uses ASCII signs for the points."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear" if not colour else "default")
    plotext.plotsize(width, height)
    plotext.title(plot.title)
    plotext.xlabel(plot.x)
    plotext.ylabel(plot.y)
    highest = max((point.y for series in plot.series for point in series.points), default=0.0)
    plotext.ylim(0, plot.y_top or 1.05 * highest or 1.0)
    place = math.log2 if plot.log_x else float
    for number, series in enumerate(plot.series):
        xs, ys = [place(point.x) for point in series.points], [point.y for point in series.points]
        sign = SIGNS[number % len(SIGNS)] if plain or not colour else "dot"
        # Brackets would be read as part of plotext's own mark-up of names.
        name = visible(series.name)
        shade = COLOURS[number % len(COLOURS)] if colour else "default"
        if plot.joined and len(xs) > 1:
            line = "." if plain else "braille"
            plotext.plot(xs, ys, marker=line, color=shade)
        plotext.scatter(xs, ys, marker=sign, color=shade, label=name)
    ticks = sorted({point.x for series in plot.series for point in series.points})
    if plot.kind == "score":
        plotext.xticks([place(tick) for tick in ticks], [f"{tick:,.0f}" for tick in ticks])
    drawn = str(plotext.build())
    plotext.clear_figure()
    return drawn if colour else plotext.uncolorize(drawn)
