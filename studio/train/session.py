"""What a run is made of in memory: the model being tuned, its data, its plan, and what measures it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import mlx.core as mx
import numpy as np
import numpy.typing as npt
import psutil
from mlx import nn

from studio.catalogue import phrase
from studio.dataset.dataset import Dataset
from studio.dataset.render.render import Tokens
from studio.errors import RecipeError
from studio.events import Event, Log, Progress
from studio.files import check_room
from studio.language import tr
from studio.models import adapter, targets
from studio.models.arrays import count, count_entries, named
from studio.models.cache import OpenModel
from studio.models.folder import model_fingerprint
from studio.models.form import castable
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train import checkpoint
from studio.train.attending import choose
from studio.train.finite import non_finite
from studio.train.forward import Overlays
from studio.train.kernels import prefix
from studio.train.kernels.attention import Attention
from studio.train.kernels.head import OwnHead, find_head
from studio.train.kernels.prefix import PrefixCache
from studio.train.learner import Learner
from studio.train.memory import machine_limit
from studio.train.micro_batch import ExampleSet, Packing, Totals, fitting
from studio.train.objective import Objective, objective_for
from studio.train.optimizer import make_optimizer
from studio.train.plan import BatchPlan, MicroBatch, random_seed
from studio.train.prepare import parents_of, tuning_of
from studio.train.ranks import Ranks
from studio.train.reference import reference
from studio.train.schedule import Schedule, Work, chosen, remark, schedule_for


@dataclass(frozen=True, eq=False)
class MeasuredPart:
    """Examples that are measured, by number, and the micro-batches in which they are read."""

    examples: ExampleSet
    micro_batches: tuple[MicroBatch, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(
        cls, examples: ExampleSet, recipe: Recipe, budget: int, numbers: Sequence[int] | None = None
    ) -> MeasuredPart:
        """All of the examples, or those of some numbers."""
        lengths = examples.lengths
        plan = BatchPlan(lengths, recipe.loop, budget, 2 if examples.pairs else 1)
        measured = tuple(range(len(lengths)) if numbers is None else numbers)
        return cls(examples, tuple(plan.micro_batches(measured)) if measured else (), measured)

    @property
    def totals(self) -> Totals:
        return self.examples.totals(self.numbers)


@dataclass(frozen=True, eq=False)
class Session:
    """Everything between a recipe and its steps, at the beginning of a run or of a session."""

    recipe: Recipe
    model: nn.Module
    learner: Learner
    objective: Objective
    plan: BatchPlan
    schedule: Schedule
    training: ExampleSet
    validation: MeasuredPart
    general: MeasuredPart  # ordinary text that no run trains on
    made_for: dict[str, Any]  # the adapter's configuration, as it is written beside its weights
    kept: PrefixCache | None

    def close(self) -> None:
        """Give back what the run kept on the disk."""
        if self.kept is not None:
            self.kept.close()


def open_session(
    recipe: Recipe,
    run: RunFolder,
    opened: OpenModel,
    data: Dataset,
    peak: float,
    general: Sequence[Tokens],
    spare: int | None = None,
) -> Generator[Event, None, Session]:
    """Attach what is trained and get ready what the recipe asks for: `session = yield from open_session(…)`.

    The model stands as it is before the first step; a checkpoint is read onto it afterwards. `spare` bytes
    are left of the machine's memory by the forecast, where there was one. Yields Progress
    and Log events. Raises RecipeError where the model cannot do what is asked.
    """
    model = opened.module
    mx.random.seed(random_seed(recipe.loop.seed, -1))
    begun = checkpoint.latest(run)  # of a run that goes on: what it adapts and when it validates is settled
    if begun is None and (left := _routers_left(recipe, model)):
        yield Log(
            tr(
                "The routers of the experts ({left}) get no adapter. Set Targets to all, routers "
                "if they should.",
                left=left,
            )
        )
    keys = adapter.keys_of(begun) if begun else None
    made_for = {"model": recipe.model, **adapter.attach(model, tuning_of(recipe), keys)}
    mx.eval(model.trainable_parameters())
    _refuse_experts(model, compute_precision(model))
    budget = recipe.loop.tokens_at_once or default_budget()
    packing = _packing(recipe, model)
    sets = training, validation, others = _example_sets(recipe, data, general, packing)
    plan = BatchPlan(training.lengths, recipe.loop, budget, 2 if recipe.pairs else 1)
    head = find_head(model)
    work = _work(model, head, plan, *sets)
    schedule = checkpoint.position_of(begun).schedule if begun else schedule_for(recipe, work)
    if begun is None and (text := remark(schedule, work)):
        yield Log(text)
    plan = replace(plan, every=schedule.every)
    kept = yield from _prefix(recipe, run, model, plan, sets, budget)
    if head is None and not non_finite(named(model.parameters())):
        yield Log(
            tr(
                "This family's output layer cannot be told apart, so the logits of whole rows are computed: "
                "slower, and with more memory."
            ),
            "warning",
        )
    attention = yield from _attention(recipe, model, plan, begun, spare)
    learner = _learner(recipe, model, head, kept, packing, peak, attention)
    known = yield from _reference(recipe, run, opened, learner, (training, validation), budget)
    return Session(
        recipe=recipe,
        model=model,
        learner=learner,
        objective=objective_for(recipe, known),
        plan=plan,
        schedule=schedule,
        training=training,
        validation=MeasuredPart.of(
            validation, recipe, budget, chosen(len(validation.examples), schedule.rows, recipe.loop.seed)
        ),
        general=MeasuredPart.of(others, recipe, budget, range(schedule.probe or len(others.examples))),
        made_for=made_for,
        kept=kept,
    )


def warm_up(session: Session) -> Iterator[Progress]:
    """Meet each shape of the run before the first step, where a shape costs something the first time.

    That is on a GPU, which compiles for it; on the CPU the largest is enough, and a rehearsal meets it.
    """
    shapes = [] if mx.default_device() == mx.cpu else session.plan.shapes
    for done, micro_batch in enumerate(shapes):
        yield Progress(tr("Warming up"), done, len(shapes))
        session.learner.rehearse(session.objective, session.training, micro_batch)


def _example_sets(
    recipe: Recipe, data: Dataset, general: Sequence[Tokens], packing: Packing | None
) -> tuple[ExampleSet, ExampleSet, ExampleSet]:
    """Training, validation and general text; their sequences are numbered on from one to the next."""
    training = ExampleSet.of(data.train, pairs=recipe.pairs)
    validation = ExampleSet.of(data.validation, pairs=recipe.pairs, first=len(training.sequences))
    first = len(training.sequences) + len(validation.sequences)
    others = ExampleSet(tuple(general), tuple((i,) for i in range(len(general))), first=first)
    return training if packing is None else training.packed(recipe.data.max_length), validation, others


def _learner(
    recipe: Recipe,
    model: nn.Module,
    head: OwnHead | None,
    kept: PrefixCache | None,
    packing: Packing | None,
    peak: float,
    attention: Attention | None,
) -> Learner:
    overlays = Overlays(
        model,
        checkpointing=recipe.loop.checkpointing,
        noise=recipe.loop.neftune,
        prefix=kept,
        packing=packing,
    )
    learner = Learner(
        model=model,
        head=head,
        overlays=overlays,
        optimizer=make_optimizer(recipe, peak),
        precision=compute_precision(model),
        clip=recipe.optimizer.clip,
        seed=recipe.loop.seed,
        ranks=Ranks(),
        cached=kept is not None,
        castable=castable(model),
        attention=attention,
    )
    model.train()
    learner.optimizer.init(model.trainable_parameters())
    return learner


def _attention(
    recipe: Recipe, model: nn.Module, plan: BatchPlan, begun: Path | None, spare: int | None
) -> Generator[Event, None, Attention | None]:
    """What attention is computed by, measured where there is a choice; a run that goes on keeps its own."""
    if begun is not None and (own := checkpoint.position_of(begun).mlx_attention) >= 0:
        return Attention.MLX if own else Attention.RECOMPUTING
    if recipe.data.packing and not recipe.pairs:
        return None  # its masks are its own
    widest = plan.shapes[0]
    layers = 1 if recipe.loop.checkpointing else len(model.layers) - prefix.first_trained_layer(model)
    left = machine_limit() - mx.get_active_memory() if spare is None else spare
    choice = choose(model, len(widest.examples) * plan.rows, widest.width, layers, left)
    if choice is None:
        return None
    yield Log(choice.sentence)
    return choice.by


def _reference(
    recipe: Recipe,
    run: RunFolder,
    opened: OpenModel,
    learner: Learner,
    sets: Sequence[ExampleSet],
    budget: int,
) -> Generator[Progress, None, npt.NDArray[np.float32] | None]:
    """What DPO compares with: log p of every answer under the model as the run starts, with its parents."""
    if recipe.objective != "dpo":
        return None
    whole = [MeasuredPart.of(examples, recipe, budget) for examples in sets]
    form = recipe.base.model_dump(exclude={"adapter"})
    identity = [model_fingerprint(opened.folder), form, recipe.method == "full"]
    identity += [[parent.fingerprint for parent in parents]] if (parents := parents_of(recipe)) else []
    return (
        yield from reference(
            learner, [(part.examples, part.micro_batches) for part in whole], identity, run.cache
        )
    )


def _work(
    model: nn.Module,
    head: OwnHead | None,
    plan: BatchPlan,
    training: ExampleSet,
    validation: ExampleSet,
    others: ExampleSet,
) -> Work:
    """What the run computes, for its schedule."""
    parameters = count_entries(model)
    share = count_entries(head.tap.layer) / parameters if head else 0.0
    return Work(
        steps=plan.steps,
        trained=plan.epochs * sum(_costs(training, share)),
        validation=_costs(validation, share),
        probe=_costs(others, share),
        parameters=parameters,
        trained_parameters=count(model.trainable_parameters()),
    )


def _costs(example_set: ExampleSet, head: float) -> list[float]:
    """The tokens of each example, where `head` is the head's share of one: it is passed at targets only."""
    examples = ([example_set.sequences[i] for i in example] for example in example_set.examples)
    return [
        sum((1 - head) * (len(tokens.ids) - 1) + head * tokens.targets for tokens in example)
        for example in examples
    ]


def _routers_left(recipe: Recipe, model: nn.Module) -> str:
    """The names of a mixture's routers where "all" leaves them out; empty where nothing is left out."""
    names = tuning_of(recipe).names
    if not recipe.adapts or targets.ALL not in names:
        return ""
    left = targets.find_routers(model.layers) - targets.find_linear(model.layers, names).keys()
    return ", ".join(sorted({path.rsplit(".", 1)[-1] for path in left}))


def compute_precision(model: nn.Module) -> mx.Dtype:
    """What a model computes in: the precision of its floating weights (of the scales of quantized ones)."""
    for array in named(model.parameters()).values():
        if mx.issubdtype(array.dtype, mx.floating):
            return array.dtype
    return mx.float32


def _refuse_experts(model: nn.Module, precision: mx.Dtype) -> None:
    """Raise RecipeError where experts would be computed in 16 bits on the CPU: MLX has them in float32 only.

    Quantized ones it has in any precision, but not the adapters on them.
    """
    on_cpu = mx.default_device() == mx.cpu
    if on_cpu and precision != mx.float32 and targets.has_floating_experts(model):
        raise RecipeError("train.experts_on_cpu")


def default_budget() -> int:
    """Tokens at once where the recipe leaves it open: enough to keep this machine busy, and no more.

    A product of matrices gains nothing from more rows than this; memory grows with every one.
    """
    return 512 if mx.default_device() == mx.cpu else 2048


def _packing(recipe: Recipe, model: nn.Module) -> Packing | None:
    if not recipe.data.packing or recipe.pairs:
        return None
    packing = fitting(model)
    if packing is None:
        raise RecipeError("train.no_packing")
    return packing


def _prefix(
    recipe: Recipe,
    run: RunFolder,
    model: nn.Module,
    plan: BatchPlan,
    parts: tuple[ExampleSet, ...],
    budget: int,
) -> Generator[Event, None, PrefixCache | None]:
    """The states that enter the first trained layer, where keeping them is asked for or saves work."""
    asked = recipe.loop.prefix_cache
    first = prefix.first_trained_layer(model)
    sequences = [tokens.ids for part in parts for tokens in part.sequences]
    if asked == "off" or recipe.loop.neftune or first == 0 or (asked == "auto" and plan.epochs <= 1):
        return None
    size = prefix.size_bytes(model, first, sum(len(ids) - 1 for ids in sequences))
    if asked == "auto" and size > memory_for_prefix():
        yield Log(
            tr(
                "The prefix cache would take {value:.1f} GB, too much for memory. Set Prefix "
                "cache to disk to skip the frozen layers all the same.",
                value=size / 1e9,
            )
        )
        return None
    if asked == "disk":
        check_room(run.cache, size, phrase("disk.prefix_cache"))
    if not prefix.verified(model, first):
        yield Log(tr("This model's frozen layers cannot be skipped: it runs its layers in a way of its own."))
        return None
    where: Literal["disk", "memory"] = "disk" if asked == "disk" else "memory"
    yield Log(
        tr(
            "The prefix cache keeps what enters layer {value}: {value2:,.0f} MB in {where}.",
            value=first + 1,
            value2=size / 1e6,
            where=where,
        )
    )
    events: Generator[Progress, None, PrefixCache] = PrefixCache.build(
        model, sequences, first, where=where, folder=run.cache, tokens_at_once=budget
    )
    return (yield from events)


def memory_for_prefix() -> int:
    """The bytes that the prefix cache may take in memory unasked: an eighth of the machine's."""
    return int(psutil.virtual_memory().total) // 8
