"""What a person chooses of an evaluation: one description for the form, the flags and the files."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EvaluationOptions(BaseModel):
    """What is measured, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    suite: Literal["quick", "standard", "full"] = Field(
        "standard",
        title="Measures",
        description="How much is measured: quick takes about a minute, full everything there is.",
    )
    measures: tuple[str, ...] = Field(
        (), title="Single measures", description="Only these measures, by their keys, instead of a suite."
    )
    primary: str = Field(
        "",
        title="Primary measure",
        description="The measure that the headline is about, chosen before the start; empty: chosen for you.",
    )
    samples: int = Field(
        1,
        ge=1,
        le=16,
        title="Samples",
        description="Answers to each question; more than one are drawn at temperature 0.7.",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="What is drawn at random is drawn from this."
    )


STANDARD = EvaluationOptions.model_validate({})
"""What is measured where nothing else is asked for."""
