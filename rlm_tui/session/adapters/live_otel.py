"""Spans to a collector while sessions run: over OTLP/HTTP, by OpenTelemetry's own exporter.

What can't be delivered is counted and told at the end; a run never waits for its collector, nor fails with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from rlm_tui.events import BlobRef, Entry
from rlm_tui.session.adapters.otlp import SERVICE
from rlm_tui.session.adapters.spans import Span, Spans
from rlm_tui.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

BATCH = 256
"""Spans that go out in one request."""

WAITING = 20_000
"""Spans that wait for a slow collector; further ones are dropped, and counted."""

SECONDS = 5.0
"""How long one delivery may take, and all that are left at the end."""


class OtelError(ValueError):
    """Spans can't be sent. The message is one sentence: what is wrong, and what to do."""


def endpoint(url: str) -> str:
    """Where a collector at `url` takes traces: a bare address means its ``/v1/traces``. Raises `OtelError`."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it.
    except ValueError:
        raise OtelError(
            f"--otel takes the address of a collector, such as http://localhost:4318, not {url!r}"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OtelError(f"--otel takes the address of a collector, such as http://localhost:4318, not {url!r}")
    path = parts.path if parts.path.strip("/") else "/v1/traces"
    return urlunsplit(parts._replace(path=path))


class Telemetry:
    """Sends the spans of any number of sessions to one collector. From any thread.

    Headers such as a collector's key come from ``OTEL_EXPORTER_OTLP_HEADERS``, as everywhere. `bodies` is as in `Spans`.
    Raises `OtelError` for an address that is none, and when OpenTelemetry is not installed.
    """

    def __init__(self, url: str, *, bodies: bool = False) -> None:
        self.url = endpoint(url)
        if importlib.util.find_spec("opentelemetry") is None or importlib.util.find_spec("opentelemetry.sdk") is None:
            raise OtelError("--otel needs OpenTelemetry: pip install 'rlm-tui[otel]'")
        self.sent = self.lost = self._flying = 0
        self._bodies = bodies
        self._queue: queue.Queue[Span | None] = queue.Queue(WAITING)
        self._open: list[Spans] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="rlm-otel", daemon=True)
        self._thread.start()

    def watch(self, text: Callable[[BlobRef], str], before: Sequence[Entry] = ()) -> Callable[[Entry], None]:
        """A listener for the log of one session, whose texts `text` reads. `before` is what happened already, and whose
        spans are not sent again.
        """
        spans = Spans(text, bodies=self._bodies)
        for entry in before:
            spans.feed(entry)
        self._open.append(spans)

        def listen(entry: Entry) -> None:
            for span in spans.feed(entry):
                self._put(span)
            if spans.state.over and spans in self._open:
                self._open.remove(spans)

        return listen

    def close(self) -> str:
        """Send what waits, for some seconds; returns a sentence if something could not be delivered. Idempotent."""
        if not self._closed:
            self._closed = True
            for spans in self._open:
                for span in spans.finish():
                    self._put(span)
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=1)
            self._thread.join(SECONDS + 2)
        lost = self.lost + self._flying + sum(1 for span in list(self._queue.queue) if span is not None)
        if not lost:
            return ""
        return f"{lost:,} of {lost + self.sent:,} spans could not be delivered to {_plain(self.url)}; is a collector there?"

    def _put(self, span: Span) -> None:
        try:
            self._queue.put_nowait(span)
        except queue.Full:
            self.lost += 1

    def _run(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        exporter = OTLPSpanExporter(endpoint=self.url, timeout=SECONDS)
        over = False
        while not over:
            batch: list[Span] = []
            until = time.monotonic() + 1.0
            while len(batch) < BATCH and not over:
                try:
                    span = self._queue.get(timeout=max(0.01, until - time.monotonic()) if batch else None)
                except queue.Empty:
                    break
                if span is None:
                    over = True
                else:
                    batch.append(span)
            if not batch:
                continue
            self._flying = len(batch)
            try:
                delivered = exporter.export([readable(span) for span in batch]) is SpanExportResult.SUCCESS
            except Exception:  # Whatever a collector does is no reason for a run to end.
                delivered = False
            if delivered:
                self.sent += len(batch)
            else:
                self.lost += len(batch)
            self._flying = 0
        exporter.shutdown()


def readable(span: Span) -> ReadableSpan:
    """A span as OpenTelemetry's exporters take it."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def context(id: str) -> SpanContext:
        return SpanContext(int(span.trace, 16), int(id, 16), False, TraceFlags(TraceFlags.SAMPLED))

    values: dict[str, Any] = dict(span.attributes)
    return ReadableSpan(
        span.name,
        context(span.id),
        parent=context(span.parent) if span.parent is not None else None,
        resource=Resource({"service.name": SERVICE, "service.version": VERSION}),
        attributes=values,
        kind=SpanKind.CLIENT if span.kind == 3 else SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR, span.said or None) if span.error else Status(StatusCode.UNSET),
        start_time=span.start,
        end_time=span.end,
        instrumentation_scope=InstrumentationScope("rlm_tui", VERSION),
    )


def _plain(url: str) -> str:
    """The address without a name and a password that may stand in it, and without what follows a question mark."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
