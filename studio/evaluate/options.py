"""What a person chooses of an evaluation: one description for the form, the flags and the files."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from studio.language import tr

LATER: JsonDict = {"level": "advanced"}
"""Of fields that a form folds away."""


class EvaluationOptions(BaseModel):
    """What is measured, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    suite: Literal["quick", "standard", "full"] = Field(
        "standard",
        title=tr("Measures"),
        description=tr("How much is measured: quick takes about a minute, full everything there is."),
    )
    measures: tuple[str, ...] = Field(
        (),
        title=tr("Single measures"),
        description=tr("Only these measures, by their keys, instead of a suite."),
    )
    primary: str = Field(
        "",
        title=tr("Primary measure"),
        description=tr(
            "The measure that the headline is about, chosen before the start; empty: chosen for you."
        ),
    )
    scorers: str = Field(
        "",
        title=tr("Scorers"),
        description=tr(
            "How answers are scored where a row of the golden set has no checks: contains, f1, "
            "not-regex, … with commas between; empty: exact match."
        ),
        json_schema_extra=LATER,
    )
    embedder: str = Field(
        "",
        title=tr("Model for meanings"),
        description=tr("Whose states say how near an answer is to the ideal one: base, or a model's folder."),
        json_schema_extra=LATER,
    )
    samples: int = Field(
        1,
        ge=1,
        le=16,
        title=tr("Samples"),
        description=tr("Answers to each question; more than one are drawn at temperature 0.7."),
        json_schema_extra=LATER,
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title=tr("Seed"),
        description=tr("What is drawn at random is drawn from this."),
        json_schema_extra=LATER,
    )
    judge: str = Field(
        "",
        title=tr("Judge"),
        description=tr(
            "Who judges the answers: base, the folder of a model, or the address of an "
            "OpenAI-compatible server."
        ),
    )
    judge_model: str = Field(
        "",
        title=tr("Judge's model"),
        description=tr("What the server calls the model that judges."),
        json_schema_extra=LATER,
    )
    judge_rows: int = Field(
        50,
        ge=2,
        le=10_000,
        title=tr("Rows to judge"),
        description=tr("How many rows of the golden set are judged, in both orders."),
        json_schema_extra=LATER,
    )
    rubrics: tuple[str, ...] = Field(
        (),
        title=tr("Rubrics"),
        description=tr("Files of rubrics of your own, beside the four that ship."),
        json_schema_extra=LATER,
    )
    tasks: tuple[str, ...] = Field(
        (),
        title=tr("Benchmarks"),
        description=tr(
            "Tasks of lm-evaluation-harness, by name (mmlu, arc_challenge, gsm8k, …) or as "
            "the path of a .yaml file; several with commas between."
        ),
    )
    limit: int = Field(
        100,
        ge=0,
        le=100_000,
        title=tr("Rows of each benchmark"),
        description=tr("The first so many rows of each task are asked; 0 means all."),
        json_schema_extra=LATER,
    )
    shots: int = Field(
        -1,
        ge=-1,
        le=100,
        title=tr("Solved examples"),
        description=tr("How many stand before each question of a benchmark; -1 means the usual number."),
        json_schema_extra=LATER,
    )
    chat_template: bool = Field(
        False,
        title=tr("In the chat template"),
        description=tr(
            "Ask benchmarks in the template that was tuned with; published figures of base models "
            "are without."
        ),
        json_schema_extra=LATER,
    )
    benchmark_rows: str = Field(
        "",
        title=tr("Folder of benchmark rows"),
        description=tr("Where rows lie that are not fetched: TASK/SPLIT.jsonl in the columns of the task."),
        json_schema_extra=LATER,
    )
    download: bool = Field(
        False,
        title=tr("Fetch benchmark rows"),
        description=tr("Fetch from the Hub the rows of benchmarks that are not on this computer."),
        json_schema_extra=LATER,
    )
    task_code: bool = Field(
        False,
        title=tr("Run code of own tasks"),
        description=tr(
            "Run the Python functions that benchmark files of your own name. Only for files that you "
            "trust: code can do whatever you can."
        ),
        json_schema_extra=LATER,
    )
    system_prompt: str = Field(
        "",
        title=tr("System prompt"),
        description=tr(
            "What the model is told first where a better prompt competes; empty: made of the training rows."
        ),
    )
    examples: int = Field(
        4,
        ge=0,
        le=32,
        title=tr("Examples in the prompt"),
        description=tr("How many training rows are shown where solved examples compete."),
        json_schema_extra=LATER,
    )
    documents: tuple[str, ...] = Field(
        (),
        title=tr("Documents"),
        description=tr(
            "Files that passages are taken from where retrieval competes; none: the training rows."
        ),
    )
    passages: int = Field(
        3,
        ge=1,
        le=20,
        title=tr("Passages"),
        description=tr("How many passages are read before each question where retrieval competes."),
        json_schema_extra=LATER,
    )
    choices: str = Field(
        "",
        title=tr("Multiple choice"),
        description=tr('A file of your own, of lines like {"question", "choices", "answer", "category"}.'),
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
