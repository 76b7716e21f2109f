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
    judge: str = Field(
        "",
        title="Judge",
        description="Who judges the answers: base, the folder of a model, or the address of an "
        "OpenAI-compatible server.",
    )
    judge_model: str = Field(
        "", title="Judge's model", description="What the server calls the model that judges."
    )
    judge_rows: int = Field(
        50,
        ge=2,
        le=10_000,
        title="Rows to judge",
        description="How many rows of the golden set are judged, in both orders.",
    )
    rubrics: tuple[str, ...] = Field(
        (), title="Rubrics", description="Files of rubrics of your own, beside the four that ship."
    )


STANDARD = EvaluationOptions.model_validate({})
"""What is measured where nothing else is asked for."""
