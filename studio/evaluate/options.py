"""What a person chooses of an evaluation: one description for the form, the flags and the files."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

LATER: JsonDict = {"level": "advanced"}
"""Of fields that a form folds away."""


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
    scorers: str = Field(
        "",
        title="Scorers",
        description="How answers are scored where a row of the golden set has no checks: contains, f1, "
        "not-regex, … with commas between; empty: exact match.",
        json_schema_extra=LATER,
    )
    embedder: str = Field(
        "",
        title="Model for meanings",
        description="Whose states say how near an answer is to the ideal one: base, or a model's folder.",
        json_schema_extra=LATER,
    )
    samples: int = Field(
        1,
        ge=1,
        le=16,
        title="Samples",
        description="Answers to each question; more than one are drawn at temperature 0.7.",
        json_schema_extra=LATER,
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="What is drawn at random is drawn from this.",
        json_schema_extra=LATER,
    )
    judge: str = Field(
        "",
        title="Judge",
        description="Who judges the answers: base, the folder of a model, or the address of an "
        "OpenAI-compatible server.",
    )
    judge_model: str = Field(
        "",
        title="Judge's model",
        description="What the server calls the model that judges.",
        json_schema_extra=LATER,
    )
    judge_rows: int = Field(
        50,
        ge=2,
        le=10_000,
        title="Rows to judge",
        description="How many rows of the golden set are judged, in both orders.",
        json_schema_extra=LATER,
    )
    rubrics: tuple[str, ...] = Field(
        (),
        title="Rubrics",
        description="Files of rubrics of your own, beside the four that ship.",
        json_schema_extra=LATER,
    )
    tasks: tuple[str, ...] = Field(
        (),
        title="Benchmarks",
        description="Tasks of lm-evaluation-harness, by name (mmlu, arc_challenge, gsm8k, …) or as "
        "the path of a .yaml file; several with commas between.",
    )
    limit: int = Field(
        100,
        ge=0,
        le=100_000,
        title="Rows of each benchmark",
        description="The first so many rows of each task are asked; 0 means all.",
        json_schema_extra=LATER,
    )
    shots: int = Field(
        -1,
        ge=-1,
        le=100,
        title="Solved examples",
        description="How many stand before each question of a benchmark; -1 means the usual number.",
        json_schema_extra=LATER,
    )
    chat_template: bool = Field(
        False,
        title="In the chat template",
        description="Ask benchmarks in the template that was tuned with; published figures of base models "
        "are without.",
        json_schema_extra=LATER,
    )
    benchmark_rows: str = Field(
        "",
        title="Folder of benchmark rows",
        description="Where rows lie that are not fetched: TASK/SPLIT.jsonl in the columns of the task.",
        json_schema_extra=LATER,
    )
    download: bool = Field(
        False,
        title="Fetch benchmark rows",
        description="Fetch from the Hub the rows of benchmarks that are not on this computer.",
        json_schema_extra=LATER,
    )
    task_code: bool = Field(
        False,
        title="Run code of own tasks",
        description="Run the Python functions that benchmark files of your own name. Only for files that you "
        "trust: code can do whatever you can.",
        json_schema_extra=LATER,
    )
    system_prompt: str = Field(
        "",
        title="System prompt",
        description="What the model is told first where a better prompt competes; empty: made of the "
        "training rows.",
    )
    examples: int = Field(
        4,
        ge=0,
        le=32,
        title="Examples in the prompt",
        description="How many training rows are shown where solved examples compete.",
        json_schema_extra=LATER,
    )
    documents: tuple[str, ...] = Field(
        (),
        title="Documents",
        description="Files that passages are taken from where retrieval competes; none: the training rows.",
    )
    passages: int = Field(
        3,
        ge=1,
        le=20,
        title="Passages",
        description="How many passages are read before each question where retrieval competes.",
        json_schema_extra=LATER,
    )
    choices: str = Field(
        "",
        title="Multiple choice",
        description='A file of your own, of lines like {"question", "choices", "answer", "category"}.',
        json_schema_extra=LATER,
    )

    @field_validator("tasks", mode="before")
    @classmethod
    def _apart(cls, tasks: Any) -> Any:
        """Several tasks in one word, with commas between."""
        if not isinstance(tasks, list | tuple):
            return tasks
        return tuple(name.strip() for each in tasks for name in str(each).split(",") if name.strip())

    @property
    def usual_shots(self) -> int | None:
        """How many solved examples are asked for; None for the usual number."""
        return None if self.shots < 0 else self.shots


STANDARD = EvaluationOptions.model_validate({})
"""What is measured where nothing else is asked for."""
QUICK = EvaluationOptions.model_validate({"suite": "quick"})
"""What a first look takes."""
