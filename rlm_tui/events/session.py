"""Events about the session as a whole."""

from __future__ import annotations

from rlm_tui.events.base import Event
from rlm_tui.events.config import RunConfig
from rlm_tui.events.refs import BlobRef, DocumentRef, Usage


class SessionStarted(Event, frozen=True, tag="session.started"):
    """The first event of every session.

    `context_kind` is ``str``, ``list`` or ``dict``: how the documents were given. `parent` and `parent_seq` name the
    session and the last shared event of a fork. `origin` is ``live``, ``fork``, ``rerun`` or ``import:<tool>``.
    """

    session: str
    query: str
    documents: tuple[DocumentRef, ...]
    config: RunConfig
    context_kind: str = "str"
    version: str = ""
    origin: str = "live"
    parent: str | None = None
    parent_seq: int | None = None


class SessionEnded(Event, frozen=True, tag="session.ended"):
    """The last event. `status` is ``completed``, ``partial``, ``failed`` or ``cancelled``.

    `limit` names the budget that ended it (``usd``, ``calls``, ``turns`` …); `error` is one sentence.
    """

    status: str
    answer: BlobRef | None = None
    limit: str | None = None
    error: str | None = None
    usage: Usage = Usage()


class SessionResumed(Event, frozen=True, tag="session.resumed"):
    """A session without an end was continued by a new process."""

    version: str = ""
