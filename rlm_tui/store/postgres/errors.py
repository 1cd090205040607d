"""What can go wrong with a server, each in one sentence that says what to do and has no password in it."""

from __future__ import annotations

import re

import psycopg

from rlm_tui.config.store_url import EXAMPLE, StoreUrl
from rlm_tui.store.errors import ELSEWHERE, StoreError

PASSWORD = "into ~/.pgpass or PGPASSWORD"


def explain(error: BaseException, place: StoreUrl) -> str:
    """One sentence for what PostgreSQL, its driver or the system said about the store at `place`."""
    if isinstance(error, StoreError):
        return str(error)
    if not isinstance(error, psycopg.Error):
        return f"the store {place} can't be used: {_hidden(str(error), place)}"
    state, said = error.sqlstate or "", _said(error, place)
    if sentence := _by_state(state, said, place):
        return sentence
    if isinstance(error, psycopg.OperationalError) and not state:
        return _connecting(said, place)
    return f"the store {place} refused: {said}"


def bad_address(place: StoreUrl) -> str:
    """The sentence for an address that nobody can read. What the driver says of it may quote half a password."""
    return (
        f"the store's address {place} can't be read; write {EXAMPLE}, with %40 for @, %2F for / and %3A for : in a "
        f"password, or {ELSEWHERE}"
    )


def lost(place: StoreUrl) -> str:
    """The sentence for a server that went away."""
    return f"the connection to the store {place} was lost; see that its server runs, and `rlm-tui resume` goes on from what was saved"


def _by_state(state: str, said: str, place: StoreUrl) -> str | None:
    if state in ("28P01", "28000"):
        return f"the server of the store {place} refuses the user or the password; put the right one {PASSWORD}, or {ELSEWHERE}"
    if state == "3D000":
        return f"there is no database {place.database!r} for the store {place}; make it with createdb, or {ELSEWHERE}"
    if state == "42501":
        return f"the user of the store {place} lacks a right ({said}); ask the owner of the database for it, or {ELSEWHERE}"
    if state == "25006":
        return f"the store {place} is read-only; {ELSEWHERE}"
    if state in ("53100", "53200", "53300", "53400"):
        return f"the server of the store {place} has no room left ({said}); free some and try again (nothing was half-written)"
    if state in ("55P03", "57014"):
        return f"the store {place} is kept locked by another program; close that program and try again"
    if state[:2] == "08" or state in ("57P01", "57P02", "57P03", "25P03"):
        return lost(place)
    if state[:2] == "XX" or state[:2] == "58":
        return f"the store {place} is damaged or its disk fails ({said}); look at the server's log, or {ELSEWHERE}"
    return None


def _connecting(said: str, place: StoreUrl) -> str:
    """Before there is a connection there is no code, only words."""
    if re.search(r"password authentication failed|role .* does not exist|authentication failed", said):
        return _by_state("28P01", said, place) or said
    if "no password supplied" in said:
        return f"the server of the store {place} asks for a password; put it {PASSWORD}, or {ELSEWHERE}"
    if re.search(r"database .* does not exist", said):
        return _by_state("3D000", said, place) or said
    if re.search(r"permission denied for database", said):
        return _by_state("42501", said, place) or said
    if re.search(r"closed the connection|connection (is|was|already) (closed|lost)|terminat", said):
        return lost(place)
    return f"the server of the store {place} can't be reached ({said}); start it or check the address, or {ELSEWHERE}"


def _said(error: psycopg.Error, place: StoreUrl) -> str:
    """The first line of what was said, from where it becomes interesting."""
    text = error.diag.message_primary or str(error)
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    line = re.sub(r"^(?:connection failed: |connection is bad: )?(?:connection to server .*? failed: )?", "", line)
    return _hidden(re.sub(r"^(FATAL|ERROR): +", "", line), place)


def _hidden(text: str, place: StoreUrl) -> str:
    for password in place.passwords:
        text = text.replace(password, "…")
    return text
