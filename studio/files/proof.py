"""Checksums beside what is written, so that a flipped bit is told from what was learned; safe JSON."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from studio.catalogue import Said, Unusable, phrase
from studio.errors import RunError, StudioError

_LONE = re.compile("[\ud800-\udfff]")


def parsed(text: str | bytes, **options: Any) -> Any:
    """The value of a JSON text. Raises ValueError for what is none, also where it is nested too deep."""
    try:
        return json.loads(text, **options)
    except RecursionError as error:
        raise Unusable("fault.nested") from error


def read_object(
    path: Path, kind: type[StudioError], missing: StudioError, advice: Said = "", **options: Any
) -> dict[str, Any]:
    """The JSON object in a file, with or without a byte order mark.

    Raises `missing` where there is no such file, and `kind` with the reason and `advice` where it cannot be
    read or holds no object. `options` are those of json.loads.
    """
    advice = advice and phrase("disk.advice", advice=advice)
    try:
        found = parsed(path.read_text(encoding="utf-8-sig"), **options)
    except (FileNotFoundError, NotADirectoryError):
        raise missing from None
    except (OSError, ValueError) as error:
        raise kind("disk.no_json", file=path, fault=error, advice=advice) from error
    if not isinstance(found, dict):
        raise kind("disk.no_object", file=path, advice=advice)
    return found


def as_json(value: Any, **options: Any) -> str:
    r"""JSON that any file can hold: bytes of a path that are no UTF-8 (lone surrogates) stand as \udcff."""
    text = json.dumps(value, ensure_ascii=False, **options)
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


PROOF = "checksums.json"


def write_proof(folder: Path) -> None:
    """Write down the SHA-256 of every file in a folder that is being filled."""
    files = {path.name: _digest(path) for path in sorted(folder.iterdir()) if path.name != PROOF}
    (folder / PROOF).write_text(json.dumps({"sha256": files}, indent=2) + "\n", encoding="utf-8")


def check_proof(folder: Path) -> bool:
    """Whether the files of a folder are proven to be as they were written; False where nothing was kept.

    The first release kept no checksums. Raises RunError naming the first file that is another by now.
    """
    file = folder / PROOF
    if not os.path.lexists(file):
        return False
    try:
        known = json.loads(file.read_text(encoding="utf-8"))["sha256"].items()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError("disk.no_proof", file=file, fault=error) from error
    for name, digest in known:
        path = folder / Path(name).name
        try:
            same = _digest(path) == digest
        except OSError as error:
            raise RunError("disk.unreadable", file=path, fault=error.strerror or error) from error
        if not same:
            raise RunError("disk.changed", file=path)
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
