"""The recipe's groups: every field with its title, help, unit, bounds, level, and when it matters.

The training pane, `studio train --set`, recipe files, `run.json` and the README's table are all made from
these declarations.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from studio.dataset.read.mapping import Mapping
from studio.errors import DataError


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


class Part(BaseModel):
    """A group of fields; frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


PREFERENCE = ("dpo", "orpo")
ADAPTERS = ("lora", "dora")


TEMPLATES = ("auto", "chat", "alpaca", "chatml")


def _is_template(value: str) -> str:
    if value in TEMPLATES or value.lower().endswith(".jinja"):
        return value
    choices = ", ".join(f"'{name}'" for name in TEMPLATES)
    raise PydanticCustomError("template", f"Input should be {choices} or the path of a .jinja file")


def _is_mapping(value: str) -> str:
    try:
        return Mapping.parse(value).written if value.strip() else ""
    except DataError as error:
        raise PydanticCustomError("columns", "{reason}", {"reason": str(error).rstrip(".")}) from error


class Data(Part):
    """Which examples, and how they become tokens."""

    path: str = field("", "Dataset", "The file with the examples, or a folder of such files.")
    columns: Annotated[str, AfterValidator(_is_mapping)] = field(
        "",
        "Columns",
        "Which columns of the file are what, where their names do not say so: role=column with commas "
        "between them, as in prompt=Frage, answer=Antwort. Roles are prompt, input, answer, system, text, "
        "label, chosen, rejected and messages.",
        level="advanced",
    )
    max_length: int = field(
        1024,
        "Max length",
        "The longest sequence that is trained; see Too long for what happens to longer examples.",
        unit="tokens",
        ge=8,
        le=131072,
    )
    too_long: Literal["drop", "cut_prompt", "cut_end"] = field(
        "drop",
        "Too long",
        "What happens to an example longer than the maximum: it is left out (drop), or loses the beginning "
        "of its prompt (cut_prompt), or its end, and with it part of the answer (cut_end). Plain text is "
        "divided into pieces instead, so nothing of it is lost.",
        level="advanced",
        needs={"objective": ("sft", *PREFERENCE)},
    )
    train_on: Literal["answers", "last_answer", "all"] = field(
        "answers",
        "Train on",
        "Which tokens are learned: every answer of a conversation, the last one only, or all of the text.",
        level="advanced",
        needs={"objective": ("sft",)},
    )
    template: Annotated[str, AfterValidator(_is_template)] = field(
        "auto",
        "Template",
        "How an example becomes text: the model's own chat template, the Alpaca prompt, ChatML, or a chat "
        "template of yours (the path of a .jinja file). auto is the chat template where the model has one, "
        "else Alpaca.",
        level="advanced",
        needs={"objective": ("sft", *PREFERENCE)},
        choices=TEMPLATES,
    )
    packing: bool = field(
        False,
        "Packing",
        "Put several short examples into one row, each seeing only itself. Helps where examples are much "
        "shorter than the maximum length and alike; otherwise sorting by length is as fast.",
        level="advanced",
        needs={"objective": ("sft", "text")},
    )
    validation_share: float = field(
        0.1,
        "Validation share",
        "The share of examples held out to measure progress during training.",
        level="advanced",
        ge=0.0,
        le=0.5,
    )
    test_share: float = field(
        0.1,
        "Test share",
        "The share of examples held out until the evaluation.",
        level="advanced",
        ge=0.0,
        le=0.5,
    )


class Base(Part):
    """The form in which the model's own weights are held and computed with."""

    quantize: Literal["no", "4-bit", "8-bit"] = field(
        "no",
        "Quantize",
        "Store the frozen weights in 4 or 8 bits while training (QLoRA): about a quarter or half of the "
        "memory of 16 bits. A model that is quantized already stays as it is.",
        needs={"method": ADAPTERS},
    )
    group_size: Literal["32", "64", "128"] = field(
        "64",
        "Group size",
        "How many weights share a scale; smaller is more exact and takes more memory.",
        level="advanced",
        needs={"base.quantize": ("4-bit", "8-bit"), "base.mode": ("affine",)},
    )
    mode: Literal["affine", "mxfp4", "mxfp8", "nvfp4"] = field(
        "affine",
        "Mode",
        "How quantized weights are written: with scale and bias (affine), or as small floating point "
        "numbers (mxfp4 and nvfp4 in 4 bits, mxfp8 in 8).",
        level="advanced",
        needs={"base.quantize": ("4-bit", "8-bit")},
    )
    precision: Literal["model", "float32", "bfloat16", "float16"] = field(
        "model",
        "Precision",
        "What a step computes in: as the model was saved, or as chosen. What is trained is always kept in "
        "float32 and rounded inside the step.",
        level="advanced",
    )


class Scope(Part):
    """Which parts of the model are trained."""

    layers: int = field(
        0,
        "Layers",
        "How many of the last layers are trained, or get an adapter; 0 means all of them.",
        level="advanced",
        ge=0,
        le=1000,
    )
    embeddings: bool = field(
        False,
        "Embeddings",
        "Train the token embeddings, too: with an adapter, or whole with the method full.",
        level="advanced",
        idle_with={"method": "full", "scope.layers": 0},
    )
    head: bool = field(
        False,
        "Head",
        "Train the output layer, too. Where it is one with the embeddings, that trains both.",
        level="advanced",
        idle_with={"method": "full", "scope.layers": 0},
    )


class Lora(Part):
    """The low-rank adapter that is trained while the model itself stays frozen."""

    rank: int = field(
        16,
        "Rank",
        "How much the adapter can learn; more takes more memory.",
        needs={"method": ADAPTERS},
        ge=1,
        le=1024,
    )
    alpha: float = field(
        32.0,
        "Alpha",
        "The adapter's strength: its output is scaled by alpha / rank. Twice the rank is a good start.",
        needs={"method": ADAPTERS},
        gt=0,
        le=4096,
    )
    dropout: float = field(
        0.0,
        "Dropout",
        "The share of adapter inputs silenced at random each step; 0.05 to 0.2 helps against overfitting.",
        level="advanced",
        needs={"method": ADAPTERS},
        ge=0.0,
        lt=1.0,
    )
    targets: str = field(
        "all",
        "Targets",
        "Which linear layers get an adapter: all, or names such as q_proj, v_proj, with commas between. all "
        "leaves out what chooses among the experts of a mixture; all, routers does not.",
        level="advanced",
        needs={"method": ADAPTERS},
    )
    rank_stabilized: bool = field(
        False,
        "Rank-stabilized",
        "Scale by alpha / √rank, so that the strength does not fall as the rank grows (rsLoRA).",
        level="advanced",
        needs={"method": ADAPTERS},
    )


class Preference(Part):
    """Learning from pairs of a chosen and a rejected answer."""

    beta: float = field(
        0.1,
        "Beta",
        "DPO: how closely the model is held to where it started; higher is closer. ORPO: the weight of the "
        "preference beside the ordinary loss.",
        needs={"objective": PREFERENCE},
        gt=0,
        le=10,
    )


class Optimizer(Part):
    """How gradients become updates, and at which rate."""

    name: Literal["adamw", "adamw8bit", "adafactor", "lion", "muon", "sgd"] = field(
        "adamw",
        "Optimizer",
        "AdamW; AdamW with its state in 8 bits; Adafactor and Lion, which keep less; Muon, which "
        "orthogonalizes matrix updates; or plain SGD.",
        level="advanced",
    )
    learning_rate: float | None = field(
        None,
        "Learning rate",
        "The highest rate of the schedule. Empty: chosen from the model's width, the method and the "
        "optimizer (wider models learn well at lower rates).",
        gt=0,
        le=1.0,
    )
    schedule: Literal["cosine", "linear", "constant"] = field(
        "cosine",
        "Schedule",
        "How the rate falls after the warmup: along a cosine, a line, or not at all.",
        level="advanced",
    )
    warmup: float = field(
        0.05,
        "Warmup",
        "The share of steps during which the rate rises from zero.",
        level="advanced",
        needs={"optimizer.warmup_steps": (0,)},
        ge=0.0,
        le=0.9,
    )
    warmup_steps: int = field(
        0,
        "Warmup steps",
        "The same as a number of steps; 0 means that the share counts.",
        unit="steps",
        level="advanced",
        ge=0,
        le=1_000_000,
    )
    floor: float = field(
        0.0,
        "Floor",
        "Where the schedule ends, as a share of the highest rate.",
        level="advanced",
        needs={"optimizer.schedule": ("cosine", "linear")},
        ge=0.0,
        le=1.0,
    )
    weight_decay: float = field(
        0.0,
        "Weight decay",
        "Pulls trained weights towards zero each step; with the method full not norms and biases.",
        level="advanced",
        ge=0.0,
        le=1.0,
    )
    clip: float = field(
        1.0,
        "Clip norm",
        "Gradients longer than this are shortened to it; 0 switches clipping off.",
        level="advanced",
        ge=0.0,
        le=1000.0,
    )
    lora_plus: float = field(
        1.0,
        "LoRA+ ratio",
        "How much faster the second matrix of each adapter learns than the first; 16 is the LoRA+ paper's "
        "choice, 1 is plain LoRA.",
        level="advanced",
        needs={"method": ADAPTERS},
        ge=1.0,
        le=128.0,
    )


class Loop(Part):
    """How long to train, in what micro-batches, and how often to look and save."""

    epochs: float = field(
        3.0,
        "Epochs",
        "How many times every training example is read.",
        needs={"loop.steps": (0,)},
        gt=0,
        le=1000,
    )
    steps: int = field(
        0,
        "Steps",
        "How many optimizer steps to make; 0 means that the epochs count.",
        unit="steps",
        level="advanced",
        ge=0,
        le=10_000_000,
    )
    batch_size: int = field(
        8, "Batch", "Examples in a batch (for DPO and ORPO: pairs); more is smoother.", ge=1, le=1024
    )
    accumulation: int = field(
        1,
        "Accumulation",
        "Batches whose gradients are added up before each step, weighted by their trained tokens.",
        ge=1,
        le=1024,
    )
    tokens_at_once: int = field(
        0,
        "Tokens at once",
        "The most tokens computed at once: a batch that is larger is computed in parts, with the same "
        "result and less memory. 0 chooses for this machine.",
        unit="tokens",
        level="advanced",
        ge=0,
        le=10_000_000,
    )
    checkpointing: bool = field(
        False,
        "Gradient checkpointing",
        "Keep only what enters each layer and compute the rest again when it is needed: less memory for "
        "about a third more time.",
        level="advanced",
    )
    prefix_cache: Literal["auto", "off", "memory", "disk"] = field(
        "auto",
        "Prefix cache",
        "When only the last layers are trained: compute what enters them once, and keep it in memory or on "
        "disk for every later epoch. auto does so in memory where it fits.",
        level="advanced",
    )
    neftune: float = field(
        0.0,
        "NEFTune alpha",
        "Noise on the embeddings while training, against overfitting; 5 is the paper's choice, 0 is off.",
        level="advanced",
        ge=0.0,
        le=100.0,
    )
    validate_every: int = field(
        0,
        "Validate every",
        "Measure the validation loss this often; 0 means up to ten times, and with the checkpoints at most "
        "about a tenth of the time.",
        unit="steps",
        level="advanced",
        ge=0,
    )
    patience: int = field(
        0,
        "Patience",
        "Stop when this many validations in a row bring no better loss; 0 trains to the end.",
        unit="validations",
        level="advanced",
        ge=0,
        le=1000,
    )
    save_every: int = field(
        0,
        "Save every",
        "Write a checkpoint this often; 0 means with every validation.",
        unit="steps",
        level="advanced",
        ge=0,
    )
    keep: int = field(
        2,
        "Keep",
        "How many of the last checkpoints to keep, besides the best.",
        level="advanced",
        ge=1,
        le=100,
    )
    rest: float = field(
        0.0,
        "Rest",
        "Leave the Mac usable and cool: the share of time to pause between steps.",
        level="advanced",
        ge=0.0,
        le=0.9,
    )
    seed: int = field(
        0,
        "Seed",
        "Fixes the split, the order of examples, the adapter's start and dropout.",
        level="advanced",
        ge=0,
        le=2**31 - 1,
    )


class Watch(Part):
    """What else is looked at while the run goes on, and who else is told."""

    forgetting: bool = field(
        True,
        "Forgetting probe",
        "Measure the loss on general text with every validation: where it rises, the model forgets.",
        level="advanced",
    )
    prompts: str = field(
        "",
        "Sample prompts",
        "Prompts to answer with every validation, one per line.",
        unit="one per line",
        level="advanced",
    )
    sample_tokens: int = field(
        64,
        "Sample length",
        "The most tokens of a sample answer.",
        unit="tokens",
        level="advanced",
        ge=1,
        le=4096,
    )
    tensorboard: bool = field(
        False,
        "TensorBoard",
        "Write the curves for TensorBoard, too, into the run's folder.",
        level="advanced",
    )
    wandb: str = field(
        "",
        "W&B project",
        "Send the curves to this Weights & Biases project. Empty: nothing leaves this Mac.",
        level="advanced",
    )
