"""What is asked of a training run: one frozen description behind the form, the flags and the file.

Every field carries its title, help, unit, bounds and level ("basic" or "advanced"); the training pane,
`studio train --set`, `run.json` and the README's table are all made from them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from studio.errors import RecipeError


def _field(
    default: Any, title: str, help: str, *, unit: str = "", level: str = "basic", **bounds: Any
) -> Any:
    extra: JsonDict = {"unit": unit, "level": level}
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Part):
    """Which examples, and how they become tokens."""

    path: str = _field("", "Dataset", "The file with the examples.")
    template: Literal["auto", "chat", "alpaca"] = _field(
        "auto",
        "Template",
        "How an example becomes text: the model's own chat template, the Alpaca prompt, or whichever fits "
        "(auto: the chat template where the model has one, else Alpaca).",
        level="advanced",
    )
    max_length: int = _field(
        1024,
        "Max length",
        "Examples longer than this are cut at the end; the dataset pane shows which.",
        unit="tokens",
        ge=8,
        le=131072,
    )
    validation_share: float = _field(
        0.1,
        "Validation share",
        "The share of examples held out to measure progress during training.",
        level="advanced",
        ge=0.0,
        le=0.5,
    )
    test_share: float = _field(
        0.1,
        "Test share",
        "The share of examples held out until the evaluation.",
        level="advanced",
        ge=0.0,
        le=0.5,
    )


class Lora(_Part):
    """The low-rank adapter that is trained while the model itself stays frozen."""

    rank: int = _field(16, "Rank", "How much the adapter can learn; more takes more memory.", ge=1, le=1024)
    alpha: float = _field(
        32.0,
        "Alpha",
        "The adapter's strength: its output is scaled by alpha / rank. Twice the rank is a good start.",
        gt=0,
        le=4096,
    )
    dropout: float = _field(
        0.0,
        "Dropout",
        "The share of adapter inputs silenced at random each step; 0.05 to 0.2 helps against overfitting.",
        level="advanced",
        ge=0.0,
        lt=1.0,
    )
    layers: int = _field(
        0,
        "Layers",
        "How many of the last layers get an adapter; 0 means all of them.",
        level="advanced",
        ge=0,
        le=1000,
    )


class Optimizer(_Part):
    """AdamW and its schedule: linear warmup, then a cosine down to zero."""

    learning_rate: float | None = _field(
        None,
        "Learning rate",
        "The highest rate of the schedule. Empty: chosen from the model's width (wider models learn "
        "well at lower rates).",
        gt=0,
        le=1.0,
    )
    warmup: float = _field(
        0.05,
        "Warmup",
        "The share of steps during which the rate rises from zero.",
        level="advanced",
        ge=0.0,
        le=0.9,
    )
    weight_decay: float = _field(
        0.0,
        "Weight decay",
        "Pulls adapter weights towards zero each step.",
        level="advanced",
        ge=0.0,
        le=1.0,
    )
    clip: float = _field(
        1.0,
        "Clip norm",
        "Gradients longer than this are shortened to it; 0 switches clipping off.",
        level="advanced",
        ge=0.0,
        le=1000.0,
    )


class Loop(_Part):
    """How long to train, in what portions, and how often to look and save."""

    epochs: float = _field(3.0, "Epochs", "How many times every training example is read.", gt=0, le=1000)
    batch_size: int = _field(
        8, "Batch", "Examples computed at once; more is smoother and takes more memory.", ge=1, le=1024
    )
    accumulation: int = _field(
        1,
        "Accumulation",
        "Batches whose gradients are added up before each step, weighted by their trained tokens.",
        ge=1,
        le=1024,
    )
    validate_every: int = _field(
        0,
        "Validate every",
        "Measure the validation loss this often; 0 means about ten times in the run.",
        unit="steps",
        level="advanced",
        ge=0,
    )
    save_every: int = _field(
        0,
        "Save every",
        "Write a checkpoint this often; 0 means with every validation.",
        unit="steps",
        level="advanced",
        ge=0,
    )
    keep: int = _field(
        2,
        "Keep",
        "How many of the last checkpoints to keep, besides the best.",
        level="advanced",
        ge=1,
        le=100,
    )
    seed: int = _field(
        0,
        "Seed",
        "Fixes the split, the order of examples, the adapter's start and dropout.",
        level="advanced",
        ge=0,
        le=2**31 - 1,
    )


class Recipe(_Part):
    """A training run as it is asked for; printing it says what will happen."""

    model: str = _field(
        "starter", "Model", "The bundled starter, or a folder with a model that mlx-lm loads."
    )
    data: Data = Data()
    lora: Lora = Lora()
    optimizer: Optimizer = Optimizer()
    loop: Loop = Loop()

    def with_values(self, values: Mapping[str, Any]) -> Recipe:
        """A copy with fields changed by name: `lora.rank`, or `rank` where that is unambiguous.

        Raises RecipeError naming the field, the bad value and the mend, or the nearest field that exists.
        """
        tree = self.model_dump()
        for name, value in values.items():
            entry = find_field(name)
            group = tree if entry.group == "" else tree[entry.group]
            group[entry.name] = None if value in ("", "auto") and entry.optional else value
        try:
            return Recipe.model_validate(tree)
        except ValidationError as error:
            raise RecipeError(_explain(error)) from error


@dataclass(frozen=True)
class FieldEntry:
    """One field of the recipe as the form, the command line and the documentation see it."""

    group: str  # "" for the recipe's own fields
    name: str
    info: FieldInfo

    @property
    def path(self) -> str:
        return f"{self.group}.{self.name}" if self.group else self.name

    @property
    def title(self) -> str:
        return self.info.title or self.name

    @property
    def help(self) -> str:
        return self.info.description or ""

    @property
    def default(self) -> Any:
        return self.info.default

    @property
    def unit(self) -> str:
        return str(self._extra()["unit"])

    @property
    def level(self) -> str:
        """basic or advanced"""
        return str(self._extra()["level"])

    @property
    def optional(self) -> bool:
        """Whether the field may be left empty, to be chosen for the person."""
        return self.default is None

    @property
    def kind(self) -> type:
        """bool, int, float or str: what an editor for this field edits. See `choices` for enumerations."""
        for kind in (bool, int, float):
            if self.info.annotation in (kind, kind | None):
                return kind
        return str

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values of an enumeration, else empty."""
        return getattr(self.info.annotation, "__args__", ()) if self.kind is str else ()

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lowest and highest value, None where open. An exclusive bound is given as it is."""
        low = high = None
        for rule in self.info.metadata:
            low = getattr(rule, "ge", getattr(rule, "gt", low))
            high = getattr(rule, "le", getattr(rule, "lt", high))
        return low, high

    def value(self, recipe: Recipe) -> Any:
        return getattr(getattr(recipe, self.group) if self.group else recipe, self.name)

    def _extra(self) -> dict[str, Any]:
        extra = self.info.json_schema_extra
        return extra if isinstance(extra, dict) else {"unit": "", "level": "basic"}


def fields() -> Iterator[FieldEntry]:
    """Every field of the recipe, group by group, in the order a form shows them."""
    for name, info in Recipe.model_fields.items():
        part = info.annotation
        if isinstance(part, type) and issubclass(part, _Part):
            for inner, inner_info in part.model_fields.items():
                yield FieldEntry(name, inner, inner_info)
        else:
            yield FieldEntry("", name, info)


def find_field(name: str) -> FieldEntry:
    """The field called `name` in full or by its last part. Raises RecipeError with the nearest real name."""
    entries = list(fields())
    matches = [e for e in entries if name in (e.path, e.name)]
    if len(matches) == 1:
        return matches[0]
    near = difflib.get_close_matches(
        name, [e.path for e in entries] + [e.name for e in entries], n=1, cutoff=0.4
    )
    hint = f" Did you mean {near[0]}?" if near else " `studio train --help` lists them."
    raise RecipeError(f"The recipe has no field called {name}.{hint}")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    entry = find_field(where)
    return (
        f"{entry.title} ({where}) cannot be {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}."
    )
