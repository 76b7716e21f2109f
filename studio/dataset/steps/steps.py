"""The steps: frozen data, each with words that say what it does. `STEPS` lists them for menus and forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from studio.catalogue import Phrase, Unusable, phrase, reason_in, worded, wrong_value
from studio.dataset.groups import BY_QUESTION, GROUPING
from studio.errors import DataError
from studio.files import parsed
from studio.language import tr


class StepModel(BaseModel):
    """What all steps share. Raises pydantic's ValidationError for values that make no sense."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str]
    help: ClassVar[str]
    hidden: ClassVar[frozenset[str]] = frozenset({"kind", "grouping"})
    """Fields that a person is not asked for."""

    @classmethod
    def asked(cls) -> dict[str, FieldInfo]:
        """The fields that a person is asked for."""
        return {name: field for name, field in cls.model_fields.items() if name not in cls.hidden}

    def words(self) -> str:
        """This step as a line of the history."""
        return self.title


Where = Literal["prompt", "answer", "anywhere"]


class Filter(StepModel):
    """Keep or remove the rows that meet all the conditions given. Lengths are those of the whole row."""

    title = tr("Filter rows")
    help = tr("Keeps or removes rows by length, by text, or by label.")
    kind: Literal["filter"] = "filter"
    action: Literal["keep", "remove"] = Field(default="keep", title=tr("Rows that meet all of this"))
    min_characters: int | None = Field(
        default=None, title=tr("At least"), ge=0, json_schema_extra={"unit": "characters"}
    )
    max_characters: int | None = Field(
        default=None, title=tr("At most"), ge=0, json_schema_extra={"unit": "characters"}
    )
    min_tokens: int | None = Field(
        default=None, title=tr("At least"), ge=0, json_schema_extra={"unit": "tokens"}
    )
    max_tokens: int | None = Field(
        default=None, title=tr("At most"), ge=0, json_schema_extra={"unit": "tokens"}
    )
    contains: str = Field(default="", title=tr("Contains the text"))
    pattern: str = Field(default="", title=tr("Matches the regular expression"))
    where: Where = Field(default="anywhere", title=tr("Looked for in"))
    label: str = Field(default="", title=tr("Has the label"))
    any_case: bool = Field(default=False, title=tr("Ignore capital letters"))
    faultless: bool = Field(default=False, title=tr("Has an answer, other than its prompt"))

    @model_validator(mode="after")
    def _sense(self) -> Filter:
        conditions = self.model_dump(exclude={"kind", "action", "where", "any_case"}, exclude_defaults=True)
        if not conditions:
            raise Unusable("step.no_condition")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise Unusable("step.no_pattern", pattern=repr(self.pattern), fault=str(error)) from error
        return self

    @property
    def counts_tokens(self) -> bool:
        """Whether it needs a model to count with."""
        return self.min_tokens is not None or self.max_tokens is not None

    def words(self) -> str:
        lengths = [
            tr("{min_characters:,} characters or more", min_characters=self.min_characters)
            if self.min_characters is not None
            else "",
            tr("{max_characters:,} characters or fewer", max_characters=self.max_characters)
            if self.max_characters is not None
            else "",
            tr("{min_tokens:,} tokens or more", min_tokens=self.min_tokens)
            if self.min_tokens is not None
            else "",
            tr("{max_tokens:,} tokens or fewer", max_tokens=self.max_tokens)
            if self.max_tokens is not None
            else "",
        ]
        place = "" if self.where == "anywhere" else tr(" in the {where}", where=worded(self.where))
        texts = [
            f"“{self.contains}”{place}" if self.contains else "",
            tr("a match of /{pattern}/{place}", pattern=self.pattern, place=place) if self.pattern else "",
            tr("the label “{label}”", label=self.label) if self.label else "",
            tr("an answer other than its prompt") if self.faultless else "",
        ]
        return tr(
            "{capitalize} rows with {listed}",
            capitalize=worded(self.action).capitalize(),
            listed=tr(" and ").join(filter(None, (*lengths, *texts))),
        )


Share = Annotated[float, Field(ge=0, lt=1)]
Grouping = Annotated[int, Field(ge=BY_QUESTION, le=GROUPING)]
"""How rows are kept together (`data.groups`): a history of an earlier release keeps its own way."""


class Fix(StepModel):
    """Fix or drop what a check of the health summary finds."""

    title = tr("Fix what a check finds")
    help = tr("Fixes or removes the rows that a check flags.")
    kind: Literal["fix"] = "fix"
    check: str = Field(title=tr("Check"), min_length=1)

    def words(self) -> str:
        from studio.dataset.checks.registry import CHECKS  # every check, only where one is named

        name = self.check.replace("_", " ")
        return tr("Fix “{words}”", words=CHECKS[name].title if name in CHECKS else name)


class DropDuplicates(StepModel):
    """Remove every row whose content equals that of one before it."""

    title = tr("Remove exact duplicates")
    help = tr("Keeps the first of rows that hold the same.")
    kind: Literal["drop_duplicates"] = "drop_duplicates"


class Shuffle(StepModel):
    """Put the rows into an order that their content and the seed decide."""

    title = tr("Shuffle")
    help = tr("Puts the rows into an order that only the seed decides.")
    kind: Literal["shuffle"] = "shuffle"
    seed: int = Field(default=0, title=tr("Seed"), ge=0)

    def words(self) -> str:
        return tr("Shuffle (seed {seed})", seed=self.seed)


class Cap(StepModel):
    """Keep at most so many rows; golden rows are not counted and stay."""

    title = tr("Cap the number of rows")
    help = tr("Keeps at most so many rows: the first ones, or some drawn by the seed.")
    kind: Literal["cap"] = "cap"
    rows: int = Field(default=1000, title=tr("Rows"), ge=1)
    how: Literal["first", "random"] = Field(default="first", title=tr("Which"))
    seed: int = Field(default=0, title=tr("Seed"), ge=0, json_schema_extra={"needs": {"how": ["random"]}})

    def words(self) -> str:
        which = tr("the first") if self.how == "first" else tr("at random (seed {seed})", seed=self.seed)
        return tr("Keep at most {rows:,} rows, {which}", rows=self.rows, which=which)


class Mix(StepModel):
    """Add rows of another dataset, drawn without replacement.

    `weight` is how many of its rows come to each row that was there before this step and the mixing steps
    right before it, so that several datasets can be mixed as 1 : 0.5 : 0.25; 0 takes all of them.
    """

    title = tr("Mix in another dataset")
    help = tr("Adds rows of another dataset: the weight says how many to each row of this one, 0 takes all.")
    kind: Literal["mix"] = "mix"
    path: str = Field(title=tr("Dataset"), min_length=1, json_schema_extra={"holds": "path"})
    weight: float = Field(default=1.0, title=tr("Weight"), ge=0, allow_inf_nan=False)
    seed: int = Field(default=0, title=tr("Seed"), ge=0)
    grouping: Grouping = GROUPING

    def words(self) -> str:
        if not self.weight:
            return tr("Mix in all of {stem}", stem=PurePath(self.path).stem)
        return tr(
            "Mix in {stem}, {weight:g} of its rows to each of this dataset's",
            stem=PurePath(self.path).stem,
            weight=self.weight,
        )


class Split(StepModel):
    """Divide into train, validation and test; rows that belong together stay on one side, golden rows golden.

    By shares all rows are divided anew; `given` keeps the parts that the source's files say, `column` takes
    them from a column, and both divide by the shares only what has no part.
    """

    title = tr("Split")
    help = tr("Divides into train, validation and test: by shares, as the files are, or by a column.")
    kind: Literal["split"] = "split"
    by: Literal["shares", "given", "column"] = Field(default="shares", title=tr("By"))
    column: str = Field(default="", title=tr("Column"), json_schema_extra={"needs": {"by": ["column"]}})
    validation_share: Share = Field(default=0.1, title=tr("Validation share"))
    test_share: Share = Field(default=0.1, title=tr("Test share"))
    stratify: bool = Field(default=True, title=tr("Balance the labels"))
    seed: int = Field(default=0, title=tr("Seed"), ge=0)
    grouping: Grouping = GROUPING

    @model_validator(mode="after")
    def _sense(self) -> Split:
        if self.by == "column" and not self.column:
            raise Unusable("step.which_column")
        if self.validation_share + self.test_share >= 1:
            raise Unusable("step.shares")
        return self

    def words(self) -> str:
        if self.by == "given":
            return tr("Split as the files are")
        if self.by == "column":
            return tr("Split by the column “{column}”", column=self.column)
        train = 1 - self.validation_share - self.test_share
        shares = " / ".join(f"{100 * s:g}" for s in (round(train, 6), self.validation_share, self.test_share))
        return tr(
            "Split {shares} (seed {seed}{words})",
            shares=shares,
            seed=self.seed,
            words=", labels balanced" if self.stratify else "",
        )


class ReserveGolden(StepModel):
    """Set rows aside that never train and are asked when the run is evaluated, with all that ask the same.

    They come from what is not held out yet, and are a fifth of it at most.
    """

    title = tr("Reserve a golden set")
    help = tr("Sets rows aside that never train, to be asked when a run is evaluated.")
    kind: Literal["reserve_golden"] = "reserve_golden"
    count: int = Field(default=100, title=tr("Rows"), ge=1)
    seed: int = Field(default=0, title=tr("Seed"), ge=0)
    grouping: Grouping = GROUPING

    def words(self) -> str:
        return tr("Reserve {count:,} golden rows (seed {seed})", count=self.count, seed=self.seed)


class _Own(StepModel):
    """Something done by hand to one row: its line, and the digest of what it held just before."""

    line: int = Field(title=tr("Row"), ge=1)
    digest: str = Field(default="", title=tr("Digest of its content"))


def field_words(field: str) -> str | Phrase:
    """A field that is edited, as it is spoken of."""
    code = {"first_prompt": "edit.first_prompt", "rejected": "edit.rejected"}.get(field)
    return phrase(code) if code else field


class Edit(_Own):
    """Give one row another prompt, answer, text, rejected answer or system message."""

    title = tr("Edit a row")
    help = tr("Changes one row by hand.")
    kind: Literal["edit"] = "edit"
    field: Literal["prompt", "first_prompt", "answer", "system", "text", "rejected"] = Field(
        default="answer", title=tr("Field")
    )
    value: str = Field(title=tr("New text"))

    def words(self) -> str:
        return tr(
            "Edit the {field_words} of row {line:,}", field_words=field_words(self.field), line=self.line
        )


class Delete(_Own):
    """Leave one row out."""

    title = tr("Delete a row")
    help = tr("Leaves one row out by hand.")
    kind: Literal["delete"] = "delete"

    def words(self) -> str:
        return tr("Delete row {line:,}", line=self.line)


class Restore(_Own):
    """Take a deletion back."""

    title = tr("Restore a row")
    help = tr("Brings a deleted row back to where it was.")
    kind: Literal["restore"] = "restore"

    def words(self) -> str:
        return tr("Restore row {line:,}", line=self.line)


type AnyStep = (
    Fix | Filter | DropDuplicates | Shuffle | Cap | Mix | Split | ReserveGolden | Edit | Delete | Restore
)
type ByHand = Edit | Delete | Restore
BY_HAND = (Edit, Delete, Restore)
"""The steps that a person does by hand, in the table."""
STEPS: dict[str, type[StepModel]] = {
    str(get_args(step.model_fields["kind"].annotation)[0]): step for step in get_args(AnyStep.__value__)
}
"""Every step by its kind."""

_TAGGED: Any = Annotated[AnyStep.__value__, Field(discriminator="kind")]
_STEP: TypeAdapter[Any] = TypeAdapter(_TAGGED)


def step_from(values: Any) -> AnyStep:
    """The step that JSON values describe. Raises DataError in words a person can act on."""
    try:
        step: AnyStep = _STEP.validate_python(values)
    except ValidationError as error:
        raise _wrong(values, error) from error
    return step


def steps_from(values: Iterable[Any]) -> tuple[AnyStep, ...]:
    """Several of them, in order."""
    return tuple(step_from(item) for item in values)


@lru_cache(maxsize=64)
def steps_in(text: str) -> tuple[AnyStep, ...]:
    """The steps in a recipe's `data.history`: a JSON list. Raises DataError in words a person can act on."""
    if not text.strip():
        return ()
    try:
        values = parsed(text)
    except ValueError as error:
        raise DataError("steps.no_json", fault=error) from error
    if not isinstance(values, list):
        raise DataError("steps.no_list")
    return steps_from(values)


def steps_text(steps: Iterable[AnyStep]) -> str:
    """The steps as `steps_in` reads them; empty for none."""
    plain = [step.model_dump(mode="json", exclude_none=True) for step in steps]
    return json.dumps(plain, ensure_ascii=False) if plain else ""


def steps_written(values: Iterable[Any]) -> tuple[AnyStep, ...]:
    """The steps of a history that was written down, by this release or an earlier one."""
    return tuple(step_from(_as_then(item)) for item in values)


def _as_then(values: Any) -> Any:
    """A step that does not say how it keeps rows together is of a release that did so by their question."""
    if not isinstance(values, dict) or "grouping" in values:
        return values
    step = STEPS.get(str(values.get("kind")))
    return {**values, "grouping": BY_QUESTION} if step and "grouping" in step.model_fields else values


def _wrong(values: Any, error: ValidationError) -> DataError:
    first = error.errors()[0]
    kind = values.get("kind") if isinstance(values, dict) else None
    if not kind:
        return DataError("step.no_kind", kinds=", ".join(STEPS))
    if kind not in STEPS:
        return DataError("step.other_kind_of", kind=kind, kinds=", ".join(STEPS))
    field = ".".join(str(part) for part in first["loc"] if part not in (kind, "kind"))
    if first["type"] == "extra_forbidden":
        if there := ", ".join(STEPS[kind].asked()):
            return DataError("step.no_field", kind=kind, field=field, fields=there)
        return DataError("step.no_fields", kind=kind, field=field)
    reason = wrong_value(field, first) if field else reason_in(first)
    return DataError("step.wrong", kind=kind, reason=reason)
