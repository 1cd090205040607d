"""The screen in a browser: a web server around the program, open to whoever is meant and to nobody else.

What is served can run code, so a page from elsewhere must not reach it: not by another site's script (the `Origin` of a
request), not under another name for this address (its `Host`), and not without the token where there is one.
"""

from __future__ import annotations

import hmac
import re
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

COOKIE = "rlm_tui_token"
_ELSEWHERE = re.compile(r'<link[^>]*href="https?://[^>]*>', re.DOTALL)
"""What the page would load from other sites: they need not know that somebody looks at it."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ServeError(ValueError):
    """It can't be served. The message is a sentence for the user."""


def command_for(args: Sequence[str]) -> str:
    """The command line of the program that is started for every visitor."""
    return shlex.join([sys.executable, "-m", "rlm_tui", *args])


def check_place(host: str | None, token: str | None, public_url: str | None = None) -> None:
    """Raises `ServeError` when others could reach the program without a token, or browsers could not find it."""
    if host is not None and host not in LOOPBACK and not token:
        raise ServeError(
            f"--host {host} opens the program, which runs code, to the network: give it together with --token SECRET"
        )
    if host in ("0.0.0.0", "::") and public_url is None:
        raise ServeError(f"--host {host} is no address for a browser: say which is, as --public-url http://NAME:8000")
    if token is not None and len(token) < 12:
        raise ServeError("a token needs 12 characters or more, so that nobody guesses it")


def refusal(
    host: str, headers: Mapping[str, str], given: str | None, token: str | None, names: Sequence[str]
) -> str | None:
    """Why a request to `host` is refused; ``None`` when it isn't. `given` is the visitor's token."""
    asked = urlsplit(f"//{host}")
    name = asked.hostname or ""
    if name not in names and token is None:
        return f"This address is not served under the name {name!r}."
    origin = headers.get("Origin")
    page = urlsplit(origin) if origin is not None else asked
    # This machine has several names, and the page may stand under another one than what it loads.
    both_here = page.hostname in names and name in names and page.netloc.rpartition(":")[2] == host.rpartition(":")[2]
    if page.netloc != host and not both_here:
        return "Another site's page may not use this one."
    if token is not None and not hmac.compare_digest((given or "").encode(), token.encode()):
        return "The address needs ?token=… with the token that `rlm-tui serve` was started with."
    return None


def address(host: str | None, port: int) -> str:
    """Where a browser finds the server."""
    name = host or "localhost"
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def guard(token: str | None) -> Any:
    """A middleware that refuses whoever may not come in, and remembers the token of who may."""
    from aiohttp import web

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked = request.query.get("token")
        given = asked if asked is not None else request.cookies.get(COOKIE)
        reason = refusal(request.host, request.headers, given, token, LOOPBACK)
        if reason is not None:
            return web.Response(status=403, text=reason)
        if asked is not None and token is not None and request.path == "/":
            # The token doesn't stay in the address, where a picture of the screen would show it.
            moved = web.Response(status=302, headers={"Location": "/"})
            moved.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
            return moved
        answer = await handler(request)
        if request.path == "/" and isinstance(answer, web.Response) and answer.text is not None:
            answer.text = _ELSEWHERE.sub("", answer.text)
        return answer

    return check


def server_for(
    args: Sequence[str], host: str | None, port: int, token: str | None, public_url: str | None = None
) -> Any:
    """A server (of textual-serve) that has not started. Raises `ServeError`."""
    check_place(host, token, public_url)
    try:
        module = import_module("textual_serve.server")
    except ImportError:
        raise ServeError("serving needs one more package: pip install 'rlm-tui[serve]'") from None
    server = module.Server(
        command_for(args), host or "localhost", port, title="rlm-tui", public_url=public_url or address(host, port)
    )
    make = server._make_app

    async def guarded() -> Any:
        app = await make()
        app.middlewares.append(guard(token))
        return app

    server._make_app = guarded
    return server
