"""Records as the plain values that JSON has."""

from __future__ import annotations

from typing import Any

import msgspec


def plain_values(record: Any) -> Any:
    """`record` as dicts, lists and scalars. A `cost` that leaves out calls without a known price is ``None``, not less."""
    values = msgspec.to_builtins(record)
    _without_part_sums(values)
    return values


def _without_part_sums(values: Any) -> None:
    if isinstance(values, dict):
        if values.get("unpriced") and "cost" in values:
            values["cost"] = None
        values = values.values()
    elif not isinstance(values, list):
        return
    for value in values:
        _without_part_sums(value)
