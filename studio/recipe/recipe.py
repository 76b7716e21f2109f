"""What is asked of a training run: one frozen description behind the form, the flags and the file."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import ValidationError

from studio.catalogue import Phrase, phrase, wrong_value
from studio.dataset.record import PAIRED
from studio.errors import RecipeError
from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.recipe.fields import ADAPTERS, Base, Data, FieldGroup, Lora, Preference, Scope, field
from studio.recipe.loop_fields import Loop, Optimizer, Watch


class Recipe(FieldGroup):
    """A training run as it is asked for; printing it says what will happen."""

    model: str = field(
        "starter", tr("Model"), tr("The bundled starter, or a folder with a model that mlx-lm loads.")
    )
    method: Literal["lora", "dora", "full"] = field(
        "lora",
        tr("Method"),
        tr(
            "What is trained: a low-rank adapter (LoRA), one that learns length and direction "
            "apart (DoRA), or "
            "the model's own weights (full)."
        ),
    )
    objective: Literal["sft", "text", "dpo", "orpo", "simpo"] = field(
        "sft",
        tr("Objective"),
        tr(
            "What is learned: answers (sft), plain text as it stands (text), or to prefer the "
            "chosen answer of "
            "each pair to the rejected one (dpo, orpo, simpo)."
        ),
    )
    data: Data = Data()
    base: Base = Base()
    scope: Scope = Scope()
    lora: Lora = Lora()
    preference: Preference = Preference()
    optimizer: Optimizer = Optimizer()
    loop: Loop = Loop()
    watch: Watch = Watch()

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
            raise _explained(error) from error

    @classmethod
    def kept(cls, values: Any) -> Recipe:
        """The recipe that a file of ours keeps. Raises RecipeError where this version knows none such."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _explained(error) from error

    def problems(self) -> tuple[Phrase, ...]:
        """What is said of fields that contradict each other; empty means that the recipe may run."""
        return tuple(_contradictions(self))

    def idle(self) -> tuple[FieldEntry, ...]:
        """Fields that were changed but have no effect beside the others."""
        return tuple(e for e in fields() if e.value(self) != e.default and not applies(e, self))

    @property
    def pairs(self) -> bool:
        """Whether it learns from pairs of a chosen and a rejected answer."""
        return self.objective in PAIRED

    @property
    def adapts(self) -> bool:
        """Whether an adapter is trained, and the model's own weights stay as they are."""
        return self.method in ADAPTERS


def applies(entry: FieldEntry, recipe: Recipe) -> bool:
    """Whether a field has an effect, given the recipe's other fields."""
    needed = all(find_field(name).value(recipe) in values for name, values in entry.extra["needs"].items())
    idle = entry.extra["idle_with"]
    return needed and not (idle and all(find_field(n).value(recipe) == v for n, v in idle.items()))


def fields() -> Iterator[FieldEntry]:
    """Every field of the recipe, group by group, in the order a form shows them."""
    for name, info in Recipe.model_fields.items():
        part = info.annotation
        if isinstance(part, type) and issubclass(part, FieldGroup):
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
    if near:
        raise RecipeError("recipe.near_field", name=name, near=near[0])
    raise RecipeError("recipe.no_field", name=name)


def _contradictions(recipe: Recipe) -> Iterator[Phrase]:
    base, scope, loop = recipe.base, recipe.scope, recipe.loop
    if recipe.adapts and base.quantize != "no" and base.mode != "affine":
        bits = "4-bit" if base.mode.endswith("4") else "8-bit"
        if base.quantize != bits:
            yield phrase("recipe.mode_bits", mode=base.mode, bits=bits[0], quantize=bits)
    if loop.prefix_cache in ("memory", "disk"):
        if not scope.layers:
            yield phrase("recipe.prefix_layers")
        if loop.neftune:
            yield phrase("recipe.prefix_noise")
        if scope.embeddings:
            yield phrase("recipe.prefix_embeddings")


def _explained(error: ValidationError) -> RecipeError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        find_field(where)  # raises, with the nearest real name
    if where not in {entry.path for entry in fields()}:
        given = reprlib.repr(first["input"])
        return RecipeError("recipe.group", name=where or phrase("recipe.itself"), given=given)
    entry = find_field(where)
    title = phrase("field.of", title=entry.title, path=where)
    said = wrong_value(title, first, entry.choices)
    return RecipeError(said)
