"""The address of a server: what it may hold, and when two of them are the same."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from studio.catalogue import Phrase, phrase

_PORTS = {"http": 80, "https": 443}
_ENDPOINT = "/chat/completions"


def fault_in(address: str) -> Phrase | None:
    """Why this is no address to ask at, for the end of a sentence that does not repeat it; None if it is.

    An address is written down and shown, so nothing in it may be secret.
    """
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return phrase("address.none")
    if any(character.isspace() or not character.isprintable() for character in address):
        return phrase("address.white_space")
    if secret := secret_in(address):
        return secret
    if parts.scheme not in _PORTS:
        return phrase("address.no_scheme")
    return None if named else phrase("address.no_host")


def secret_in(address: str) -> Phrase | None:
    """Which part of an address could be secret, as `fault_in` says it; None where there is none."""
    before, _, after = address.partition("://")
    name = re.split(r"[/?#]", after or before, maxsplit=1)[0]
    if "@" in name:
        return phrase("address.password")
    if "?" in address or "#" in address:
        return phrase("address.query")
    return None


def shown(address: str) -> str:
    """The address as it may be shown and logged: without what could be secret in it."""
    before, mark, after = address.partition("://")
    kept = re.split(r"[?#]", after if mark else before, maxsplit=1)[0].rpartition("@")[2]
    return f"{before}{mark}{kept}" if mark else kept


def endpoint(address: str) -> str:
    """Where the questions go."""
    return f"{_base(address)}{_ENDPOINT}"


def origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port: who answers there. Raises ValueError for what is no address."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def same_address(one: str, other: str) -> bool:
    """Whether both lead to the same place on the same server, however they are written."""
    try:
        return _place(one) == _place(other)
    except ValueError:
        return False


def _place(address: str) -> tuple[tuple[str, str, int], str]:
    return origin(_base(address)), urlsplit(_base(address)).path


def _base(address: str) -> str:
    return address.strip().rstrip("/").removesuffix(_ENDPOINT).rstrip("/")
