"""The recipe's groups: every field with its title, help, unit, bounds, level, and when it matters.

The training pane, `studio train --set`, recipe files, `run.json` and the README's table are all made from
these declarations.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from studio.catalogue import listed, quoted
from studio.dataset.read.mapping import Mapping
from studio.dataset.record import PAIRED
from studio.errors import DataError
from studio.language import tr


def field(
    default: Any,
    title: str,
    help: str,
    *,
    unit: str = "",
    level: str = "basic",
    needs: dict[str, tuple[Any, ...]] | None = None,
    idle_with: dict[str, Any] | None = None,
    choices: tuple[str, ...] = (),
    zero: str = "",
    **bounds: Any,
) -> Any:
    """A field. `needs` names other fields and the values of theirs with which this one has an effect;
    `idle_with` a combination of values with which it has none; `choices` the usual values of one that takes
    others, too; `zero` what a zero says that is not a quantity.
    """
    extra: JsonDict = {
        "unit": unit,
        "level": level,
        "needs": {name: list(values) for name, values in (needs or {}).items()},
        "idle_with": dict(idle_with or {}),
        "choices": list(choices),
        "zero": zero,
    }
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


class FieldGroup(BaseModel):
    """A group of fields; frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ADAPTERS = ("lora", "dora")


TEMPLATES = ("auto", "chat", "alpaca", "chatml")


def _is_template(value: str) -> str:
    if value in TEMPLATES or value.lower().endswith(".jinja"):
        return value
    choices = listed(quoted(TEMPLATES), "list.more")
    raise PydanticCustomError("template", "no template", {"choices": choices})


def _told(error: DataError) -> dict[str, Any]:
    """What pydantic's error is to hold of ours."""
    return {"reason": str(error).rstrip("."), "said": error.said}


def _is_mapping(value: str) -> str:
    try:
        return Mapping.parse(value).written if value.strip() else ""
    except DataError as error:
        raise PydanticCustomError("columns", "{reason}", _told(error)) from error


def _are_steps(value: str) -> str:
    if not value.strip():
        return ""
    from studio.dataset.steps.steps import steps_in, steps_text  # only where there are any

    try:
        return steps_text(steps_in(value))
    except DataError as error:
        raise PydanticCustomError("steps", "{reason}", _told(error)) from error


class Data(FieldGroup):
    """Which examples, and how they become tokens."""

    path: str = field("", tr("Dataset"), tr("The file with the examples, or a folder of such files."))
    columns: Annotated[str, AfterValidator(_is_mapping)] = field(
        "",
        tr("Columns"),
        tr(
            "Which columns of the file are what, where their names do not say so: role=column with commas "
            "between them, as in prompt=Frage, answer=Antwort. Roles are prompt, input, answer, "
            "system, text, "
            "label, chosen, rejected and messages."
        ),
        level="advanced",
    )
    history: Annotated[str, AfterValidator(_are_steps)] = field(
        "",
        tr("History"),
        tr(
            "What is done to the rows before they are divided and trained: a JSON list of steps, "
            "as `studio data "
            "steps` lists them. The page History of a dataset writes it; the file stays as it is."
        ),
        level="dataset",
    )
    max_length: int = field(
        1024,
        tr("Max length"),
        tr("The longest sequence that is trained; see Too long for what happens to longer examples."),
        unit="tokens",
        ge=8,
        le=131072,
    )
    too_long: Literal["drop", "cut_prompt", "cut_end"] = field(
        "drop",
        tr("Too long"),
        tr(
            "What happens to an example longer than the maximum: it is left out (drop), or loses "
            "the beginning "
            "of its prompt (cut_prompt), or its end, and with it part of the answer (cut_end). Plain text is "
            "divided into pieces instead, so nothing of it is lost."
        ),
        level="advanced",
        needs={"objective": ("sft", *PAIRED)},
    )
    train_on: Literal["answers", "last_answer", "all"] = field(
        "answers",
        tr("Train on"),
        tr(
            "Which tokens are learned: every answer of a conversation, the last one only, or all of the text."
        ),
        level="advanced",
        needs={"objective": ("sft",)},
    )
    template: Annotated[str, AfterValidator(_is_template)] = field(
        "auto",
        tr("Template"),
        tr(
            "How an example becomes text: the model's own chat template, the Alpaca prompt, "
            "ChatML, or a chat "
            "template of yours (the path of a .jinja file). auto is the chat template where the "
            "model has one, "
            "else Alpaca."
        ),
        level="advanced",
        needs={"objective": ("sft", *PAIRED)},
        choices=TEMPLATES,
    )
    packing: bool = field(
        False,
        tr("Packing"),
        tr(
            "Put several short examples into one row, each seeing only itself. Helps where examples are much "
            "shorter than the maximum length and alike; otherwise sorting by length is as fast."
        ),
        level="advanced",
        needs={"objective": ("sft", "text")},
    )
    validation_share: float = field(
        0.1,
        tr("Validation share"),
        tr("The share of examples held out to measure progress during training."),
        level="advanced",
        ge=0.0,
        le=0.5,
    )
    test_share: float = field(
        0.1,
        tr("Test share"),
        tr("The share of examples held out until the evaluation."),
        level="advanced",
        ge=0.0,
        le=0.5,
    )


class Base(FieldGroup):
    """What the run starts from: the model, with what another run made of it, in which form."""

    adapter: str = field(
        "",
        tr("Goes on from"),
        tr(
            "A run, or a folder with an adapter, that this run goes on from; empty starts with "
            "the model as it "
            "is. What was learned there stays frozen underneath, whatever its method, rank and targets were."
        ),
    )
    quantize: Literal["no", "4-bit", "8-bit"] = field(
        "no",
        tr("Quantize"),
        tr(
            "Store the frozen weights in 4 or 8 bits while training (QLoRA): about a quarter or half of the "
            "memory of 16 bits. A model that is quantized already stays as it is."
        ),
        needs={"method": ADAPTERS},
    )
    group_size: Literal["32", "64", "128"] = field(
        "64",
        tr("Group size"),
        tr("How many weights share a scale; smaller is more exact and takes more memory."),
        level="advanced",
        needs={"base.quantize": ("4-bit", "8-bit"), "base.mode": ("affine",)},
    )
    mode: Literal["affine", "mxfp4", "mxfp8", "nvfp4"] = field(
        "affine",
        tr("Mode"),
        tr(
            "How quantized weights are written: with scale and bias (affine), or as small floating point "
            "numbers (mxfp4 and nvfp4 in 4 bits, mxfp8 in 8)."
        ),
        level="advanced",
        needs={"base.quantize": ("4-bit", "8-bit")},
    )
    precision: Literal["model", "float32", "bfloat16", "float16"] = field(
        "model",
        tr("Precision"),
        tr(
            "What a step computes in: as the model was saved, or as chosen. What is trained is "
            "always kept in "
            "float32 and rounded inside the step."
        ),
        level="advanced",
    )


class Scope(FieldGroup):
    """Which parts of the model are trained."""

    layers: int = field(
        0,
        tr("Layers"),
        tr("How many of the last layers are trained, or get an adapter; 0 means all of them."),
        level="advanced",
        ge=0,
        le=1000,
    )
    embeddings: bool = field(
        False,
        tr("Embeddings"),
        tr("Train the token embeddings, too: with an adapter, or whole with the method full."),
        level="advanced",
        idle_with={"method": "full", "scope.layers": 0},
    )
    head: bool = field(
        False,
        tr("Head"),
        tr("Train the output layer, too. Where it is one with the embeddings, that trains both."),
        level="advanced",
        idle_with={"method": "full", "scope.layers": 0},
    )


class Lora(FieldGroup):
    """The low-rank adapter that is trained while the model itself stays frozen."""

    rank: int = field(
        16,
        tr("Rank"),
        tr("How much the adapter can learn; more takes more memory."),
        needs={"method": ADAPTERS},
        ge=1,
        le=1024,
    )
    alpha: float = field(
        32.0,
        tr("Alpha"),
        tr("The adapter's strength: its output is scaled by alpha / rank. Twice the rank is a good start."),
        needs={"method": ADAPTERS},
        gt=0,
        le=4096,
    )
    dropout: float = field(
        0.0,
        tr("Dropout"),
        tr(
            "The share of adapter inputs silenced at random each step; 0.05 to 0.2 helps against overfitting."
        ),
        level="advanced",
        needs={"method": ADAPTERS},
        ge=0.0,
        lt=1.0,
    )
    targets: str = field(
        "all",
        tr("Targets"),
        tr(
            "Which linear layers get an adapter: all, or names such as q_proj, v_proj, with "
            "commas between. all "
            "leaves out what chooses among the experts of a mixture; all, routers does not."
        ),
        level="advanced",
        needs={"method": ADAPTERS},
    )
    rank_stabilized: bool = field(
        False,
        tr("Rank-stabilized"),
        tr("Scale by alpha / √rank, so that the strength does not fall as the rank grows (rsLoRA)."),
        level="advanced",
        needs={"method": ADAPTERS},
    )


class Preference(FieldGroup):
    """Learning from pairs of a chosen and a rejected answer."""

    beta: float = field(
        0.1,
        tr("Beta"),
        tr(
            "DPO: how closely the model is held to where it started; higher is closer. ORPO: the "
            "weight of the "
            "preference beside the ordinary loss."
        ),
        needs={"objective": ("dpo", "orpo")},
        gt=0,
        le=10,
    )
    simpo_beta: float = field(
        2.0,
        tr("Scale"),
        tr(
            "SimPO: how much the mean log-probability of an answer's tokens counts; higher is a harder "
            "choice between the two answers."
        ),
        needs={"objective": ("simpo",)},
        gt=0,
        le=100,
    )
    simpo_gamma: float = field(
        1.0,
        tr("Margin"),
        tr("SimPO: by how much the chosen answer is to lead, after the scale; half of the scale is usual."),
        needs={"objective": ("simpo",)},
        ge=0,
        le=100,
    )
