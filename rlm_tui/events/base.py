"""What every event has in common."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """One fact of a session's log. Subclasses carry the facts; the log adds sequence number and time.

    The tag (`kind`) is the family and the fact, as in ``call.finished``; it is what the store indexes.
    """
