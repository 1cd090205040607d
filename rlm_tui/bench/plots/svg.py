"""Plots as SVG, and a page of them as HTML: no scripts, nothing from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from rlm_tui.bench.plots.series import Plot, Series
from rlm_tui.bench.report.grid import Grid
from rlm_tui.document.visible import visible

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 60
LEGEND_LINE = 18

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999")
"""Okabe and Ito's palette, which readers with colour vision deficiencies can tell apart."""

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left}td.n,th.n{text-align:right}
svg{max-width:100%;height:auto}p.note{color:#555}"""


def svg(plot: Plot) -> str:
    """The plot as a whole SVG document."""
    height = HEIGHT + LEGEND_LINE * len(plot.series)
    scale = _Scale(plot)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{_text(plot.title)}" font-family="system-ui,sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="16" font-weight="600">{_text(plot.title)}</text>',
        *_axes(plot, scale),
    ]
    for number, series in enumerate(plot.series):
        parts += _drawn(plot, series, scale, COLOURS[number % len(COLOURS)])
        y = HEIGHT + LEGEND_LINE * number
        parts.append(f'<circle cx="{LEFT + 6}" cy="{y - 4}" r="5" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(f'<text x="{LEFT + 20}" y="{y}">{_text(series.name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def page(title: str, plots: Sequence[Plot], grids: Sequence[Grid]) -> str:
    """A page with plots and tables."""
    body = [f"<h1>{_text(title)}</h1>"]
    for grid in grids:
        numbers = ['class="n"' if n in grid.right else "" for n in range(len(grid.head))]
        head = "".join(f"<th {kind}>{_text(cell)}</th>" for kind, cell in zip(numbers, grid.head, strict=True))
        rows = "".join(
            "<tr>"
            + "".join(f"<td {kind}>{_text(cell)}</td>" for kind, cell in zip(numbers, row, strict=True))
            + "</tr>"
            for row in grid.rows
        )
        body.append(f"<h2>{_text(grid.title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
        body += [f'<p class="note">{_text(note)}</p>' for note in grid.notes]
    body += [svg(plot) for plot in plots]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


class _Scale:
    """From values to places on the picture."""

    def __init__(self, plot: Plot) -> None:
        points = [point for series in plot.series for point in series.points]
        xs = [self._x(plot, point.x) for point in points]
        self._log = plot.log_x
        self.x_low, self.x_high = min(xs), max(xs)
        if plot.kind != "score":
            self.x_low = min(0.0, self.x_low)
        if self.x_high == self.x_low:
            self.x_low, self.x_high = self.x_low - 1, self.x_high + 1
        self.y_high = plot.y_top or 1.08 * max(point.high for point in points) or 1.0

    @staticmethod
    def _x(plot: Plot, value: float) -> float:
        return math.log2(value) if plot.log_x else value

    def x(self, value: float) -> float:
        value = math.log2(value) if self._log else value
        share = (value - self.x_low) / (self.x_high - self.x_low)
        return round(LEFT + 20 + share * (WIDTH - LEFT - RIGHT - 40), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / self.y_high * (HEIGHT - TOP - BOTTOM), 1)


def _axes(plot: Plot, scale: _Scale) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    out = []
    for value in _ticks(scale.y_high):
        y = scale.y(value)
        out.append(f'<line x1="{LEFT}" x2="{right}" y1="{y}" y2="{y}" stroke="#e3e3e3"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end" fill="#555">{value:g}</text>')
    if plot.kind == "score":
        values = sorted({point.x for series in plot.series for point in series.points})
    else:
        values = _ticks(scale.x_high)
    for value in values:
        x = scale.x(value)
        out.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle" fill="#555">{_number(value)}</text>')
    out.append(f'<line x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="#333"/>')
    middle = (LEFT + right) / 2
    out.append(f'<text x="{middle}" y="{bottom + 38}" text-anchor="middle">{_text(plot.x)}</text>')
    y = (TOP + bottom) / 2
    out.append(f'<text x="18" y="{y}" text-anchor="middle" transform="rotate(-90 18 {y})">{_text(plot.y)}</text>')
    return out


def _drawn(plot: Plot, series: Series, scale: _Scale, colour: str) -> list[str]:
    places = [(scale.x(point.x), scale.y(point.y)) for point in series.points]
    out = []
    if plot.joined and len(places) > 1:
        path = " ".join(f"{x},{y}" for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for point, (x, y) in zip(series.points, places, strict=True):
        if point.low != point.high:
            out.append(
                f'<line x1="{x}" x2="{x}" y1="{scale.y(point.low)}" y2="{scale.y(point.high)}" stroke="{colour}" '
                'stroke-opacity=".45" stroke-width="3"/>'
            )
        said = f"{series.name}: {_number(point.x)}, {_number(point.y)}"
        out.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}"><title>{_text(said)}</title></circle>')
    return out


def _ticks(top: float) -> list[float]:
    """About five round numbers from 0 to `top`."""
    if top <= 0:
        return [0.0]
    rough = top / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    return [round(number * step, 12) for number in range(int(top / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _text(text: str) -> str:
    return escape(visible(" ".join(text.split())))
