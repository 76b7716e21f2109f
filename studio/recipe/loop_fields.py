"""The recipe's groups about the loop: the optimizer, steps and epochs, and what is looked at meanwhile."""

from __future__ import annotations

from typing import Literal

from studio.language import tr
from studio.process import is_application
from studio.recipe.fields import ADAPTERS, FieldGroup, field


def about_wandb() -> str:
    """What is said of the field; the application, which has no such package, says that, too."""
    said = tr("Send the curves to this Weights & Biases project. Empty: nothing leaves this Mac.")
    if is_application():
        return f"{tr('Not in the application: install Tuning Studio from its source to use it.')} {said}"
    return said


class Optimizer(FieldGroup):
    """How gradients become updates, and at which rate."""

    name: Literal["adamw", "adamw8bit", "adafactor", "lion", "muon", "sgd"] = field(
        "adamw",
        tr("Optimizer"),
        tr(
            "AdamW; AdamW with its state in 8 bits; Adafactor and Lion, which keep less; Muon, which "
            "orthogonalizes matrix updates; or plain SGD."
        ),
        level="advanced",
    )
    learning_rate: float | None = field(
        None,
        tr("Learning rate"),
        tr(
            "The highest rate of the schedule. Empty: chosen from the model's width, the method and the "
            "optimizer (wider models learn well at lower rates)."
        ),
        gt=0,
        le=1.0,
    )
    schedule: Literal["cosine", "linear", "constant"] = field(
        "cosine",
        tr("Schedule"),
        tr("How the rate falls after the warmup: along a cosine, a line, or not at all."),
        level="advanced",
    )
    warmup: float = field(
        0.05,
        tr("Warmup"),
        tr("The share of steps during which the rate rises from zero."),
        level="advanced",
        needs={"optimizer.warmup_steps": (0,)},
        ge=0.0,
        le=0.9,
    )
    warmup_steps: int = field(
        0,
        tr("Warmup steps"),
        tr("The same as a number of steps; 0 means that the share counts."),
        unit="steps",
        level="advanced",
        ge=0,
        le=1_000_000,
    )
    floor: float = field(
        0.0,
        tr("Floor"),
        tr("Where the schedule ends, as a share of the highest rate."),
        level="advanced",
        needs={"optimizer.schedule": ("cosine", "linear")},
        ge=0.0,
        le=1.0,
    )
    weight_decay: float = field(
        0.0,
        tr("Weight decay"),
        tr("Pulls trained weights towards zero each step; with the method full not norms and biases."),
        level="advanced",
        ge=0.0,
        le=1.0,
    )
    clip: float = field(
        1.0,
        tr("Clip norm"),
        tr("Gradients longer than this are shortened to it; 0 switches clipping off."),
        level="advanced",
        ge=0.0,
        le=1000.0,
    )
    lora_plus: float = field(
        1.0,
        tr("LoRA+ ratio"),
        tr(
            "How much faster the second matrix of each adapter learns than the first; 16 is the "
            "LoRA+ paper's "
            "choice, 1 is plain LoRA."
        ),
        level="advanced",
        needs={"method": ADAPTERS},
        ge=1.0,
        le=128.0,
    )


class Loop(FieldGroup):
    """How long to train, in what micro-batches, and how often to look and save."""

    epochs: float = field(
        3.0,
        tr("Epochs"),
        tr("How many times every training example is read."),
        needs={"loop.steps": (0,)},
        gt=0,
        le=1000,
    )
    steps: int = field(
        0,
        tr("Steps"),
        tr("How many optimizer steps to make; 0 means that the epochs count."),
        unit="steps",
        level="advanced",
        ge=0,
        le=10_000_000,
    )
    batch_size: int = field(
        8,
        tr("Batch"),
        tr("Examples in a batch (for DPO, ORPO and SimPO: pairs); more is smoother."),
        ge=1,
        le=1024,
    )
    accumulation: int = field(
        1,
        tr("Accumulation"),
        tr("Batches whose gradients are added up before each step, weighted by their trained tokens."),
        ge=1,
        le=1024,
    )
    tokens_at_once: int = field(
        0,
        tr("Tokens at once"),
        tr(
            "The most tokens computed at once: a batch that is larger is computed in parts, with the same "
            "result and less memory. 0 chooses for this machine."
        ),
        unit="tokens",
        level="advanced",
        ge=0,
        le=10_000_000,
    )
    checkpointing: bool = field(
        False,
        tr("Gradient checkpointing"),
        tr(
            "Keep only what enters each layer and compute the rest again when it is needed: less memory for "
            "about a third more time."
        ),
        level="advanced",
    )
    prefix_cache: Literal["auto", "off", "memory", "disk"] = field(
        "auto",
        tr("Prefix cache"),
        tr(
            "When only the last layers are trained: compute what enters them once, and keep it in "
            "memory or on "
            "disk for every later epoch. auto does so in memory where it fits."
        ),
        level="advanced",
    )
    neftune: float = field(
        0.0,
        tr("NEFTune alpha"),
        tr("Noise on the embeddings while training, against overfitting; 5 is the paper's choice, 0 is off."),
        level="advanced",
        ge=0.0,
        le=100.0,
    )
    validate_every: int = field(
        0,
        tr("Validate every"),
        tr(
            "Measure the validation loss this often; 0 means up to ten times, and with the "
            "checkpoints at most "
            "about a tenth of the time."
        ),
        unit="steps",
        level="advanced",
        ge=0,
    )
    patience: int = field(
        0,
        tr("Patience"),
        tr("Stop when this many validations in a row bring no better loss; 0 trains to the end."),
        unit="validations",
        level="advanced",
        ge=0,
        le=1000,
    )
    save_every: int = field(
        0,
        tr("Save every"),
        tr("Write a checkpoint this often; 0 means with every validation."),
        unit="steps",
        level="advanced",
        ge=0,
    )
    keep: int = field(
        2,
        tr("Keep"),
        tr("How many of the last checkpoints to keep, besides the best."),
        level="advanced",
        ge=1,
        le=100,
    )
    rest: float = field(
        0.0,
        tr("Rest"),
        tr("Leave the Mac usable and cool: the share of time to pause between steps."),
        level="advanced",
        ge=0.0,
        le=0.9,
    )
    seed: int = field(
        0,
        tr("Seed"),
        tr("Fixes the split, the order of examples, the adapter's start and dropout."),
        level="advanced",
        ge=0,
        le=2**31 - 1,
    )


class Watch(FieldGroup):
    """What else is looked at while the run goes on, and who else is told."""

    forgetting: bool = field(
        True,
        tr("General text loss"),
        tr("Measure the loss on general text with every validation: where it rises, the model forgets."),
        level="advanced",
    )
    prompts: str = field(
        "",
        tr("Sample prompts"),
        tr("Prompts to answer with every validation, one per line."),
        unit=tr("one per line"),
        level="advanced",
    )
    sample_tokens: int = field(
        64,
        tr("Sample length"),
        tr("The most tokens of a sample answer."),
        unit="tokens",
        level="advanced",
        ge=1,
        le=4096,
    )
    tensorboard: bool = field(
        False,
        "TensorBoard",
        tr("Write the curves for TensorBoard, too, into the run's folder."),
        level="advanced",
    )
    wandb: str = field(
        "",
        "W&B project",
        about_wandb(),
        level="advanced",
    )
