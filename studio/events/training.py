"""What a run, a sweep and a forecast announce."""

from __future__ import annotations

from dataclasses import dataclass

from studio.catalogue import Phrase, Said, phrase
from studio.events.event import Event
from studio.words import counted


@dataclass(frozen=True)
class BaseChanged(Event, kind="BaseChanged"):
    """The model, tokenizer or template of a run is another than it was made with: asked for, it is used."""

    run: str
    sentence: Said


@dataclass(frozen=True)
class RunOpened(Event, kind="RunOpened"):
    """A run folder exists and is held by this job: its name, and where it is."""

    run: str
    folder: str


@dataclass(frozen=True)
class PortionsHalved(Event, kind="PortionsHalved"):
    """From now on a run computes half as much at once, and with gradient checkpointing where it can.

    What it learns is the same, but that dropout is drawn for each portion. Each of these halves
    once more, and holds for the run's further sessions.
    """

    tokens: int  # at once, from now on


@dataclass(frozen=True)
class SweepProgress(Event, kind="SweepProgress"):
    """A sweep has come to one of its members: the `index`-th of `count`, counted from 1.

    `changes` says in words what sets it apart. `state` is starts, goes on, done (in an earlier session) or
    failed (and the sweep goes on without it).
    """

    sweep: str
    index: int
    count: int
    member: str
    changes: str
    state: str


@dataclass(frozen=True)
class Prepared(Event, kind="Prepared"):
    """What is about to train: sizes of the model, of the data, and the length of the run.

    `train_examples` counts rows; `train_records` what they were made of, 0 where a run was not asked to say.
    """

    model: str
    trainable_parameters: int
    total_parameters: int
    train_examples: int
    validation_examples: int
    test_examples: int
    steps: int
    learning_rate: float
    first_step: int = 1
    skipped_examples: int = 0
    cut_examples: int = 0
    shapes: int = 0  # how many different shapes of arrays a step can have
    prefix_bytes: int = 0  # what the prefix cache keeps
    train_records: int = 0

    @property
    def read(self) -> str:
        """The training examples in words: 60 examples, or 95 rows of 60 examples."""
        if self.train_records in (0, self.train_examples):
            return counted(self.train_examples, "example")
        return f"{counted(self.train_examples, 'row')} of {counted(self.train_records, 'example')}"


@dataclass(frozen=True)
class Step(Event, kind="Step"):
    """One optimizer step. Memory in bytes; `tokens` counts what was read in this step, without padding.

    `loss` is the mean per trained token, `seconds` the time spent on the run so far, over all sessions.
    """

    step: int
    steps: int
    epoch: float
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens: int
    tokens_per_second: float
    memory_active: int
    memory_peak: int
    memory_process: int
    seconds: float
    seconds_left: float


@dataclass(frozen=True)
class Validated(Event, kind="Validated"):
    """Mean loss per trained token on the validation split after `step`."""

    step: int
    loss: float
    perplexity: float
    tokens: int
    best: bool


def outcome_of(first: Validated, best: Validated) -> Phrase:
    """What validation says of a whole run: "Validation loss 2.10 → 0.31, best at step 216."."""
    return phrase("ended.validated", first=first.loss, best=best.loss, step=best.step)


@dataclass(frozen=True)
class Skipped(Event, kind="Skipped"):
    """An update that was not made, because its loss or gradient was not a finite number.

    `in_a_row` counts such steps up to and with this one.
    """

    step: int
    reason: str
    in_a_row: int


@dataclass(frozen=True)
class Rewards(Event, kind="Rewards"):
    """What preference training does to pairs, in one step or over the validation split.

    A reward is beta * (log p - log p of the reference) of an answer (ORPO and SimPO: beta * mean log p
    of its tokens); `accuracy` is the share of pairs whose chosen answer has the higher one.
    """

    step: int
    part: str  # train | validation
    chosen: float
    rejected: float
    margin: float
    accuracy: float
    pairs: int


@dataclass(frozen=True)
class Probed(Event, kind="Probed"):
    """Mean loss per token on general text after `step`: where it rises, the model forgets."""

    step: int
    loss: float
    tokens: int


@dataclass(frozen=True)
class Sampled(Event, kind="Sampled"):
    """The model's answer to one of the chosen prompts after `step`."""

    step: int
    prompt: str
    answer: str


@dataclass(frozen=True)
class Advice(Event, kind="Advice"):
    """What the curves of a run say, with the figures of it, and what to do about it.

    `name` is overfitting, underfitting, forgetting, repetition, divergence, rate too high or rate too low.
    """

    step: int
    name: str
    evidence: Said
    remedy: Said


@dataclass(frozen=True)
class Forecasted(Event, kind="Forecasted"):
    """What a run will take, in bytes and seconds, before it starts.

    `peak` is the most that MLX will hold; `limit` what this machine gives; `measured` whether a probe step
    has sharpened the formula; `seconds_per_epoch` is 0 where nothing is known yet. `changes` are the
    smallest changes that would make it fit, a sentence each.
    """

    model: str
    trainable_parameters: int
    total_parameters: int
    weights: int
    adapters: int  # what is trained, its gradient, and copies in the precision of the step
    optimizer: int
    activations: int
    head: int
    peak: int
    limit: int
    fits: bool
    measured: bool
    seconds_per_epoch: float
    steps_per_epoch: float
    changes: tuple[Said, ...] = ()
    adapted_parameters: int = 0  # of the model and its adapter together; 0 in files of earlier versions
    remarks: tuple[Said, ...] = ()  # what to know of the model that is no matter of memory or time


@dataclass(frozen=True)
class Saved(Event, kind="Saved"):
    """A checkpoint is complete on disk; `folder` is relative to the run folder."""

    step: int
    folder: str
    best: bool = False


@dataclass(frozen=True)
class AdapterShape:
    """An adapter on a matrix W [outputs, inputs]: B [outputs, rank] and A [rank, inputs].

    `path` is where it stands in a block, `count` on how many matrices of this shape it is.
    """

    path: str
    outputs: int
    inputs: int
    rank: int
    count: int


@dataclass(frozen=True)
class ModelCounted(Event, kind="ModelCounted"):
    """What a model would train under a recipe, from its `config.json` alone."""

    model: str
    architecture: str
    total_parameters: int
    trainable_parameters: int
    weights_bytes: int
    learning_rate: float
    adapted_parameters: int = 0  # of the model and its adapter together
    adapters: tuple[AdapterShape, ...] = ()  # empty where the model's own weights train
