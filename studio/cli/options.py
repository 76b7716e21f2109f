"""The options that commands share (recipe fields, steps, folders), and what is made of them."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from studio.catalogue import phrase, wrong_value
from studio.cli.results import CommandResult
from studio.cli.terminal import asked
from studio.errors import DataError, RecipeError, StudioError
from studio.files import parsed
from studio.jobs.base import with_parent
from studio.language import tr
from studio.models.present import named_model, present
from studio.paths import Paths
from studio.recipe.entry import FieldEntry
from studio.recipe.files import read_recipe, ready_recipes
from studio.recipe.recipe import Recipe, fields
from studio.runs.store import RunStore
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.dataset.steps.steps import AnyStep


Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help=tr("Change a field of the recipe."))
]
RecipeFile = Annotated[
    str,
    typer.Option(
        "--recipe",
        metavar="FILE",
        help=tr("Begin with a recipe file, or with one in the box: ")
        + ", ".join(recipe.name for recipe in ready_recipes())
        + ".",
    ),
]
Run = Annotated[str, typer.Argument(metavar="RUN", help=tr("The name of a run, or its folder."))]
ChangedBase = Annotated[
    bool,
    typer.Option("--changed-base", help=tr("Use the run's model also where it was changed since.")),
]
Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help=tr(
            "A dataset: a .jsonl, .json, .csv, .tsv, .parquet, .arrow, .txt or .md file, also as .gz; "
            "a folder of such files; or a saved dataset."
        ),
    ),
]
Model = Annotated[
    str,
    typer.Option(
        help=tr('A model folder, the name of a model on this machine, or "starter", the model in the box.'),
        show_default=tr("the recipe's"),
    ),
]

_PICKED = ("model", "data.path")  # fields with an argument or option of their own


def described_fields() -> str:
    """Every field for --set with its default and what it does."""
    return tr("Fields of the recipe for --set, with their defaults:\n\n") + "\n\n".join(
        f"{f.path} = {_default(f)}: {f.help}" for f in fields() if f.path not in _PICKED
    )


def recipe_from(data: Path | None, model: str, changes: list[str] | None, file: str = "") -> Recipe:
    """The recipe that a command line asks for. Raises RecipeError naming what cannot be."""
    asked.recipe = with_options(_begin(file), data, model, changes)
    return with_parent(asked.recipe, paths_from().runs)


def with_options(recipe: Recipe, data: Path | None, model: str, changes: list[str] | None) -> Recipe:
    """The recipe with what options say. Raises RecipeError naming what cannot be."""
    values: dict[str, Any] = {}
    if data is not None:
        values["data.path"] = str(data.expanduser().resolve())
    for change in changes or []:
        name, equals, value = change.partition("=")
        if not equals:
            raise RecipeError("command.set_form", change=repr(change))
        if whole_characters(value) != value:
            raise RecipeError("command.set_bytes", name=name.strip())
        values[name.strip()] = value.strip()
    if model:
        values["model"] = named_model(model, paths_from().models)
    elif here := present(recipe.model):
        values["model"] = here
    return recipe.with_values(values)


def with_fields[C: Callable[..., Any]](model: type[BaseModel], *names: str) -> Callable[[C], C]:
    """Give a command an option for each of these fields, with its kind, default and help, by its name."""

    def decorate(command: C) -> C:
        signature = inspect.signature(command, eval_str=True)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        options = [_option(name, model.model_fields[name]) for name in names]
        command.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        return command

    return decorate


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    """A field as typer reads a parameter; several texts are an option that may be given several times."""
    several = get_origin(field.annotation) is tuple
    kind, default = (list[str] | None, None) if several else (field.annotation, field.default)
    annotation = Annotated[kind, typer.Option(help=field.description)]  # type: ignore[valid-type]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def from_fields[M: BaseModel](model: type[M], values: dict[str, Any], kind: type[StudioError]) -> M:
    """What the options describe. Raises `kind` naming the option that is out of bounds."""
    try:
        return model.model_validate(values)
    except ValueError as error:
        first = error.errors()[0]  # type: ignore[attr-defined]
        option = str(first["loc"][0]).replace("_", "-")
        entry = FieldEntry("", str(first["loc"][0]), model.model_fields[str(first["loc"][0])])
        raise kind(wrong_value(phrase("field.option", name=option), first, entry.choices)) from error


def paths_from() -> Paths:
    """Where the app writes."""
    paths = Paths.under(asked.home) if asked.home else Paths.for_user()
    if paths.home.exists() and not paths.home.is_dir():
        raise RecipeError("command.home_is_file", home=paths.home)
    return paths


def store_from() -> RunStore:
    """The runs that were made."""
    return RunStore(paths_from().runs)


def _begin(file: str) -> Recipe:
    ready = {recipe.name: recipe.recipe for recipe in ready_recipes()}
    if not file:
        return Recipe()
    return ready[file] if file in ready else read_recipe(Path(file).expanduser())


def _default(field: FieldEntry) -> str:
    return "auto" if field.optional else f"{field.default}"


_KINDS = {"string": "text", "integer": "a number", "number": "a number", "boolean": tr("true | false")}


def steps_of(like: Path | None, asked: list[str] | None) -> tuple[AnyStep, ...]:
    """The steps of the dataset to be like, and those asked for."""
    from studio.dataset.manifest import Manifest
    from studio.dataset.steps.steps import step_from, steps_written

    before = steps_written(Manifest.read(like.expanduser()).history) if like is not None else ()
    return (*before, *(_from_anywhere(step_from(_values(text))) for text in asked or ()))


def as_read(recipe: Recipe, like: Path | None) -> Recipe:
    """The recipe, with the columns of the dataset to be like where it names none of its own."""
    from studio.dataset.manifest import Manifest

    if like is None or recipe.data.columns:
        return recipe
    return recipe.with_values({"data.columns": Manifest.read(like.expanduser()).columns})


def with_journal(recipe: Recipe, journals: Path) -> Recipe:
    """The recipe, with what was done to its dataset in the window before the steps it names itself."""
    from studio.dataset.read.load import source_fingerprint
    from studio.dataset.steps.journal import StepJournal
    from studio.dataset.steps.steps import steps_in, steps_text

    fingerprint = source_fingerprint(Path(recipe.data.path).expanduser())
    steps = StepJournal.of(journals, fingerprint).read().steps
    return recipe.with_values({"data.history": steps_text((*steps, *steps_in(recipe.data.history)))})


def _from_anywhere(step: AnyStep) -> AnyStep:
    """The step with the whole path of what it mixes in, so that it can be done again in another folder."""
    from studio.dataset.steps.steps import Mix

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
        raise DataError("command.step_form", text=repr(text), fault=error) from error
    return {"kind": kind, **{name: value for name, _, value in (field.partition("=") for field in fields)}}


def _field(name: str, about: dict[str, Any]) -> str:
    kinds = [about, *about.get("anyOf", [])]
    choices = next((" | ".join(kind["enum"]) for kind in kinds if "enum" in kind), "")
    kind = choices or next(_KINDS[kind["type"]] for kind in kinds if kind.get("type") in _KINDS)
    unit = tr(" of {about}", about=about["unit"]) if "unit" in about else ""
    default = tr(" (else {about})", about=about["default"]) if about.get("default") not in (None, "") else ""
    return f"{name}=  {kind}{unit}{default}"


def of_steps() -> CommandResult:
    """Every step with its fields."""
    from studio.dataset.steps.steps import STEPS

    schemas = {kind: step.model_json_schema() for kind, step in STEPS.items()}
    lines = []
    for kind, step in STEPS.items():
        lines.append(f"{kind:16} {step.help}")
        shown = (
            _field(name, about) for name, about in schemas[kind]["properties"].items() if name in step.asked()
        )
        lines += [f"{'':16}   {line}" for line in shown]
    document = {kind: {**schemas[kind], "title": STEPS[kind].title} for kind in STEPS}
    return CommandResult(document, "\n".join(lines))
