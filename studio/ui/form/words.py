"""The recipe in the words of the form: its sections, its choices, what zero means, and when a field rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, fields

ENTRIES = {entry.path: entry for entry in fields() if entry.level != "dataset"}
SECTIONS = {
    "data": "Data",
    "base": "Weights in memory",
    "scope": "What is trained",
    "lora": "Adapter",
    "preference": "Preference",
    "optimizer": "Optimizer",
    "loop": "Loop",
    "watch": "Watch",
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
    "optimizer.learning_rate",
    "loop.epochs",
    "loop.batch_size",
    "loop.accumulation",
)
"""Basic fields as a person decides on them; any that are not named here follow."""

CHOICES = {
    "method": {"lora": "LoRA", "dora": "DoRA", "full": "Full"},
    "objective": {"sft": "SFT", "text": "Plain text", "dpo": "DPO", "orpo": "ORPO"},
    "data.too_long": {"drop": "Leave out", "cut_prompt": "Cut the prompt", "cut_end": "Cut the end"},
    "data.train_on": {"answers": "Every answer", "last_answer": "Last answer", "all": "All text"},
    "data.template": {"auto": "Automatic", "chat": "Chat template", "alpaca": "Alpaca", "chatml": "ChatML"},
    "base.quantize": {"no": "No"},
    "base.mode": {"affine": "Affine", "mxfp4": "MXFP4", "mxfp8": "MXFP8", "nvfp4": "NVFP4"},
    "base.precision": {"model": "As the model"},
    "optimizer.name": {
        "adamw": "AdamW",
        "adamw8bit": "AdamW, 8-bit",
        "adafactor": "Adafactor",
        "lion": "Lion",
        "muon": "Muon",
        "sgd": "SGD",
    },
    "optimizer.schedule": {"cosine": "Cosine", "linear": "Linear", "constant": "Constant"},
    "loop.prefix_cache": {"auto": "Automatic", "off": "Off", "memory": "In memory", "disk": "On disk"},
}
ZEROS = {
    "scope.layers": "all",
    "optimizer.warmup_steps": "share counts",
    "optimizer.clip": "off",
    "loop.steps": "epochs count",
    "loop.tokens_at_once": "automatic",
    "loop.neftune": "off",
    "loop.validate_every": "automatic",
    "loop.patience": "off",
    "loop.save_every": "automatic",
    "loop.rest": "off",
}
"""What a zero says, where it is not a quantity."""

PLACEHOLDERS = {
    "optimizer.learning_rate": "auto",
    "watch.wandb": "off",
    "judge": "none: base, a model's folder, or a server's address",
    "watch.prompts": "One prompt per line",
}


def choice_word(path: str, value: str) -> str:
    """A choice as a person reads it: LoRA for lora."""
    return CHOICES.get(path, {}).get(value, value)


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
            return f"{other.title} are set instead."
        return f"Needs {other.title} {' or '.join(_value_word(other, value) for value in needed)}."
    idle = entry.extra["idle_with"]
    if idle and all(values[path] == value for path, value in idle.items()):
        pairs = (f"{entries[path].title} {_value_word(entries[path], value)}" for path, value in idle.items())
        return f"Has no effect with {' and '.join(pairs)}."
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
