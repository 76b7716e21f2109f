"""The recipe in the words of the form: its sections, its choices, what zero means, and when a field rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.catalogue import worded
from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, fields

ENTRIES = {entry.path: entry for entry in fields() if entry.level != "dataset"}
SECTIONS = {
    "data": tr("Data"),
    "base": tr("Weights in memory"),
    "scope": tr("What is trained"),
    "lora": tr("Adapter"),
    "preference": tr("Preference"),
    "optimizer": tr("Optimizer"),
    "loop": tr("Loop"),
    "watch": tr("Watch"),
}
"""The groups of the recipe that advanced fields are folded into, in order."""

BASIC_ORDER = (
    "method",
    "objective",
    "data.max_length",
    "base.quantize",
    "lora.rank",
    "lora.alpha",
    "preference.beta",
    "preference.simpo_beta",
    "preference.simpo_gamma",
    "optimizer.learning_rate",
    "loop.epochs",
    "loop.batch_size",
    "loop.accumulation",
)
"""Basic fields as a person decides on them; any that are not named here follow."""

CHOICES = {
    "method": {"lora": "LoRA", "dora": "DoRA", "full": tr("Full")},
    "objective": {"sft": "SFT", "text": tr("Plain text"), "dpo": "DPO", "orpo": "ORPO", "simpo": "SimPO"},
    "data.too_long": {
        "drop": tr("Leave out"),
        "cut_prompt": tr("Cut the prompt"),
        "cut_end": tr("Cut the end"),
    },
    "data.train_on": {"answers": tr("Every answer"), "last_answer": tr("Last answer"), "all": tr("All text")},
    "data.template": {
        "auto": tr("Automatic"),
        "chat": tr("Chat template"),
        "alpaca": tr("Alpaca"),
        "chatml": "ChatML",
    },
    "base.quantize": {"no": tr("No"), "4-bit": tr("4-bit"), "8-bit": tr("8-bit")},
    "base.mode": {"affine": tr("Affine"), "mxfp4": "MXFP4", "mxfp8": "MXFP8", "nvfp4": "NVFP4"},
    "base.precision": {"model": tr("As the model")},
    "optimizer.name": {
        "adamw": "AdamW",
        "adamw8bit": tr("AdamW, 8-bit"),
        "adafactor": tr("Adafactor"),
        "lion": tr("Lion"),
        "muon": tr("Muon"),
        "sgd": "SGD",
    },
    "optimizer.schedule": {"cosine": tr("Cosine"), "linear": tr("Linear"), "constant": tr("Constant")},
    "loop.prefix_cache": {
        "auto": tr("Automatic"),
        "off": tr("Off"),
        "memory": tr("In memory"),
        "disk": tr("On disk"),
    },
}
ZEROS = {
    "scope.layers": worded("all"),
    "optimizer.warmup_steps": tr("share counts"),
    "optimizer.clip": worded("off"),
    "loop.steps": tr("epochs count"),
    "loop.tokens_at_once": worded("automatic"),
    "loop.neftune": worded("off"),
    "loop.validate_every": worded("automatic"),
    "loop.patience": worded("off"),
    "loop.save_every": worded("automatic"),
    "loop.rest": worded("off"),
}
"""What a zero says, where it is not a quantity."""

PLACEHOLDERS = {
    "optimizer.learning_rate": worded("auto"),
    "watch.wandb": worded("off"),
    "judge": tr("none: base, a model's folder, or a server's address"),
    "watch.prompts": tr("One prompt per line"),
}


def choice_word(path: str, value: str) -> str:
    """A choice as a person reads it: LoRA for lora."""
    known = CHOICES.get(path, {})
    return known[value] if value in known else worded(value) if "_" not in value else value


def values_of(recipe: Recipe) -> dict[str, Any]:
    """Every value of a recipe by its path."""
    return {path: entry.value(recipe) for path, entry in ENTRIES.items()}


def zero_word(entry: FieldEntry) -> str:
    """What a zero of this field says, where it is not a quantity."""
    return ZEROS.get(entry.path, str(entry.extra.get("zero", "")))


def why_idle(entry: FieldEntry, values: Mapping[str, Any], entries: Mapping[str, FieldEntry]) -> str:
    """Why a field has no effect beside these values, as a sentence; nothing when it has one."""
    for path, needed in entry.extra["needs"].items():
        other = entries[path]
        if values[path] in needed:
            continue
        if needed == [0]:
            return tr("{title} are set instead.", title=other.title)
        return tr(
            "Needs {title} {listed}.",
            title=other.title,
            listed=tr(" or ").join(_value_word(other, value) for value in needed),
        )
    idle = entry.extra["idle_with"]
    if idle and all(values[path] == value for path, value in idle.items()):
        pairs = (f"{entries[path].title} {_value_word(entries[path], value)}" for path, value in idle.items())
        return tr("Has no effect with {listed}.", listed=tr(" and ").join(pairs))
    return ""


def _value_word(entry: FieldEntry, value: Any) -> str:
    if value == 0:
        return zero_word(entry) or "0"
    return str(entry.extra.get("titles", {}).get(value, choice_word(entry.path, str(value))))


def is_hidden_when_idle(entry: FieldEntry, entries: Mapping[str, FieldEntry]) -> bool:
    """Whether a person can see why the field is gone: what it needs are basic fields, never folded away."""
    return entry.level == "basic" and all(entries[path].level == "basic" for path in entry.extra["needs"])


def matches(entry: FieldEntry, text: str) -> bool:
    """Whether every word of `text` occurs in what the form says about a field."""
    words = [entry.path, entry.title, entry.help, SECTIONS.get(entry.group, ""), *entry.choices]
    words += [choice_word(entry.path, choice) for choice in entry.choices]
    described = " ".join(words).lower()
    return all(word in described for word in text.lower().split())
