"""Spans on their way: as OTLP's JSON in a file, or to a collector over HTTP while a session runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rlm_tui.session.adapters.spans import Span, Value
from rlm_tui.session.adapters.told import packed
from rlm_tui.version import VERSION

SERVICE = "rlm-tui"


def write_otlp(spans: Iterable[Span], out: IO[bytes]) -> None:
    """Write `spans` as one line of OTLP/JSON (``TracesData``), as collectors read it from files and over HTTP."""
    out.write(packed(traces(spans)))


def traces(spans: Iterable[Span]) -> dict[str, Any]:
    """`spans` as the JSON mapping of OTLP's ``TracesData``: identifiers in hexadecimal, 64-bit numbers as texts."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": SERVICE, "service.version": VERSION})},
                "scopeSpans": [{"scope": {"name": "rlm_tui", "version": VERSION}, "spans": [_span(s) for s in spans]}],
            }
        ]
    }


def _span(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {
        "traceId": span.trace,
        "spanId": span.id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
        "status": {"code": 2, "message": span.said} if span.error else {},
    }
    if span.parent is not None:
        found["parentSpanId"] = span.parent
    return found


def _attributes(values: Any) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case _:
            return {"arrayValue": {"values": [_value(one) for one in value]}}
