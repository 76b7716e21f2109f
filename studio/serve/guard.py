"""Who may ask: programs on this machine, with the key where there is one; no page of a browser.

A page that a browser shows can send requests to this machine, and by a name that leads here instead of to
the page's own server (DNS rebinding) also read the replies. Such requests carry that name as their Host, and
the page as their Origin.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.serve.refusal import HttpRefusal

_NAMES = ("127.0.0.1", "localhost", "[::1]")
_OPEN = "/health"


class Guard:
    """Passes on what may be asked, and answers the rest itself.

    The key is compared in a time that does not tell how much of it was right. Whether the server is up may
    be asked without it.
    """

    def __init__(self, app: ASGIApp, port: int, key: str = "") -> None:
        self._app, self._key = app, key.encode()
        self._hosts = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(Headers(scope=scope), scope["path"])
        except HttpRefusal as refusal:
            await JSONResponse(refusal.body, refusal.status)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, headers: Headers, path: str) -> None:
        """Raises HttpRefusal for whom may not ask."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise HttpRefusal("serve.host", host=", ".join(hosts)[:80] or "nothing")
        for origin in headers.getlist("origin"):
            if not self._is_own(origin):
                raise HttpRefusal("serve.origin", origin=origin[:80])
        if self._key and path != _OPEN and not self._knows_key(headers):
            raise HttpRefusal("serve.no_key")

    def _is_own(self, origin: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme == "http" and parts.netloc.lower() in self._hosts

    def _knows_key(self, headers: Headers) -> bool:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(key.strip().encode(), self._key)
        return scheme.lower() == "bearer" and same
