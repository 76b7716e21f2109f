"""The token for the Hugging Face Hub: where it is looked for, and where it is kept."""

from __future__ import annotations

HUB_KEY = ("Tuning Studio", "huggingface")
"""Where the keychain has the token: service and name."""


def hub_token() -> str:
    """The keychain's, else that of the environment or of Hugging Face's own login; empty without one."""
    import keyring
    from huggingface_hub import get_token
    from keyring.errors import KeyringError

    try:
        kept = keyring.get_password(*HUB_KEY)
    except KeyringError:  # no keychain on this machine
        kept = None
    return kept or get_token() or ""


def keep_hub_token(token: str) -> None:
    """Keep a token that works in the keychain; where there is none, it is asked for again next time."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(*HUB_KEY, token.strip())
    except KeyringError:
        return
