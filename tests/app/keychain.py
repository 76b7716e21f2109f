"""A keychain in memory, so that no test asks or fills the person's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend


class Keychain(KeyringBackend):
    """Keeps passwords by service and name."""

    priority = -1  # nobody else picks it

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@contextmanager
def own_keychain() -> Iterator[Keychain]:
    """An empty keychain in place of the system's."""
    before, own = keyring.get_keyring(), Keychain()
    keyring.set_keyring(own)
    try:
        yield own
    finally:
        keyring.set_keyring(before)
