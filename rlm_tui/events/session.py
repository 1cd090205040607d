"""Events about the session as a whole."""

from __future__ import annotations

from typing import Any

from rlm_tui.events.base import Event
from rlm_tui.events.config import Limits, RunConfig
from rlm_tui.events.refs import BlobRef, DocumentRef, Usage


class SessionStarted(Event, frozen=True, tag="session.started"):
    """The first event of every session.

    `context_kind` is ``str``, ``list`` or ``dict``: how the documents were given. `parent` and `parent_seq` name the
    session and the last shared event of a fork. `origin` is ``live``, ``fork``, ``rerun``, ``direct`` (one prompt with
    the whole document, to compare with) or ``import:<tool>``.
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
    """The last event, until another question is asked. `status` is ``completed``, ``partial``, ``failed`` or ``cancelled``.

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


class SessionAsked(Event, frozen=True, tag="session.asked"):
    """After its end a session was asked another question: its root goes on with all it knows.

    The answer must fit `answer_schema`, a JSON schema, if there is one (that of the first question no longer holds).
    `limits` are the budgets of the whole session from here on; ``None`` leaves them as they are. Limits for each node
    count from this question.
    """

    query: str
    limits: Limits | None = None
    answer_schema: dict[str, Any] | None = None
    version: str = ""
