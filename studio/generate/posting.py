"""A question posted to a server, and its reply read to the end: no larger, and nowhere else, than agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from studio.data.making.address import origin
from studio.files import parsed

LARGEST_REPLY = 16_000_000
"""Bytes of a reply: 8,192 tokens with all that a server tells beside them take less than one of them."""

_REDIRECTS = 5


class Broken(Exception):
    """A reply that is not what the protocol says."""


class TooLarge(Exception):
    """A reply that went on and on."""


class SentElsewhere(Exception):
    """The server says that another one, `where`, is to be asked."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class Posted:
    """A whole reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    def document(self) -> Any:
        """Its JSON. Raises ValueError where it is none."""
        try:
            return parsed(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def error(self) -> dict[str, Any]:
        """What the server says went wrong, as OpenAI writes it; empty where it says nothing."""
        try:
            found = self.document()["error"]
        except (ValueError, LookupError, TypeError):
            return {}
        return found if isinstance(found, dict) else {"message": found}


async def posted(client: httpx2.AsyncClient, url: str, asked: dict[str, Any], largest: int) -> Posted:
    """The reply to what is asked, of at most `largest` bytes.

    A redirect is followed on the same server only, and asked the same there. Raises SentElsewhere, TooLarge,
    Broken for redirects without an end, and what httpx2 raises.
    """
    where = httpx2.URL(url)
    for _ in range(_REDIRECTS):
        async with client.stream("POST", where, json=asked) as response:
            if not response.has_redirect_location:
                return Posted(response.status_code, response.headers, await _read(response, largest))
            there = where.join(response.headers["Location"])
        if origin(str(there)) != origin(url):
            raise SentElsewhere(_bare(there))
        where = there
    raise Broken("it sends from one address to the next without an end")


async def _read(response: httpx2.Response, largest: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > largest:
            raise TooLarge
    return bytes(body)


def _bare(url: httpx2.URL) -> str:
    """The address as it may be shown: without what may be secret in it."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))
