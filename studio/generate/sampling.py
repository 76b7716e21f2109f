"""How the next token is drawn. Plain values here, so that the window can hold them without MLX."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Sampling(BaseModel):
    """The sampling controls of the playground and of `studio chat`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(
        0.7, ge=0, le=2, title="Temperature", description="0 always takes the likeliest token."
    )
    top_p: float = Field(
        0.9, gt=0, le=1, title="Top-p", description="Draw from the likeliest tokens that make up this share."
    )
    top_k: int = Field(
        50, ge=0, le=1000, title="Top-k", description="Draw from this many likeliest tokens; 0 means all."
    )
    repetition_penalty: float = Field(
        1.1,
        ge=1,
        le=2,
        title="Repetition penalty",
        description="Above 1, what the answer has already said becomes less likely.",
    )
    max_tokens: int = Field(512, ge=1, le=8192, title="Max new tokens", description="Where an answer is cut.")
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="The same seed, prompt and model give the same answer.",
    )


GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=0, repetition_penalty=1.0, max_tokens=64, seed=0)
"""Deterministic answers, for measuring."""
