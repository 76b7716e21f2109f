"""How the next token is drawn. Plain values here, so that the window can hold them without MLX."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from studio.catalogue import Unusable
from studio.language import tr

LOWEST_TEMPERATURE = 1e-3
MOST_STOPS = 16
_STEP: JsonDict = {"step": 0.05}
"""How far the arrow keys change a share or a penalty in a form."""


class Sampling(BaseModel):
    """The sampling controls of the playground and of `studio chat`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    temperature: float = Field(
        0.7,
        ge=0,
        le=2,
        json_schema_extra=_STEP,
        title=tr("Temperature"),
        description=tr("0 always takes the likeliest token."),
    )
    top_p: float = Field(
        0.9,
        gt=0,
        le=1,
        json_schema_extra=_STEP,
        title=tr("Top-p"),
        description=tr("Draw from the likeliest tokens that make up this share."),
    )
    min_p: float = Field(
        0.0,
        ge=0,
        le=1,
        json_schema_extra=_STEP,
        title=tr("Min-p"),
        description=tr(
            "Draw from tokens that are at least this share as likely as the likeliest; 0 means all."
        ),
    )
    top_k: int = Field(
        50,
        ge=0,
        le=1000,
        title=tr("Top-k"),
        description=tr("Draw from this many likeliest tokens; 0 means all."),
    )
    repetition_penalty: float = Field(
        1.1,
        ge=1,
        le=2,
        json_schema_extra=_STEP,
        title=tr("Repetition penalty"),
        description=tr("Above 1, tokens of the prompt and of the answer so far become less likely."),
    )
    presence_penalty: float = Field(
        0.0,
        ge=-2,
        le=2,
        json_schema_extra=_STEP,
        title=tr("Presence penalty"),
        description=tr("Taken from the logit of every token that stands in the prompt or the answer so far."),
    )
    frequency_penalty: float = Field(
        0.0,
        ge=-2,
        le=2,
        json_schema_extra=_STEP,
        title=tr("Frequency penalty"),
        description=tr("The same, once for each time that the token stands there."),
    )
    penalty_window: int = Field(
        0,
        ge=0,
        le=100_000,
        title=tr("Penalty window"),
        description=tr("How many tokens back the three penalties look; 0 means all of them."),
    )
    max_tokens: int = Field(
        512, ge=1, le=8192, title=tr("Max new tokens"), description=tr("Where an answer is cut.")
    )
    stop: tuple[str, ...] = Field(
        (),
        max_length=MOST_STOPS,
        title=tr("Stop at"),
        description=tr("Texts before which an answer ends. A line end is written \\n, a tab \\t."),
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title=tr("Seed"),
        description=tr("The same seed, prompt and model give the same answer."),
    )

    @field_validator("stop")
    @classmethod
    def _none_empty(cls, stop: tuple[str, ...]) -> tuple[str, ...]:
        if not all(stop):
            raise Unusable("value.empty_stop")
        return stop

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest token is taken: what is drawn at so low a temperature is only rounding."""
        return self.temperature < LOWEST_TEMPERATURE


_ESCAPED = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


def read_stop(written: str) -> str:
    """A text to stop at as a person writes it in a line, with \\n for a line end."""
    return re.sub(r"\\[nt\\]", lambda found: _ESCAPED[found[0]], written)


def write_stop(stop: str) -> str:
    """The line that `read_stop` makes this text of."""
    return stop.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


GREEDY = Sampling.model_validate(
    {"temperature": 0.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0, "max_tokens": 64}
)
"""Deterministic answers, for measuring."""
