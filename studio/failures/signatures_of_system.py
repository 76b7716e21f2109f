"""What the system says, and the libraries that read data, speak with the network, and keep keys."""

from __future__ import annotations

import errno
from re import Match

from studio.catalogue import phrase
from studio.failures.signature import Filled, KnownFailure, kinds, sign

_NETWORK = kinds("OSError", "TransportError", "URLError", "RequestException", "HTTPError")


def _file(error: BaseException | None, _: Match[str] | None) -> Filled:
    """Which file it was, where the system says it."""
    name = getattr(error, "filename", None)
    return {"file": str(name) if name else phrase("failure.a_file")}


def _numbered(code: str, *numbers: int) -> KnownFailure:
    return KnownFailure(code, "errno", kinds=kinds("OSError"), numbers=frozenset(numbers), fill=_file)


SYSTEM: tuple[KnownFailure, ...] = (
    # A refused certificate has the number 1, which is EPERM otherwise.
    KnownFailure(
        "failure.certificate",
        "ssl, and what stands on it",
        sign(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"),
    ),
    # The disk.
    _numbered("failure.disk_full", errno.ENOSPC, errno.EDQUOT),
    _numbered("failure.file_too_large", errno.EFBIG),
    _numbered("failure.read_only", errno.EROFS),
    _numbered("failure.not_allowed", errno.EACCES, errno.EPERM),
    _numbered("failure.disk_fails", errno.EIO),
    _numbered("failure.too_many_files", errno.EMFILE, errno.ENFILE),
    _numbered("failure.name_too_long", errno.ENAMETOOLONG),
    # The network.
    KnownFailure(
        "failure.no_name",
        "getaddrinfo on macOS and Linux, and what stands on it",
        sign(
            r"nodename nor servname provided|Name or service not known|Temporary failure in name resolution"
            r"|No address associated with hostname"
        ),
    ),
    KnownFailure(
        "failure.refused", "errno", sign(r"Connection refused"), _NETWORK, fill=lambda error, match: {}
    ),
    KnownFailure(
        "failure.out_of_reach",
        "errno",
        sign(r"No route to host|Network is unreachable|Host is down"),
        _NETWORK,
        fill=lambda error, match: {},
    ),
    KnownFailure(
        "failure.too_slow",
        "socket, httpx2",
        kinds=kinds("TimeoutError", "TimeoutException", "Timeout"),
        fill=lambda error, match: {},
    ),
    # Data.
    KnownFailure(
        "failure.not_parquet",
        "pyarrow",
        sign(r"Parquet magic bytes not found|Parquet file size is|Not an Arrow file|Invalid flatbuffers"),
        kinds("ArrowInvalid"),
        fill=lambda error, match: {},
    ),
    KnownFailure(
        "failure.not_text",
        "Python",
        sign(r"in position (?P<place>\d+)"),
        kinds("UnicodeDecodeError"),
    ),
    KnownFailure(
        "failure.not_json",
        "json",
        sign(r"line (?P<line>\d+) column (?P<column>\d+)"),
        kinds("JSONDecodeError"),
    ),
    KnownFailure("failure.nested", "Python", kinds=kinds("RecursionError"), fill=lambda error, match: {}),
    # Keys.
    KnownFailure(
        "failure.keychain_locked",
        "keyring; macOS: errSecInteractionNotAllowed, errSecAuthFailed, a person's refusal",
        sign(r"-25308|-25293|-128\b|locked|denied|canceled|dismissed"),
        kinds("KeyringError"),
        fill=lambda error, match: {},
    ),
    KnownFailure("failure.no_keychain", "keyring", kinds=kinds("KeyringError"), fill=lambda error, match: {}),
    # Weights & Biases.
    KnownFailure(
        "failure.wandb_signed_out",
        "wandb/errors, wandb/sdk/wandb_init.py",
        sign(r"api_key not configured|No API key configured|invalid API key|API key must be"),
        kinds("Error", "ValueError"),
        fill=lambda error, match: {},
    ),
    KnownFailure(
        "failure.wandb",
        "wandb/errors",
        sign(r"(?P<words>[^\n]+)"),
        kinds("CommError", "UsageError", "AuthenticationError", "WandbAttachFailedError"),
    ),
)
