"""The step that keeps or removes rows by what they hold."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from studio.data.history.step import StepModel

Where = Literal["prompt", "answer", "anywhere"]


class Filter(StepModel):
    """Keep or remove the rows that meet all the conditions given. Lengths are those of the whole row."""

    title = "Filter rows"
    help = "Keeps or removes rows by length, by text, or by label."
    kind: Literal["filter"] = "filter"
    action: Literal["keep", "remove"] = Field(default="keep", title="Rows that meet all of this")
    min_characters: int | None = Field(
        default=None, title="At least", ge=0, json_schema_extra={"unit": "characters"}
    )
    max_characters: int | None = Field(
        default=None, title="At most", ge=0, json_schema_extra={"unit": "characters"}
    )
    min_tokens: int | None = Field(default=None, title="At least", ge=0, json_schema_extra={"unit": "tokens"})
    max_tokens: int | None = Field(default=None, title="At most", ge=0, json_schema_extra={"unit": "tokens"})
    contains: str = Field(default="", title="Contains the text")
    pattern: str = Field(default="", title="Matches the regular expression")
    where: Where = Field(default="anywhere", title="Looked for in")
    label: str = Field(default="", title="Has the label")
    any_case: bool = Field(default=False, title="Ignore capital letters")
    faultless: bool = Field(default=False, title="Has an answer, other than its prompt")

    @model_validator(mode="after")
    def _sense(self) -> Filter:
        conditions = self.model_dump(exclude={"kind", "action", "where", "any_case"}, exclude_defaults=True)
        if not conditions:
            raise ValueError("a filter needs a condition: a length, a text, a pattern or a label")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"{self.pattern!r} is not a regular expression: {error}") from error
        return self

    @property
    def counts_tokens(self) -> bool:
        """Whether it needs a model to count with."""
        return self.min_tokens is not None or self.max_tokens is not None

    def words(self) -> str:
        lengths = [
            f"{self.min_characters:,} characters or more" if self.min_characters is not None else "",
            f"{self.max_characters:,} characters or fewer" if self.max_characters is not None else "",
            f"{self.min_tokens:,} tokens or more" if self.min_tokens is not None else "",
            f"{self.max_tokens:,} tokens or fewer" if self.max_tokens is not None else "",
        ]
        place = "" if self.where == "anywhere" else f" in the {self.where}"
        texts = [
            f"“{self.contains}”{place}" if self.contains else "",
            f"a match of /{self.pattern}/{place}" if self.pattern else "",
            f"the label “{self.label}”" if self.label else "",
            "an answer other than its prompt" if self.faultless else "",
        ]
        return f"{self.action.capitalize()} rows with {' and '.join(filter(None, (*lengths, *texts)))}"
