"""What the Hub says of a model, as facts: its parameters and bits by what its arrays are, before download."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue import Said, phrase
from studio.events.models import ModelFacts, OnlineModel
from studio.models.hub.choice import weights_in
from studio.models.kinds import is_known
from studio.models.library.facts import GGUF, SAFETENSORS
from studio.models.library.shelf import ONLINE

EXPANDED = (
    *("safetensors", "gguf", "config", "cardData", "tags", "siblings"),
    *("sha", "gated", "downloads", "likes", "lastModified"),
)
"""What the Hub is asked to tell of each model that it finds."""

_BITS = {"64": 64, "32": 32, "16": 16, "8": 8, "4": 4}
_PACKED = ("U32", "I32")
_GROUP = 64  # quantized weights that share a scale and a bias, where nothing says otherwise
_BASE = re.compile(r"(?:^|[-_. ])(?:base|pt|pretrain(?:ed)?)(?:$|[-_. ])", re.IGNORECASE)
_TUNED = re.compile(
    r"(?:^|[-_. ])(?:instruct|chat|it|sft|dpo|rlhf|assistant|thinking|reasoning)(?:$|[-_. ])", re.IGNORECASE
)


def online_model(info: Any) -> OnlineModel:
    """A model as huggingface_hub's `ModelInfo` describes it. What it does not say is empty."""
    facts = facts_of_info(info)
    return OnlineModel(
        facts,
        revision=str(info.sha or ""),
        downloads=int(info.downloads or 0),
        likes=int(info.likes or 0),
        changed=info.last_modified.isoformat() if info.last_modified else "",
        gated=bool(info.gated),
        is_base=_is_base(info, is_chat=facts.is_chat),
        here=_place(info),
    )


def facts_of_info(info: Any) -> ModelFacts:
    """The facts of a model that may not be here, as far as the Hub tells them."""
    names, packed, config = _names(info), info.gguf or {}, info.config or {}
    is_gguf = not weights_in(names) and any(name.lower().endswith(".gguf") for name in names)
    counted = Counted.of(info)
    kind = str((packed.get("architecture") if is_gguf else config.get("model_type")) or "")
    parameters = int(packed.get("total") or 0) if is_gguf else counted.parameters
    return ModelFacts(
        name=str(info.id),
        place="",
        source=ONLINE,
        form=GGUF if is_gguf else SAFETENSORS,
        architecture=kind,
        parameters=parameters,
        bits=0.0 if is_gguf else counted.bits,
        size=0 if is_gguf else counted.size,
        context=int(packed.get("context_length") or 0),
        license=_license(info),
        is_chat=_is_chat(info),
        problem=_problem(str(info.id), names, kind, is_gguf=is_gguf),
    )


def types_of(info: Any) -> dict[str, int]:
    """How many numbers of each type its safetensors hold, as the Hub counted them."""
    return dict(info.safetensors.parameters or {}) if info.safetensors else {}


@dataclass(frozen=True)
class Counted:
    """A model's parameters, its bits per weight, and the bytes of its arrays; 0 where they are not told."""

    parameters: int = 0
    bits: float = 0.0
    size: int = 0

    @classmethod
    def of(cls, info: Any) -> Counted:
        """By the Hub's count of numbers of each type; quantized ones count as what was packed into them."""
        told = types_of(info)
        size = sum(count * _bits_of(kind) // 8 for kind, count in told.items())
        packed = sum(count for kind, count in told.items() if kind in _PACKED)
        plain = sum(told.values()) - packed
        if packed and (bits := _quantized_to(info)):
            unpacked = packed * 32 // bits
            parameters = unpacked + max(0, plain - 2 * unpacked // _group(info))
        else:
            parameters = packed + plain
        return cls(parameters, round(size * 8 / parameters, 2) if parameters else 0.0, size)


def _bits_of(kind: str) -> int:
    """Of BF16, F8_E4M3, U32 …"""
    found = re.match(r"[A-Z]+(\d+)", kind)
    return _BITS.get(found[1], 8) if found else 8


def _quantization(info: Any) -> Mapping[str, Any]:
    config = info.config or {}
    found = config.get("quantization") or config.get("quantization_config")
    return found if isinstance(found, Mapping) else {}


def _quantized_to(info: Any) -> int:
    """Bits that MLX packed a weight into, as the config says, else the name."""
    named = re.search(r"\b([2-8])[-_]?bit", str(info.id), re.IGNORECASE)
    bits = _quantization(info).get("bits") or (named[1] if named else 0)
    return int(bits) if str(bits) in ("2", "3", "4", "5", "6", "8") else 0


def _group(info: Any) -> int:
    size = _quantization(info).get("group_size")
    return size if isinstance(size, int) and size > 0 else _GROUP


def _is_chat(info: Any) -> bool:
    """Whether it has a chat template."""
    settings = (info.config or {}).get("tokenizer_config") or {}
    told = settings.get("chat_template") or (info.gguf or {}).get("chat_template")
    return bool(told) or "chat_template.jinja" in _names(info) or "conversational" in (info.tags or ())


def _is_base(info: Any, *, is_chat: bool) -> bool:
    """Whether it was trained to go on with text only. Some base models carry a chat template all the same."""
    name = str(info.id).rpartition("/")[2]
    return bool(_BASE.search(name)) or (not _TUNED.search(name) and not is_chat)


def _license(info: Any) -> str:
    card = info.card_data
    named = getattr(card, "license_name", None) if getattr(card, "license", None) in ("other", None) else None
    told = named or getattr(card, "license", None)
    tagged = (tag.partition(":")[2] for tag in info.tags or () if str(tag).partition(":")[0] == "license")
    return str(told or next(tagged, ""))


def _problem(name: str, names: list[str], kind: str, *, is_gguf: bool) -> Said | None:
    """Why it could not be used here, as far as that can be told."""
    if names and not is_gguf and not weights_in(names):
        return phrase("hub.no_weights", name=name)
    if kind and not is_gguf and not is_known(kind):
        return phrase("hub.unknown_kind", name=name, kind=kind)
    return None


def _place(info: Any) -> str:
    """Its folder on this machine, where all of it is here."""
    from huggingface_hub import try_to_load_from_cache

    weights = weights_in(_names(info))
    found = [
        try_to_load_from_cache(str(info.id), name, revision=str(info.sha or "main"))
        for name in ("config.json", *weights)
    ]
    whole = weights and all(isinstance(each, str) for each in found)
    return str(Path(str(found[0])).parent) if whole else ""


def _names(info: Any) -> list[str]:
    return [str(each.rfilename) for each in info.siblings or ()]
