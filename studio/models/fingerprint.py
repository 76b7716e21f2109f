"""Which model this is: a fingerprint of its folder, cheap also where that is large. Needs no MLX."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_WHOLE = 2**26
"""Bytes up to which a file is read whole."""
_BLOCKS, _BLOCK = 256, 2**14
"""So many blocks of so many bytes are read of a larger one, spread evenly over it."""

_TOKENIZER = (
    *(
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "tekken.json",
        "vocab.json",
        "merges.txt",
    ),
    *("special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json"),
)


def model_fingerprint(folder: Path) -> dict[str, str]:
    """The SHA-256 of a model's config, of its weights, and of its tokenizer with its chat template.

    Of a weight file beyond 64 MB its size, its header (the names, types and shapes of its arrays) and 4 MB
    in blocks spread over it stand for the rest: another training changes all of them, and a single number
    changed by hand may be missed. Files are read again only when their size or time has changed. A file that
    is missing counts as such.
    """
    weights = sorted(folder.glob("*.safetensors"))
    return {
        "config": _together([folder / "config.json"]),
        "weights": _together(weights),
        "tokenizer": _together([folder / name for name in _TOKENIZER]),
    }


def text_fingerprint(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _together(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            about = file.stat()
            known = _of_file(file, about.st_size, about.st_mtime_ns, about.st_ino)
            digest.update(f"{file.name}\0{about.st_size}\0{known}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _of_file(path: Path, size: int, modified: int, number: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if size <= _WHOLE:
            return hashlib.file_digest(file, "sha256").hexdigest()
        length = int.from_bytes(file.read(8), "little")
        digest.update(file.read(min(length, _WHOLE)))
        for block in range(_BLOCKS):
            file.seek((size - _BLOCK) * block // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()
