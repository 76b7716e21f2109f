"""What is asked of making more: one frozen description for the form, the command line and the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from studio.catalogue import Unusable
from studio.generate.address import secret_in
from studio.language import tr
from studio.recipe.fields import field

type GeneratorName = Literal[
    "paraphrase", "question", "answer", "back-translation", "noise", "passages", "seeds"
]


_WRITTEN = "written"
"""The context of a plan that is read again."""


class Plan(BaseModel):
    """How rows are made, from what and by which model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    maker: GeneratorName = Field("passages", title=tr("Way"), description=tr("How rows are made."))
    data: str = Field("", title=tr("Examples"), description=tr("The dataset that is to have more rows."))
    columns: str = Field(
        "",
        title=tr("Columns"),
        description=tr("Which columns of the dataset are what, as the recipe's data.columns says it."),
    )
    history: str = Field(
        "",
        title=tr("History"),
        description=tr("What is done to the dataset's rows first, as the recipe's data.history says it."),
    )
    documents: tuple[str, ...] = Field(
        (), title=tr("Documents"), description=tr("Files to take passages from.")
    )
    model: str = Field(
        "starter",
        title=tr("Model"),
        description=tr('A model folder, "starter", or the name the server knows its model by.'),
    )
    server: str = Field(
        "",
        title=tr("Server"),
        description=tr(
            "The address of an OpenAI-compatible server, such as http://localhost:11434/v1; "
            "empty for a model on this Mac."
        ),
    )
    sources: int = field(
        0, tr("Sources"), tr("How many examples or passages to start from; 0 takes all."), zero="all", ge=0
    )
    each: int = field(
        3,
        tr("Rows each"),
        tr("Rows to ask for at a time."),
        needs={"maker": ("passages", "seeds")},
        ge=1,
        le=20,
    )
    language: str = field(
        tr("English"),
        tr("Language"),
        tr("The language of the examples."),
        needs={"maker": ("back-translation",)},
    )
    through: str = field(
        tr("German"),
        tr("Through"),
        tr("The language to translate through and back."),
        needs={"maker": ("back-translation",)},
    )
    noise: float = field(
        0.1, tr("Typos"), tr("The share of words that are mistyped."), needs={"maker": ("noise",)}, gt=0, le=1
    )
    temperature: float = field(
        0.7,
        tr("Temperature"),
        tr("0 always says the likeliest."),
        level="advanced",
        idle_with={"maker": "noise"},
        ge=0,
        le=2,
    )
    max_tokens: int = field(
        768,
        tr("Max new tokens"),
        tr("Where a reply is cut."),
        level="advanced",
        idle_with={"maker": "noise"},
        ge=16,
        le=8192,
    )
    longest: int = field(
        4000,
        tr("Longest"),
        tr("Characters in a request or an answer."),
        unit="characters",
        level="advanced",
        ge=50,
    )
    seed: int = field(
        0, tr("Seed"), tr("Draws the sources and the typos."), level="advanced", ge=0, le=2**31 - 1
    )

    @field_validator("server")
    @classmethod
    def _no_secret(cls, server: str, asked: ValidationInfo) -> str:
        """An address is written down in the synthesis's folder, so it may hold no key."""
        if asked.context != _WRITTEN and (secret := secret_in(server)):
            raise Unusable(secret)
        return server

    @classmethod
    def written(cls, values: Any) -> Plan:
        """The plan that a folder holds, also one that would not be written today. Raises ValidationError."""
        return cls.model_validate(values, context=_WRITTEN)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it reads, whole paths: the dataset and the documents."""
        named = (*((self.data,) if self.data else ()), *self.documents)
        return tuple(str(Path(name).expanduser().absolute()) for name in named)
