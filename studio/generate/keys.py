"""The keys of servers: each belongs to an address, goes nowhere else, and is shown to nobody."""

from __future__ import annotations

import os

from studio.catalogue import phrase
from studio.errors import StudioError
from studio.generate.address import fault_in, same_address
from studio.process import note_secret

KEYS = "Tuning Studio"
"""Under which name the system's keychain keeps what is ours: keys of servers, and the Hub's token."""

KEY_VARIABLE = "STUDIO_SERVER_KEY"
"""The environment variable that is asked before the keychain."""

URL_VARIABLE = "STUDIO_SERVER_URL"
"""The address that the key in the environment belongs to."""


class ServerError(StudioError):
    """A server that cannot be reached or does not answer as it should."""

    bad_request = True


def server_key(address: str, *, typed: bool = False) -> str:
    """The key for this server from the environment or the keychain, or an empty string.

    The environment's goes to the address in STUDIO_SERVER_URL; where that is not set, to one that the
    person has just `typed`, and not to one that was read from a file. Raises ServerError for what is no key.
    """
    belongs = os.environ.get(URL_VARIABLE, "")
    if (key := os.environ.get(KEY_VARIABLE, "")) and (
        same_address(belongs, address) if belongs.strip() else typed
    ):
        return checked(key)
    return kept_secret(address.rstrip("/"))  # a local server needs no key, and another one will say so


def keep_key(address: str, key: str) -> None:
    """Put the key for this server into the system's keychain.

    Raises ServerError where there is none, and for what is no address or no key.
    """
    if fault := fault_in(address):
        raise ServerError("key.no_address", fault=fault)
    if reason := keep_secret(address.rstrip("/"), checked(key)):
        raise ServerError("key.not_kept", fault=reason, variable=KEY_VARIABLE)


def kept_secret(name: str) -> str:
    """What the keychain keeps for us under a name; empty where it has none, or there is no keychain."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return note_secret(keyring.get_password(KEYS, name) or "")
    except KeyringError:
        return ""


def keep_secret(name: str, secret: str) -> str:
    """Put a secret into the system's keychain; returns why it was not taken, or an empty string."""
    import keyring
    from keyring.errors import KeyringError

    note_secret(secret)
    try:
        keyring.set_password(KEYS, name, secret)
    except KeyringError as error:
        return str(error) or type(error).__name__
    return ""


def checked(key: str) -> str:
    """The key without white space around it. Raises ServerError, without the key in it, for none."""
    bare = key.strip()
    for place, character in enumerate(bare, 1):
        if not "!" <= character <= "~":
            shown = character.isprintable() and not character.isspace()
            what = phrase("key.character", character=character) if shown else phrase("key.space")
            raise ServerError("key.none", place=place, length=len(bare), what=what)
    return note_secret(bare)
