"""The signs on the screen: one set in Unicode, one in ASCII for terminals and fonts that have nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs. Strings of several signs (`bars`, `heat`, `sparks`) go from least to most."""

    name: str
    border: str
    border_focus: str
    open: str
    shut: str
    here: str
    ok: str
    bad: str
    warn: str
    running: str
    waiting: str
    stop: str
    pause: str
    play: str
    history: str
    changed: str
    edited: str
    cut: str
    rule: str
    upright: str
    cursor: str
    dot: str
    times: str
    minus: str
    about: str
    partial: str
    arrow: str
    span_top: str
    span_middle: str
    span_bottom: str
    span_only: str
    operator: str
    mark: str
    bars: str
    empty: str
    heat: str
    sparks: str
    model_time: str
    code_time: str
    spinner: str

    def bar(self, share: float, width: int) -> tuple[str, str]:
        """`share` (0 to 1, cut to that) of `width` columns as a filled part and an empty part."""
        share = min(1.0, max(0.0, share)) if isfinite(share) else 0.0
        steps = len(self.bars)
        units = round(share * width * steps)
        if share > 0 and units == 0:
            units = 1
        full, rest = divmod(units, steps)
        filled = self.bars[-1] * full + (self.bars[rest - 1] if rest else "")
        return filled, self.empty * (width - len(filled))

    def level(self, signs: str, share: float) -> str:
        """The sign for `share` (0 to 1) of a row of signs whose first means nothing at all."""
        if share <= 0:
            return signs[0]
        return signs[min(len(signs) - 1, 1 + int(share * (len(signs) - 1)))]


UNICODE = Glyphs(
    name="unicode",
    border="round",
    border_focus="heavy",
    open="▼",
    shut="▶",
    here="▶",
    ok="✓",
    bad="✗",
    warn="!",
    running="◐",
    waiting="○",
    stop="●",
    pause="▐▐",
    play="▶",
    history="◀◀",
    changed="Δ",
    edited="✎",
    cut="…",
    rule="─",
    upright="│",
    cursor="┃",
    dot="·",
    times="×",
    minus="−",
    about="≈",
    partial="◧",
    arrow="→",
    span_top="┌",
    span_middle="│",
    span_bottom="└",
    span_only="▸",
    operator="✎",
    mark="◆",
    bars="▏▎▍▌▋▊▉█",
    empty="·",
    heat=" ░▒▓█",
    sparks=" ▁▂▃▄▅▆▇█",
    model_time="▆",
    code_time="▂",
    spinner="◐◓◑◒",
)

ASCII = Glyphs(
    name="ascii",
    border="ascii",
    border_focus="ascii",
    open="v",
    shut=">",
    here=">",
    ok="+",
    bad="x",
    warn="!",
    running="~",
    waiting="o",
    stop="*",
    pause="||",
    play=">",
    history="<<",
    changed="^",
    edited="@",
    cut="~",
    rule="-",
    upright="|",
    cursor="|",
    dot="-",
    times="x",
    minus="-",
    about="~",
    partial="%",
    arrow="->",
    span_top="/",
    span_middle="|",
    span_bottom="\\",
    span_only=">",
    operator="@",
    mark="&",
    bars="#",
    empty=".",
    heat=" :+*#",
    sparks=" ..--==##",
    model_time="=",
    code_time="-",
    spinner="|/-\\",
)


def glyphs(name: str) -> Glyphs:
    """The set called `name` (``ascii``, or anything else for Unicode)."""
    return ASCII if name == "ascii" else UNICODE
