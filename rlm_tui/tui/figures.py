"""Numbers as people read them: money, counts, sizes, times. Unknown prices are ``?``, never 0."""

from __future__ import annotations

from rlm_tui.events import Usage


def dollars(amount: float) -> str:
    """``$0.21``, ``$0.008``, ``$0.0006``: as many digits as say something; exactly nothing is ``$0.00``."""
    if amount <= 0:
        return "$0.00"
    if amount < 0.0001:
        return "<$0.0001"
    if amount < 0.001:
        return f"${amount:.4f}"
    if amount < 0.00995:
        return f"${amount:.3f}"
    if amount < 1000:
        return f"${amount:.2f}"
    return f"${amount:,.0f}"


def price(usage: Usage) -> str:
    """What `usage` cost. ``?`` when no price is known at all, a ``+?`` behind it when some are missing."""
    if not usage.unpriced:
        return dollars(usage.cost)
    return f"{dollars(usage.cost)}+?" if usage.cost > 0 else "?"


def count(number: float) -> str:
    """``950``, ``1.2k``, ``182k``, ``3.2M``, ``1.5G``: at most four characters up to the trillions."""
    if number < 1000:
        return f"{number:.0f}"
    for unit in "kMGT":
        number /= 1000
        if number < 9.95:
            return f"{number:.1f}{unit}"
        if number < 999.5:
            return f"{number:.0f}{unit}"
    return f"{number:,.0f}T"


def clock(seconds: float) -> str:
    """``0:41``, ``12:05``, ``1:02:03``."""
    whole = max(0, int(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def duration(seconds: float) -> str:
    """``12 ms``, ``0.4 s``, ``41 s``, ``2:05``."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return clock(seconds)


def percent(part: float, whole: float) -> str:
    """``41%``; never 0 % for something and never 100 % for less than all."""
    if whole <= 0:
        return "0%"
    share = 100 * part / whole
    if 0 < share < 1:
        return "<1%"
    if 99 < share < 100:
        return "99%"
    return f"{share:.0f}%"


def plural(number: int, noun: str) -> str:
    """``1 call``, ``14 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
