"""Weights that another library has packed: told by their names and types, whatever a config says."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from studio.errors import ModelError
from studio.models.weights import Entry

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
                raise ModelError(_refusal(folder, f"packed by {library}", name))
    for name, entry in arrays.items():
        if entry.dtype in _FP8 and not any("weight_scale" in word for word in known):
            raise ModelError(_refusal(folder, f"in 8-bit floats ({entry.dtype})", name))


def is_quantized(arrays: Mapping[str, Entry]) -> bool:
    """Whether weights are quantized in MLX's own way, or packed in one that their family unpacks."""
    packed = (end for ends in _PACKINGS.values() for end in ends)
    ends = (".scales", "_scales", "_blocks", "weight_scale", "weight_scale_inv", *packed)
    return any(name.endswith(ends) for name in arrays) or any(e.dtype == "U8" for e in arrays.values())


def _knows(words: Collection[str], end: str) -> bool:
    return any(end.lstrip(".") in word for word in words)


def _refusal(folder: object, how: str, name: str) -> str:
    return (
        f"The weights in {folder} are {how} (such as {name}), which cannot be trained or read here. Choose "
        "the model they were made from, with weights in 16 or 32 bits: Quantize makes them 4 or 8 bits here."
    )
