"""Looking at a model folder without loading it: is all there, which model is it, and what kind?"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.catalogue import phrase
from studio.errors import ModelError
from studio.files import read_object
from studio.models.weights import refuse_pointer


def read_config(folder: Path) -> dict[str, Any]:
    """The model's `config.json`. Raises ModelError with what is missing and what to do."""
    if not folder.exists():
        raise ModelError("model.missing", folder=folder)
    if _is_gguf(folder):
        raise ModelError("model.gguf", folder=folder)
    if not folder.is_dir():
        raise ModelError("model.file", folder=folder)
    file = folder / "config.json"
    refuse_pointer(file)
    missing = ModelError("model.no_config", folder=folder)
    config = read_object(file, ModelError, missing, phrase("model.download_again"), object_hook=untagged)
    if not isinstance(config.get("model_type"), str):
        raise ModelError("model.no_type", file=file)
    return config


def _is_gguf(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with file.open("rb") as opened:
            return opened.read(4) == b"GGUF"
    except OSError:
        return False


def refuse_code(folder: Path, config: dict[str, Any]) -> None:
    """Raise ModelError where a model is built by code of its own."""
    if (code := config.get("model_file")) is not None:
        raise ModelError("model.own_code", folder=folder, code=code)


def untagged(part: dict[str, Any]) -> Any:
    """A part of a config; {"__float__": "Infinity"} is how transformers writes a number that JSON has not."""
    tag = part.get("__float__")
    return float(tag) if len(part) == 1 and tag in ("Infinity", "-Infinity", "NaN") else part


def hidden_size(config: dict[str, Any]) -> int:
    """The model's width, also where a multimodal config nests it. Raises ModelError when it says none."""
    for part in (config, config.get("text_config", {})):
        for key in ("hidden_size", "n_embd", "d_model", "dim"):
            if isinstance(part.get(key), int):
                return int(part[key])
    raise ModelError("model.no_width")


# How much faster than with AdamW the other optimizers learn well. Their papers' words: 8-bit state keeps
# AdamW's settings (Dettmers et al., 2022); Adafactor's updates have AdamW's size when its own schedules are
# off, clipped to a root mean square of 1 (Shazeer and Stern, 2018); Lion wants a rate 3 to 10 times smaller
# (Chen et al., 2023); Muon at AdamW's scale wants AdamW's rate (Liu et al., 2025). On the starter, adapters
# learned best at 1 (Adafactor), 0.4 (Lion) and 2 (Muon) times AdamW's best rate.
_AGAINST_ADAMW = {"adamw": 1.0, "adamw8bit": 1.0, "adafactor": 1.0, "lion": 1 / 3, "muon": 2.0}


def suggested_learning_rate(config: dict[str, Any], method: str = "lora", optimizer: str = "adamw") -> float:
    """A learning rate for a model of this width: for LoRA with AdamW, 2e-4 at a width of 2,048, in inverse
    proportion, at most 2e-3; for the other optimizers so many times that; for full fine-tuning a tenth.

    2e-4 is what QLoRA (Dettmers et al., 2023, table 9) settles on for models of that class; rates that keep
    their effect scale as 1 / width (Yang et al., 2022, maximal update parametrization). Full fine-tuning's
    best rate is about a tenth of LoRA's ("LoRA Without Regret", Schulman et al., 2025). SGD's steps are as
    long as the gradient, which is clipped to 1 whatever the width: 0.5 for adapters at every width, about
    the length of AdamW's steps (on the starter 1 is best and 3 too much).
    """
    share = 0.1 if method == "full" else 1.0
    if optimizer == "sgd":
        return 0.5 * share
    adamw = min(2e-3, 2e-4 * 2048 / hidden_size(config))
    return float(f"{adamw * _AGAINST_ADAMW[optimizer] * share:.2g}")


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


def adapter_fingerprint(folder: Path) -> str:
    """The SHA-256 of an adapter with its configuration; of large weights as `model_fingerprint` has it."""
    return _together([folder / "adapter_config.json", folder / "adapters.safetensors"])


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
