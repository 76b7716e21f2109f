"""The training loop, as a generator of events.

Every yield is a report and a place to stop: closing the generator saves a checkpoint first, and a run
that goes on from it ends with the same weights, bit for bit, as one that was never stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

import mlx.core as mx
from mlx import nn

from studio.catalogue import Phrase, first_of, phrase
from studio.dataset.dataset import Dataset
from studio.dataset.render.render import Tokens
from studio.errors import DiskLow, PeerLost, RunError, StudioError
from studio.events import (
    Event,
    Forecasted,
    Log,
    Prepared,
    Probed,
    Progress,
    Rewards,
    Saved,
    Skipped,
    Step,
    Validated,
)
from studio.language import tr
from studio.models import adapter
from studio.models.arrays import count, count_entries, named
from studio.models.cache import LiveAdapter, OpenModel, wired
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.result import is_chosen
from studio.train import checkpoint
from studio.train.checkpoint import Position
from studio.train.finite import NAMED, NotFinite, blamed, non_finite
from studio.train.kernels.attention import Attention
from studio.train.learner import StepResult
from studio.train.memory import Memory, bounded_cache
from studio.train.objective import PREFERENCE_METRICS, Likelihood, Objective
from studio.train.pausing import DiskGuard
from studio.train.proof import Proof, Untrained, prove_result, read_back
from studio.train.schedule import learning_rate
from studio.train.session import MeasuredPart, Session, open_session, warm_up

type Watcher = Callable[[nn.Module, int], Iterator[Event]]
"""Looks at the model after a validation, given the step; it may not change it."""
type Rehearsal = Callable[[Session], Forecasted | None]
"""Tries what the run will take before its first step, and raises RecipeError where that is too much."""

TOLERATED = 3
"""So many updates in a row may be skipped before the run is given up."""
NAP = 0.2
"""Seconds of rest between two chances to stop."""
SHORT = 20.0
"""So many seconds, a run that is stopped after its last step still measures what it learned."""


class Diverged(StudioError):
    """The loss or the gradient is no longer a finite number."""


def train(
    recipe: Recipe,
    run: RunFolder,
    opened: OpenModel,
    data: Dataset,
    peak: float,
    *,
    general: Sequence[Tokens] = (),
    watchers: Sequence[Watcher] = (),
    rehearse: Rehearsal | None = None,
    spare: int | None = None,
) -> Generator[Event]:
    """Train from the run's newest checkpoint, or from the start, to the end of the recipe.

    `peak` is the highest learning rate; `general` is text that is only read, to see what is forgotten;
    `spare` are the bytes that the forecast leaves of the machine's memory.
    """
    with bounded_cache(), wired():
        session = yield from open_session(recipe, run, opened, data, peak, general, spare)
        try:
            yield from warm_up(session)
            forecasted = rehearse(session) if rehearse is not None else None
            trainer = Trainer(session, run, peak, watchers)
            opened.weights.training[run.path] = LiveAdapter(
                session.model, session.made_for, lambda: trainer.position.step
            )
            yield trainer.prepared(data)
            if forecasted is not None:
                yield forecasted
            mx.reset_peak_memory()
            try:
                yield from trainer.steps()
            except (GeneratorExit, PeerLost) as end:
                for event in trainer.left_over(end):
                    run.append(event)
                raise
            except DiskLow:
                yield from trainer.pause()
        finally:
            opened.weights.training.pop(run.path, None)
            session.close()


class Trainer:
    """Trains one session: a session, and where the run stands."""

    def __init__(self, session: Session, run: RunFolder, peak: float, watchers: Sequence[Watcher]) -> None:
        self.session, self.run, self.peak, self.watchers = session, run, peak, watchers
        self.recipe, self.plan, self.learner = session.recipe, session.plan, session.learner
        schedule = session.schedule
        by = {Attention.MLX: 1, Attention.RECOMPUTING: 0}.get(self.learner.attention, -1)  # type: ignore[arg-type]
        self.position = Position(
            every=schedule.every, rows=schedule.rows, probe=schedule.probe, mlx_attention=by
        )
        self._go_on()
        self.proof = Proof(session)
        self.saved = self.position.step
        self._measuring = 0.0  # seconds that the last validation took
        self._disk = DiskGuard(run, acts=self.learner.ranks.first)

    def prepared(self, data: Dataset) -> Prepared:
        """What is about to happen."""
        model = self.session.model
        trainable = count(model.trainable_parameters())
        whole = self.recipe.method == "full"
        return Prepared(
            model=self.recipe.model,
            trainable_parameters=trainable,
            total_parameters=count_entries(model) - (0 if whole else trainable),
            train_examples=len(data.train),
            train_records=len({example.record.line for example in data.train}),
            validation_examples=len(data.validation),
            test_examples=len(data.test),
            steps=self.plan.steps,
            learning_rate=self.peak,
            first_step=self.position.step + 1,
            skipped_examples=data.skipped,
            cut_examples=data.cut,
            shapes=len(self.plan.shapes),
            prefix_bytes=self.session.kept.bytes if self.session.kept else 0,
        )

    def steps(self) -> Iterator[Event]:
        """Every step that is left, with the validations and checkpoints that fall due."""
        before, started, first = self.position.seconds, time.perf_counter(), self.position.step
        self._disk.check()
        if self._validation_due():
            yield from self._validate()
        for step in range(first + 1, self.plan.steps + 1):
            if self._patience_is_over():
                break
            began = time.perf_counter()
            found = self._learn(step)
            seconds = time.perf_counter() - started
            self.position = replace(self.position, step=step, seconds=before + seconds)
            left = seconds / (step - first) * (self.plan.steps - step)
            yield from self._report(step, found, time.perf_counter() - began, left)
            if found.finite:
                yield from self._proved(self.proof.updated(self._rate(step)))
            if self.position.step == self.plan.steps:
                yield from self._proved(self.proof.at_the_end())
            if self._validation_due():
                yield from self._validate()
            if self.plan.saves_after(step) and not self.position.bad:
                yield self.save()
            if step < self.plan.steps:
                self._disk.check(now=step in (self.saved, self.position.validated))
            yield from self._rest(time.perf_counter() - began)
        if self.position.step < self.plan.steps:
            patience = self.recipe.loop.patience
            told = tr("Stopped early: {many} validations in a row brought no better loss.", many=patience)
            yield Log(told)
            yield self.save()
        yield from self._read_back()
        yield from self._prove_result()

    def left_over(self, end: BaseException) -> Iterator[Event]:
        """What a stop leaves to do: to save; after the last step also to measure, where that is quick.

        A run whose steps are all made is done then, and not one that waits to go on.
        """
        is_last = self.position.step == self.plan.steps and isinstance(end, GeneratorExit)
        if is_last and self.learner.ranks.size == 1 and self._measuring < SHORT:
            if self._validation_due():
                yield from self._validate()
            yield from self._prove_result()
        if self.position.step > self.saved:
            yield self.save()

    def pause(self) -> Iterator[Event]:
        """Save, if the disk still has room for it. Raises DiskLow with where the run goes on."""
        if self.position.step > self.saved:
            yield from self._disk.save_if_it_fits(self.save, self.session.model, self.learner.optimizer.state)
        raise self._disk.paused(self.position.step)

    def _proved(self, reported: Iterator[Event]) -> Iterator[Event]:
        """What the proof tells; where it ends the run nothing of it is saved."""
        try:
            yield from reported
        except Untrained:
            self.saved = self.position.step
            raise

    def _read_back(self) -> Iterator[Event]:
        """Hold what was saved last against the model that it was saved from."""
        folder = checkpoint.latest(self.run)
        if self.proof.updates and self.saved == self.position.step and folder and self.learner.ranks.first:
            loss = read_back(self.session, folder)
            yield Log(
                tr(
                    "Read back from the disk, what was trained gives the same loss on a batch: {loss:.4f}.",
                    loss=loss,
                )
            )

    def _prove_result(self) -> Iterator[Event]:
        """Hold the folder that people use against the weights that were the best."""
        position = self.position
        if is_chosen(self.run.adapter):
            return  # a person took another checkpoint, and nothing better came since
        if self.proof.updates and position.mark >= 0 and self.learner.ranks.first:
            checkpoint.check_adapter(self.run)
            prove_result(self.session, self.run.adapter, position.mark, self.proof.best_loss)
            of = f"step {position.best_step}" if position.best_step else "the last step"
            yield Log(tr("The adapter on the disk is that of {of}, bit for bit.", of=of))

    def _keep_result(self, *, measured: bool) -> None:
        """Make the weights as they stand the run's result."""
        weights, made_for = adapter.weights(self.session.model), self.session.made_for
        checkpoint.write_adapter(self.run, weights, made_for, self.position.step)
        self.position = replace(self.position, mark=self.proof.keep(measured=measured))

    def _rate(self, step: int) -> float:
        return learning_rate(self.recipe.optimizer, self.peak, step, self.plan.steps)

    def save(self) -> Saved:
        """Write a checkpoint of where the run stands, unless it is there already."""
        position, first = self.position, self.learner.ranks.first
        best = position.best_step == position.step > 0
        folder = self.run.path / "checkpoints" / f"step-{position.step:06d}"
        if first and position.step > 0 and not (position.step == self.saved and folder.exists()):
            weights = adapter.weights(self.session.model)
            if position.best_step == 0:  # nothing was measured yet: the latest is the best there is
                self._keep_result(measured=False)
            state, made_for = self.learner.optimizer.state, self.session.made_for
            checkpoint.write(self.run, self.position, weights, state, made_for)
            checkpoint.prune(self.run, self.recipe.loop.keep, position.best_step)
            self.saved = position.step
        return Saved(position.step, f"checkpoints/{folder.name}", best)

    def _go_on(self) -> None:
        """Take up the newest checkpoint. Raises RunError when it was made for something else."""
        folder = checkpoint.latest(self.run)
        if folder is None:
            return
        position, weights, state = checkpoint.read(folder)
        model = self.session.model
        mine = {name: array.shape for name, array in adapter.weights(model).items()}
        if mine != {name: array.shape for name, array in weights.items()}:
            raise RunError("checkpoint.other_recipe", folder=folder)
        model.load_weights(list(weights.items()), strict=False)
        self.learner.optimizer.state = state
        self.position = position

    def _learn(self, step: int) -> StepResult:
        rate = self._rate(step)
        look = self.proof.note if self.proof.looks else None
        found = self.learner.learn(self.session.objective, self.session.training, self.plan, step, rate, look)
        self.position = replace(self.position, bad=0 if found.finite else self.position.bad + 1)
        return found

    def _report(self, step: int, found: StepResult, seconds: float, left: float) -> Iterator[Event]:
        if not found.finite:
            yield from self._skipped(step, found)
            return
        memory, totals = Memory.now(), found.totals
        yield Step(
            step=step,
            steps=self.plan.steps,
            epoch=self.plan.epoch_after(step),
            loss=found.loss,
            learning_rate=self._rate(step),
            gradient_norm=found.gradient_norm,
            tokens=totals.read,
            tokens_per_second=totals.read / seconds,
            memory_active=memory.active,
            memory_peak=memory.peak,
            memory_process=memory.process,
            seconds=self.position.seconds,
            seconds_left=left,
        )
        if found.metrics:
            yield _rewards(step, "train", found.metrics, totals.pairs)

    def _skipped(self, step: int, found: StepResult) -> Iterator[Event]:
        """Say that an update was left out; give up when that happens again and again."""
        reason = f"The loss is {found.loss} and the gradient {found.gradient_norm}, so nothing was updated."
        yield Skipped(step, reason, self.position.bad)
        untouched = self.position.bad == step  # no update was ever made
        if untouched and not math.isfinite(found.loss):
            raise self._unfit("train.first_loss")
        if self.position.bad < TOLERATED:
            return
        if untouched:
            raise self._unfit("train.gradient")
        last = checkpoint.latest(self.run)
        where = phrase("train.last_good", name=last.name) if last else phrase("train.no_checkpoint")
        self.saved = self.position.step  # nothing worth saving has happened since
        raise Diverged("train.diverged", steps=TOLERATED, last=step, where=where, advice=self._advice())

    def _unfit(self, code: str) -> NotFinite:
        self.saved = self.position.step
        return blamed(self.session.model, self.learner.precision, phrase(code))

    def _advice(self) -> Phrase:
        """What to do about a training that diverged."""
        if names := non_finite(named(self.session.model.parameters())):
            return phrase("train.lower_rate_for", names=first_of(names, NAMED), rate=self.peak)
        if self.learner.precision == mx.float16:
            return phrase("train.lower_rate_or_bfloat16", rate=self.peak)
        return phrase("train.lower_rate", rate=self.peak)

    def _rest(self, worked: float) -> Iterator[Event]:
        """Pause for the recipe's share of the time."""
        share = self.recipe.loop.rest
        end = time.perf_counter() + worked * share / (1 - share)
        while (left := end - time.perf_counter()) > 0:
            time.sleep(min(left, NAP))
            yield Progress(tr("Resting"), self.position.step, self.plan.steps)

    def _validation_due(self) -> bool:
        step = self.position.step
        due = step == 0 or self.plan.validates_after(step)
        return due and self.position.validated != step

    def _patience_is_over(self) -> bool:
        return 0 < self.recipe.loop.patience <= self.position.stale

    def _validate(self) -> Iterator[Event]:
        """Measure what is held out; remember the weights when they are the best so far."""
        step, session, began = self.position.step, self.session, time.perf_counter()
        validated = None
        if session.validation.micro_batches:
            loss, metrics = yield from self._measure(session.objective, session.validation, "Validating")
            best = step > 0 and loss < self.position.best_loss
            if best:
                if self.learner.ranks.first:
                    self._keep_result(measured=True)
                self.position = replace(self.position, best_step=step, best_loss=loss, stale=0)
            elif step > 0:
                self.position = replace(self.position, stale=self.position.stale + 1)
            totals = session.validation.totals
            validated = Validated(step, loss, math.exp(min(loss, 50.0)), totals.tokens, best)
            if step == 0 and not math.isfinite(loss):
                raise self._unfit("train.first_validation_loss")
            if not math.isfinite(loss):
                yield Log(
                    tr("After step {step} the validation loss is no finite number.", step=step), "warning"
                )
                validated = None
        self.position = replace(self.position, validated=step)
        if validated is not None:
            yield validated
            if metrics:
                yield _rewards(step, "validation", metrics, totals.pairs)
        if session.general.micro_batches:
            loss, _ = yield from self._measure(Likelihood(), session.general, "Reading general text")
            yield Probed(step, loss, session.general.totals.tokens)
        self._measuring = time.perf_counter() - began
        for watcher in self.watchers:
            yield from watcher(session.model, step)

    def _measure(
        self, objective: Objective, part: MeasuredPart, what: str
    ) -> Generator[Event, None, tuple[float, tuple[float, ...]]]:
        """The mean loss over a part and its metrics, over all processes."""
        example_set, ranks = part.examples, self.learner.ranks
        totals = part.totals
        loss, sums = 0.0, [0.0] * (PREFERENCE_METRICS if example_set.pairs else 0)
        mine = ranks.share(part.micro_batches)
        for done, (share, metrics) in enumerate(self.learner.measure(objective, example_set, mine, totals)):
            yield Progress(what, done, len(mine))
            loss += share
            sums = [a + b for a, b in zip(sums, metrics, strict=True)]
        return ranks.number(loss), tuple(ranks.number(value) for value in sums)


def _rewards(step: int, part: str, sums: Sequence[float], pairs: int) -> Rewards:
    chosen, rejected, margin, right = (value / pairs for value in sums)
    return Rewards(step, part, chosen, rejected, margin, right, pairs)
