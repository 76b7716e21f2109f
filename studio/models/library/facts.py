"""What a model folder or a GGUF file says of itself: facts from its config and headers, never its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

from studio.catalogue import Said
from studio.errors import ModelError
from studio.events.models import ModelFacts
from studio.files import parsed
from studio.models.folder import read_config, refuse_code
from studio.models.kinds import is_known, words_of
from studio.models.reach import context_length
from studio.models.tokenizer import check_tokenizer
from studio.models.weights import Entry, Weights, find_weights, is_quantized, read_header, refuse_packed

SAFETENSORS, GGUF = "safetensors", "gguf"
LARGEST_TEXT = 2**20
"""Bytes that are read of a card or a template."""
_BITS = {"BOOL": 8, "F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16}
_TURNS = "rotary_emb.inv_freq"
"""What older models keep of their positions, which is no parameter."""
_GROUPS = {"mxfp4": 32, "mxfp8": 32, "nvfp4": 16}


def folder_facts(folder: Path, source: str, name: str = "", size: int = 0) -> ModelFacts:
    """What is known of a model folder; `problem` says why it cannot be used, where it cannot.

    `size` is that of its files where the caller knows it.
    """
    config = _config(folder)
    weights = _weights(folder)
    arrays = weights.arrays if isinstance(weights, Weights) else _headers(folder)
    parameters = count_numbers(arrays, config)
    bits = _bytes_of(arrays) * 8 / parameters if parameters else 0.0
    return ModelFacts(
        name=name or folder.name,
        place=str(folder),
        source=source,
        form=SAFETENSORS,
        architecture=str(config.get("model_type", "")),
        parameters=parameters,
        bits=round(bits, 2),
        size=size or folder_size(folder),
        context=context_length(config, tokenizer_settings(folder).get("model_max_length")),
        license=license_of(folder, config),
        is_chat=bool(template_of(folder)),
        problem=_problem(folder, weights),
    )


def problem_of(folder: Path) -> Said | None:
    """Why the model in a folder cannot be used, found without building it; None where none is known.

    What only building it tells (a config that contradicts its weights) is met when it is.
    """
    return _problem(folder, _weights(folder))


def _problem(folder: Path, weights: Weights | ModelError | OSError) -> Said | None:
    try:
        config = read_config(folder)
        refuse_code(folder, config)
        kind = config["model_type"]
        if not is_known(kind):
            return ModelError("model.unknown_kind", folder=folder, kind=kind).said
        if not isinstance(weights, Weights):
            raise weights  # here it comes in its turn
        refuse_packed(folder, weights.arrays, words_of(kind))
        check_tokenizer(folder)
    except ModelError as error:
        return error.said
    except OSError as error:
        return ModelError("library.unreadable", place=folder, fault=error.strerror or error).said
    return None


def count_numbers(arrays: Mapping[str, Entry], config: Mapping[str, Any]) -> int:
    """How many parameters the arrays hold, those that are quantized in MLX's way counted as unpacked."""
    if not is_quantized(arrays):
        return sum(prod(entry.shape) for name, entry in arrays.items() if not name.endswith(_TURNS))
    total = 0
    for name, entry in arrays.items():
        stem, _, kind = name.rpartition(".")
        scales = arrays.get(f"{stem}.scales")
        if kind in ("scales", "biases") and entry is not arrays.get(f"{stem}.weight"):
            continue
        if kind == "weight" and scales is not None and entry.dtype in ("U32", "I32"):
            total += prod(scales.shape) * _group(config, stem)
        elif name.endswith("_blocks"):  # two numbers of 4 bits in a byte
            total += prod(entry.shape) * 2
        elif not name.endswith(("_scales", "weight_scale", "weight_scale_inv", _TURNS)):
            total += prod(entry.shape)
    return total


def _group(config: Mapping[str, Any], layer: str) -> int:
    """How many numbers of a quantized layer share a scale."""
    settings = config.get("quantization") or config.get("quantization_config")
    settings = settings if isinstance(settings, Mapping) else {}
    own = settings.get(layer)
    for part in (own, settings):
        if isinstance(part, Mapping):
            if size := _whole(part.get("group_size")):
                return size
            if mode := _GROUPS.get(str(part.get("mode"))):
                return mode
    return 64


def _bytes_of(arrays: Mapping[str, Entry]) -> int:
    return sum(prod(entry.shape) * _BITS.get(entry.dtype, 8) // 8 for entry in arrays.values())


def _weights(folder: Path) -> Weights | ModelError | OSError:
    """The weights of a folder, or why it has none that can be read."""
    try:
        return find_weights(folder)
    except (ModelError, OSError) as error:
        return error


def _headers(folder: Path) -> dict[str, Entry]:
    """What those of the weight files hold that are there and whole."""
    found: dict[str, Entry] = {}
    for file in sorted(folder.glob("model*.safetensors")) if folder.is_dir() else ():
        with suppress(ModelError, OSError):
            found.update(read_header(file))
    return found


def _config(folder: Path) -> dict[str, Any]:
    try:
        return read_config(folder)
    except (ModelError, OSError):
        return {}


def folder_size(folder: Path) -> int:
    """The bytes of all files in a folder; what links share is counted where it is linked from."""
    sizes = 0
    for file in folder.rglob("*") if folder.is_dir() else ():
        with suppress(OSError):
            sizes += file.stat().st_size if file.is_file() else 0
    return sizes


def tokenizer_settings(folder: Path) -> dict[str, Any]:
    """What tokenizer_config.json says; nothing where it cannot be read."""
    return _object(folder / "tokenizer_config.json")


def template_of(folder: Path) -> str:
    """The chat template of a folder, as transformers finds it; nothing where it has none."""
    if found := text_of(folder / "chat_template.jinja"):
        return found
    for settings in (_object(folder / "chat_template.json"), tokenizer_settings(folder)):
        match settings.get("chat_template"):
            case str(template):
                return template
            case [*templates]:  # several by name, of which one is the usual
                named = {
                    str(each.get("name")): each.get("template")
                    for each in templates
                    if isinstance(each, dict)
                }
                return str(named.get("default") or next(iter(named.values()), ""))
    return ""


def license_of(folder: Path, config: Mapping[str, Any]) -> str:
    """The licence as the card's front matter names it, else the config."""
    front, _ = card_of(folder)
    named = front.get("license_name") if front.get("license") in ("other", None) else None
    return str(named or front.get("license") or config.get("license") or "")


def card_of(folder: Path) -> tuple[dict[str, str], str]:
    """The plain lines of the front matter of README.md, by name, and the text below it."""
    text = text_of(folder / "README.md")
    found = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|$)", text, re.DOTALL)
    if not found:
        return {}, text
    lines = re.findall(r"^([\w-]+):[ \t]*(\S.*?)\s*$", found[1], re.MULTILINE)
    return {name: value.strip("\"'") for name, value in lines}, text[found.end() :].lstrip()


def text_of(file: Path) -> str:
    """The text of a file, at most a megabyte; nothing where it is not there or no file."""
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            return opened.read(LARGEST_TEXT).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _object(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = parsed(file.read_text(encoding="utf-8-sig")) if file.is_file() else {}
        return found if isinstance(found, dict) else {}
    return {}


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
