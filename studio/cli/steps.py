"""Steps on the command line: what --step and --like ask for, and the list of all there are."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.results import Result
from studio.errors import DataError
from studio.files import parsed
from studio.train.recipe import Recipe

if TYPE_CHECKING:
    from studio.data.history.steps import Step

_KINDS = {"string": "text", "integer": "a number", "number": "a number", "boolean": "true | false"}


def steps_of(like: Path | None, asked: list[str] | None) -> tuple[Step, ...]:
    """The steps of the dataset to be like, and those asked for."""
    from studio.data.history.steps import step_from, steps_written
    from studio.data.saving.manifest import Manifest

    before = steps_written(Manifest.read(like.expanduser()).history) if like is not None else ()
    return (*before, *(_from_anywhere(step_from(_values(text))) for text in asked or ()))


def as_read(recipe: Recipe, like: Path | None) -> Recipe:
    """The recipe, with the columns of the dataset to be like where it names none of its own."""
    from studio.data.saving.manifest import Manifest

    if like is None or recipe.data.columns:
        return recipe
    return recipe.with_values({"data.columns": Manifest.read(like.expanduser()).columns})


def _from_anywhere(step: Step) -> Step:
    """The step with the whole path of what it mixes in, so that it can be done again in another folder."""
    from studio.data.history.steps import Mix

    if not isinstance(step, Mix):
        return step
    return step.model_copy(update={"path": str(Path(step.path).expanduser().resolve())})


def _values(text: str) -> dict[str, Any]:
    """The values of a step written as JSON, or as its kind and FIELD=VALUE."""
    try:
        if text.lstrip().startswith("{"):
            values: dict[str, Any] = parsed(text)
            return values
        kind, *fields = shlex.split(text) or [""]
    except ValueError as error:
        raise DataError(f"--step {text!r} cannot be read: {error}. Write it as 'cap rows=1000'.") from error
    return {"kind": kind, **{name: value for name, _, value in (field.partition("=") for field in fields)}}


def _field(name: str, about: dict[str, Any]) -> str:
    kinds = [about, *about.get("anyOf", [])]
    choices = next((" | ".join(kind["enum"]) for kind in kinds if "enum" in kind), "")
    kind = choices or next(_KINDS[kind["type"]] for kind in kinds if kind.get("type") in _KINDS)
    unit = f" of {about['unit']}" if "unit" in about else ""
    default = f" (else {about['default']})" if about.get("default") not in (None, "") else ""
    return f"{name}=  {kind}{unit}{default}"


def of_steps() -> Result:
    """Every step with its fields."""
    from studio.data.history.steps import STEPS

    schemas = {kind: step.model_json_schema() for kind, step in STEPS.items()}
    lines = []
    for kind, step in STEPS.items():
        lines.append(f"{kind:16} {step.help}")
        shown = (
            _field(name, about) for name, about in schemas[kind]["properties"].items() if name in step.asked()
        )
        lines += [f"{'':16}   {line}" for line in shown]
    document = {kind: {**schemas[kind], "title": STEPS[kind].title} for kind in STEPS}
    return Result(document, "\n".join(lines))
