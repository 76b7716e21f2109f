"""Which files of a model folder hold its weights, what is in them, and who packed them. Needs no MLX."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import ModelError
from studio.files import parsed

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
LARGEST_HEADER = 2**28
_SHARD = re.compile(r"model-(\d+)-of-(\d+)\.safetensors")
_LFS = b"version https://git-lfs"
_OTHERS = ("*.bin", "*.gguf", "*.pth", "*.pt", "*.safetensors")


@dataclass(frozen=True)
class Entry:
    """One array of a safetensors file: its type by safetensors' name (F32, BF16, U32 …), and its shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """A model's weight files, what is in them by name, and weight files beside them that are not its own."""

    files: tuple[Path, ...]
    arrays: dict[str, Entry]
    strays: tuple[str, ...] = ()


def has_weights(folder: Path) -> bool:
    """Whether there is anything that claims to be weights; a config alone can be counted, too."""
    return (folder / INDEX).exists() or any(folder.glob("model*.safetensors"))


def find_weights(folder: Path) -> Weights:
    """The folder's weights, chosen as transformers does: the whole file, else the shards of the index.

    Raises ModelError with what is missing or damaged and what to do.
    """
    found = sorted(folder.glob("model*.safetensors"))
    files = _chosen(folder, found)
    arrays: dict[str, Entry] = {}
    for file in files:
        header = read_header(file)
        if twice := sorted(arrays.keys() & header.keys()):
            raise ModelError("weights.twice", folder=folder, name=twice[0], file=file.name)
        arrays.update(header)
    if not arrays:
        raise ModelError("weights.empty", file=files[0])
    return Weights(files, arrays, tuple(file.name for file in found if file not in files))


def read_header(file: Path) -> dict[str, Entry]:
    """What a safetensors file holds, by name. Raises ModelError for a file that is damaged or not one."""
    refuse_pointer(file)
    try:
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            if size > LARGEST_HEADER:
                raise ValueError("its header has no sensible length")  # noqa: TRY301
            header = parsed(opened.read(size).decode("utf-8"))
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        arrays = {name: Entry(str(e["dtype"]), tuple(map(int, e["shape"]))) for name, e in entries.items()}
        ends = [int(entry["data_offsets"][1]) for entry in entries.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ModelError("weights.damaged", file=file) from error
    whole, there = 8 + size + max(ends, default=0), file.stat().st_size
    if there < whole:
        raise ModelError("weights.cut_short", file=file, there=there, whole=whole)
    return arrays


def refuse_pointer(file: Path) -> None:
    """Raise ModelError where a file is a pipe, or only the note that Git LFS keeps for a large one."""
    if file.exists() and not file.is_file():
        raise ModelError("weights.not_file", file=file)
    try:
        with file.open("rb") as opened:
            pointer = opened.read(len(_LFS)) == _LFS
    except OSError:  # said by whoever reads it
        return
    if pointer:
        raise ModelError("weights.pointer", file=file)


def _chosen(folder: Path, found: list[Path]) -> tuple[Path, ...]:
    if folder / WHOLE in found:
        return (folder / WHOLE,)
    if (folder / INDEX).exists():
        return _indexed(folder)
    if not found:
        raise _without_weights(folder)
    sets: dict[int, list[Path]] = {}
    for file in found:
        if shard := _SHARD.fullmatch(file.name):
            sets.setdefault(int(shard[2]), []).append(file)
    if not sets:
        return tuple(found)
    for count, files in sets.items():
        if len(files) == count:
            return tuple(files)
    count, files = max(sets.items(), key=lambda item: len(item[1]) / max(1, item[0]))
    raise ModelError("weights.incomplete", folder=folder, count=count, found=len(files))


def _indexed(folder: Path) -> tuple[Path, ...]:
    index = folder / INDEX
    refuse_pointer(index)
    try:
        needed = sorted(_names(parsed(index.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError("weights.index", index=index) from error
    missing = [name for name in needed if not (folder / name).is_file()]
    if len(missing) > 1:
        raise ModelError("weights.more_missing", folder=folder, name=missing[0], more=len(missing) - 1)
    if missing:
        raise ModelError("weights.one_missing", folder=folder, name=missing[0])
    return tuple(folder / name for name in needed)


def _names(index: Any) -> Iterable[str]:
    """The files that an index names. Raises ValueError where it is of another shape, or leaves the folder."""
    files = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(files, dict) or not files:
        raise ValueError("no weight_map")
    for name in files.values():
        if not isinstance(name, str) or Path(name).name != name:
            raise ValueError(f"{name!r} is no file's name")
    return set(files.values())


def _without_weights(folder: Path) -> ModelError:
    others = sorted(file.name for pattern in _OTHERS for file in folder.glob(pattern))
    if any(name.startswith("adapter") for name in others):
        return ModelError("weights.adapter", folder=folder)
    if others:
        return ModelError("weights.other_format", folder=folder, file=others[0])
    return ModelError("weights.missing", folder=folder)


_PACKINGS = {
    "GPTQ or AWQ": (".qweight", ".qzeros", ".g_idx"),
    "compressed-tensors": (".weight_packed",),
    "bitsandbytes": (".absmax", ".quant_map", ".nested_absmax", ".SCB", ".quant_state."),
}
"""Ends of the names that each library gives the parts of a packed matrix."""
_FP8 = ("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ")


def refuse_packed(folder: object, arrays: Mapping[str, Entry], known: Collection[str]) -> None:
    """Raise ModelError where weights are packed in a way that their family does not unpack.

    `known` are the words of the family's source: what it names there it reads itself.
    """
    for library, ends in _PACKINGS.items():
        for name in arrays:
            end = next((end for end in ends if end in name), None)
            if end is not None and not _knows(known, end):
                raise ModelError("weights.packed", folder=folder, library=library, name=name)
    for name, entry in arrays.items():
        if entry.dtype in _FP8 and not any("weight_scale" in word for word in known):
            raise ModelError("weights.floats8", folder=folder, dtype=entry.dtype, name=name)


def is_quantized(arrays: Mapping[str, Entry]) -> bool:
    """Whether weights are quantized in MLX's own way, or packed in one that their family unpacks."""
    packed = (end for ends in _PACKINGS.values() for end in ends)
    ends = (".scales", "_scales", "_blocks", "weight_scale", "weight_scale_inv", *packed)
    return any(name.endswith(ends) for name in arrays) or any(e.dtype == "U8" for e in arrays.values())


def _knows(words: Collection[str], end: str) -> bool:
    return any(end.lstrip(".") in word for word in words)
