"""A store in a database server, named by an address instead of a file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

EXAMPLE = "postgresql+psycopg://USER@HOST:PORT/DATABASE"
SCHEMES = ("postgresql+psycopg", "postgresql", "postgres")
"""What an address may begin with; all mean the same."""

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)
_SECRET = re.compile(r"([?&](?:password|sslpassword|passfile)=)[^&#]*", re.IGNORECASE)


class StoreUrl(os.PathLike[str]):
    """The address of a store: ``postgresql+psycopg://user:password@host:port/database?option=value``.

    It goes wherever a store's path goes. Its text (`str`) has no password and is what people are shown; `os.fspath` gives
    all of it and is for opening the store only. Nothing is checked here: opening it says what is wrong.
    """

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def __fspath__(self) -> str:
        return self._url

    def __str__(self) -> str:
        return without_password(self._url)

    def __repr__(self) -> str:
        return f"StoreUrl({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoreUrl) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    @property
    def scheme(self) -> str:
        """What stands before ``://``."""
        return self._url.partition("://")[0]

    @property
    def passwords(self) -> tuple[str, ...]:
        """What must never be shown: the password as it is written, and as it is meant."""
        _, _, rest = self._url.partition("://")
        given = rest.rpartition("@")[0].partition(":")[2]
        found = [given, *re.findall(r"[?&](?:ssl)?password=([^&#]*)", self._url, re.IGNORECASE)]
        return tuple(dict.fromkeys(text for one in found if one for text in (one, unquote(one))))

    @property
    def database(self) -> str:
        """The name of the database; empty when the address has none."""
        try:
            return unquote(urlsplit(self._url).path.strip("/"))
        except ValueError:
            return ""

    def exists(self) -> bool:
        """Whether it is worth asking for; only the server knows."""
        return True


StorePlace = Path | StoreUrl
"""Where a store is: a file, or an address."""


def is_address(name: str) -> bool:
    """Whether `name` is meant as an address rather than as a file."""
    return _ADDRESS.match(name) is not None


def without_password(name: str) -> str:
    """`name` as it may be shown: of an address, without the password."""
    if not is_address(name):
        return name
    scheme, _, rest = name.partition("://")
    login, at, where = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return _SECRET.sub(r"\1…", f"{scheme}://{user}{':…' if colon else ''}{at}{where}")
