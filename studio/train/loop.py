"""The training loop: supervised fine-tuning of a LoRA adapter, as a generator of events.

Every yield is a report and a place to stop: closing the generator saves a checkpoint first, and a run
that goes on from it ends with the same weights, bit for bit, as one that was never stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn, optimizers
from mlx.utils import tree_map

from studio.data.batch import Batch, collate
from studio.data.dataset import Dataset
from studio.data.render import Tokens
from studio.errors import RunError, StudioError
from studio.events import Event, Prepared, Progress, Saved, Step, Validated
from studio.models import adapter
from studio.models.arrays import count, count_entries, number
from studio.models.shelf import OpenModel
from studio.runs.folder import RunFolder
from studio.train import checkpoint
from studio.train.checkpoint import Position
from studio.train.head import find_head
from studio.train.loss import summed_loss
from studio.train.memory import Memory
from studio.train.recipe import Recipe
from studio.train.schedule import Plan, learning_rate, random_seed


class Diverged(StudioError):
    """The loss or the gradient is no longer a finite number."""


def train(recipe: Recipe, run: RunFolder, opened: OpenModel, data: Dataset, peak: float) -> Generator[Event]:
    """Train from the run's newest checkpoint, or from the start, to the end of the recipe.

    `peak` is the highest learning rate. Yields Prepared, then Step, Validated and Saved events.
    """
    session = Session(recipe, run, opened, data, peak)
    yield session.prepared()
    mx.reset_peak_memory()
    try:
        yield from session.steps()
    except GeneratorExit:
        if session.position.step > session.saved:
            run.append(session.save())
        raise


class Session:
    """One sitting of a run: the model with its adapter, the optimizer, and where they stand."""

    def __init__(self, recipe: Recipe, run: RunFolder, opened: OpenModel, data: Dataset, peak: float) -> None:
        self.recipe, self.run, self.data, self.peak = recipe, run, data, peak
        self.train_tokens = [tokens for _, tokens in data.train]
        self.plan = Plan(tuple(len(t.ids) for t in self.train_tokens), recipe.loop)
        self.model = opened.module
        self.made_for = {"model": recipe.model, **self._attach()}
        self.head = find_head(self.model)
        self.model.train()
        self.optimizer = optimizers.AdamW(
            learning_rate=peak, weight_decay=recipe.optimizer.weight_decay, bias_correction=True
        )
        self.optimizer.init(self.model.trainable_parameters())
        self.position = Position()
        if folder := checkpoint.latest(run):
            self._go_on_from(folder)
        self.saved = self.position.step
        self._gradient = nn.value_and_grad(self.model, self._share_of_loss)

    def prepared(self) -> Prepared:
        """What is about to happen."""
        trainable = count(self.model.trainable_parameters())
        return Prepared(
            model=self.recipe.model,
            trainable_parameters=trainable,
            total_parameters=count_entries(self.model) - trainable,
            train_examples=len(self.data.train),
            validation_examples=len(self.data.validation),
            test_examples=len(self.data.test),
            steps=self.plan.steps,
            learning_rate=self.peak,
            first_step=self.position.step + 1,
            skipped_examples=self.data.skipped,
            cut_examples=self.data.cut,
        )

    def steps(self) -> Iterator[Event]:
        """Every step that is left, with the validations and checkpoints that fall due."""
        before, started, first = self.position.seconds, time.perf_counter(), self.position.step
        if self._validation_due():
            yield from self._validate()
        for step in range(first + 1, self.plan.steps + 1):
            event = self._step(step)
            seconds = time.perf_counter() - started
            self.position = replace(self.position, step=step, seconds=before + seconds)
            left = seconds / (step - first) * (self.plan.steps - step)
            yield replace(event, seconds=before + seconds, seconds_left=left)
            if self._validation_due():
                yield from self._validate()
            if self.plan.saves_after(step):
                yield self.save()

    def save(self) -> Saved:
        """Write a checkpoint of where the run stands, unless it is there already."""
        position = self.position
        best = position.best_step == position.step > 0
        folder = self.run.path / "checkpoints" / f"step-{position.step:06d}"
        if position.step > 0 and not (position.step == self.saved and folder.exists()):
            weights = adapter.weights(self.model)
            if position.best_step == 0:  # nothing was measured yet: the latest is the best there is
                checkpoint.write_adapter(self.run, weights, self.made_for)
            checkpoint.write(self.run, position, weights, self.optimizer.state, self.made_for)
            checkpoint.prune(self.run, self.recipe.loop.keep, position.best_step)
            self.saved = position.step
        return Saved(position.step, f"checkpoints/{folder.name}", best)

    def _attach(self) -> dict[str, object]:
        lora = self.recipe.lora
        mx.random.seed(random_seed(self.recipe.loop.seed, -1))
        described = adapter.attach(self.model, lora.rank, lora.alpha, lora.dropout, self.recipe.scope.layers)
        mx.eval(self.model.trainable_parameters())
        return described

    def _go_on_from(self, folder: Path) -> None:
        position, weights, state = checkpoint.read(folder)
        mine = {name: array.shape for name, array in adapter.weights(self.model).items()}
        if mine != {name: array.shape for name, array in weights.items()}:
            raise RunError(
                f"The checkpoint {folder} was made with another recipe or model than run.json says."
            )
        self.model.load_weights(list(weights.items()), strict=False)
        self.optimizer.state = state
        self.position = position

    def _share_of_loss(self, batch: Batch, tokens: int) -> mx.array:
        return summed_loss(self.model, batch, self.head) / tokens

    def _step(self, step: int) -> Step:
        """One optimizer step over its batches, their gradients weighted by trained tokens."""
        began = time.perf_counter()
        batches = [(index, self._collate(rows)) for index, rows in self.plan.batches_of(step)]
        trained = sum(batch.tokens for _, batch in batches)
        loss = mx.array(0.0)
        gradient: dict[str, Any] = {}
        for index, batch in batches:
            mx.random.seed(random_seed(self.recipe.loop.seed, index))
            part, more = self._gradient(batch, trained)
            loss = loss + part
            gradient = tree_map(mx.add, gradient, more) if gradient else more
            mx.eval(loss, gradient)
        norm = self._update(gradient, step)
        value, length = number(loss), number(norm)
        if not (math.isfinite(value) and math.isfinite(length)):
            raise Diverged(
                f"Step {step} gave a loss of {value} and a gradient of {length}: training diverged. "
                "Lower the learning rate and train again; the last checkpoint was made before this."
            )
        read = sum(
            len(self.train_tokens[i].ids) for _, indices in self.plan.batches_of(step) for i in indices
        )
        memory = Memory.now()
        return Step(
            step=step,
            steps=self.plan.steps,
            epoch=self.plan.epoch_after(step),
            loss=value,
            learning_rate=number(self.optimizer.learning_rate),
            gradient_norm=length,
            tokens=read,
            tokens_per_second=read / (time.perf_counter() - began),
            memory_active=memory.active,
            memory_peak=memory.peak,
            memory_process=memory.process,
            seconds=0.0,
            seconds_left=0.0,
        )

    def _update(self, gradient: dict[str, Any], step: int) -> mx.array:
        """Clip, set the rate of this step, apply. Returns the norm before clipping."""
        settings = self.recipe.optimizer
        norm: mx.array
        gradient, norm = optimizers.clip_grad_norm(gradient, settings.clip or math.inf)
        self.optimizer.learning_rate = learning_rate(settings, self.peak, step, self.plan.steps)
        self.optimizer.update(self.model, gradient)
        mx.eval(self.model.trainable_parameters(), self.optimizer.state, norm)
        return norm

    def _collate(self, indices: Sequence[int]) -> Batch:
        return collate([self.train_tokens[i] for i in indices])

    def _validation_due(self) -> bool:
        step = self.position.step
        due = step == 0 or self.plan.validates_after(step)
        return bool(self.data.validation) and due and self.position.validated != step

    def _validate(self) -> Iterator[Event]:
        """Measure the validation loss; remember the adapter when it is the best so far."""
        self.model.eval()
        try:
            total, count = 0.0, 0
            rows = [tokens for _, tokens in self.data.validation]
            for done, batch in enumerate(in_batches(rows, self.recipe.loop.batch_size)):
                yield Progress("Validating", done * self.recipe.loop.batch_size, len(rows))
                total += number(summed_loss(self.model, batch, self.head, learning=False))
                count += batch.tokens
        finally:
            self.model.train()
        step, loss = self.position.step, total / count
        best = step > 0 and loss < self.position.best_loss
        self.position = replace(self.position, validated=step)
        if best:
            self.position = replace(self.position, best_step=step, best_loss=loss)
            checkpoint.write_adapter(self.run, adapter.weights(self.model), self.made_for)
        yield Validated(step, loss, math.exp(min(loss, 50.0)), count, best)


def in_batches(rows: Sequence[Tokens], size: int) -> Iterator[Batch]:
    """Rows in batches of like length, for measuring."""
    rows = sorted(rows, key=lambda tokens: len(tokens.ids))
    for start in range(0, len(rows), size):
        yield collate(rows[start : start + size])
