"""The recipe in the words of the form: its sections, its choices, what zero means, and when a field rests."""

from __future__ import annotations

from typing import Any

from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, fields

ENTRIES = {entry.path: entry for entry in fields()}
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

PLACEHOLDERS = {"watch.wandb": "off", "watch.prompts": "One prompt per line"}


def choice_word(path: str, value: str) -> str:
    """A choice as a person reads it: LoRA for lora."""
    return CHOICES.get(path, {}).get(value, value)


def why_idle(entry: FieldEntry, recipe: Recipe) -> str:
    """Why the field has no effect in this recipe, as a sentence; nothing when it has one."""
    for path, values in _rule(entry, "needs").items():
        other = ENTRIES[path]
        if other.value(recipe) in values:
            continue
        if values == [0]:
            return f"{other.title} are set instead."
        return f"Needs {other.title} {' or '.join(_value_word(path, value) for value in values)}."
    idle = _rule(entry, "idle_with")
    if idle and all(ENTRIES[path].value(recipe) == value for path, value in idle.items()):
        pairs = (f"{ENTRIES[path].title} {_value_word(path, value)}" for path, value in idle.items())
        return f"Has no effect with {' and '.join(pairs)}."
    return ""


def _rule(entry: FieldEntry, name: str) -> dict[str, Any]:
    """The values of other fields, by path, that a field's declaration names under `needs` or `idle_with`."""
    extra = entry.info.json_schema_extra
    rule = extra.get(name) if isinstance(extra, dict) else None
    return rule if isinstance(rule, dict) else {}


def _value_word(path: str, value: Any) -> str:
    return ZEROS.get(path, "0") if value == 0 else choice_word(path, str(value))


def is_hidden_when_idle(entry: FieldEntry) -> bool:
    """Whether a person can see why the field is gone: what it needs are basic fields, never folded away."""
    return entry.level == "basic" and all(ENTRIES[path].level == "basic" for path in _rule(entry, "needs"))


def changed(recipe: Recipe, group: str) -> int:
    """How many advanced fields of a group differ from their defaults."""
    return sum(
        entry.group == group and entry.level == "advanced" and entry.value(recipe) != entry.default
        for entry in ENTRIES.values()
    )


def matches(entry: FieldEntry, text: str) -> bool:
    """Whether every word of `text` occurs in what the form says about a field."""
    words = [entry.path, entry.title, entry.help, SECTIONS.get(entry.group, ""), *entry.choices]
    words += [choice_word(entry.path, choice) for choice in entry.choices]
    said = " ".join(words).lower()
    return all(word in said for word in text.lower().split())
