"""What the training pane says and offers in each state of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from studio import words
from studio.events import Prepared, Progress, Skipped, Step, Validated
from studio.events.training import outcome_of
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.runs.history import RunHistory
from studio.ui.form.model_picker import model_title


@dataclass(frozen=True)
class ButtonStates:
    """The buttons of a state, which of them is the primary one, and whether the recipe is locked."""

    buttons: tuple[str, ...]
    primary: str = ""
    start: str = tr("Start training")
    locked: bool = False


BUTTONS = {
    "stop": (tr("Stop"), "circle-stop"),
    "sweep": (tr("Sweep…"), "layers"),
    "start": (tr("Start training"), "play"),
    "evaluate": (tr("Evaluate"), "scale"),
    "resume": (tr("Resume"), "rotate-ccw"),
    "smaller": (tr("Resume in smaller portions"), "rotate-ccw"),
}
"""What stands on them, and their icons."""
LOOKS = {
    "idle": ButtonStates(("sweep", "start"), "start"),
    "opening": ButtonStates((), locked=True),
    "preparing": ButtonStates(("stop",), locked=True),
    "running": ButtonStates(("stop",), locked=True),
    "stopping": ButtonStates(("stop",), locked=True),
    "stopped": ButtonStates(("start", "evaluate", "resume"), "resume", tr("Start over")),
    "interrupted": ButtonStates(("sweep", "start", "resume"), "resume", tr("Start over")),
    "refused": ButtonStates(("sweep", "start"), "start", tr("Try again")),
    "failed": ButtonStates(("sweep", "start", "resume"), "resume", tr("Start over")),
    "overloaded": ButtonStates(("start", "resume", "smaller"), "smaller", tr("Start over")),
    "done": ButtonStates(("sweep", "start", "evaluate"), "evaluate", tr("Train again")),
}

NO_DATA = (
    tr("Training needs examples"),
    tr("Open a dataset first. What the model reads, and which of it is learned, is shown there."),
    tr("Open the dataset pane"),
)


SMALLER = tr(
    "Half as much is computed at once, with gradient checkpointing. What the model learns is the same "
    "up to rounding; where there is dropout, that is drawn otherwise. Steps take longer. The settings can "
    "let this happen by itself."
)
LEAST_FALL = 0.005
"""A smaller share of the validation loss at the start is no fall: it would be called one of 0 %."""


def why_not(problem: str, has_dataset: bool, *, is_read: bool = False) -> str:
    """Why training cannot start, as a sentence; nothing when it can. A dataset may just be read again."""
    if has_dataset:
        return problem
    return tr("The dataset is being read.") if is_read else tr("Open a dataset first.")


@dataclass
class RunStory:
    """What a run was asked and what has happened in it so far, to be told in its title.

    Nothing that is opened or typed meanwhile changes it. `member` is which run of a sweep it is.
    """

    recipe: Recipe | None = None
    member: str = ""
    prepared: Prepared | None = None
    epochs: float = 0.0
    step: Step | None = None
    first: Validated | None = None
    best: Validated | None = None
    latest: Progress | None = None
    skipped: int = 0

    def begin(self) -> None:
        """Forget what was."""
        self.recipe = self.prepared = self.step = self.first = self.best = self.latest = None
        self.member, self.epochs, self.skipped = "", 0.0, 0

    def take(self, recipe: Recipe) -> None:
        """What was asked of the run; where it counts steps they tell how many epochs that is."""
        self.recipe = recipe
        self.epochs = 0.0 if recipe.loop.steps else recipe.loop.epochs

    @property
    def dataset(self) -> str:
        """The name of the dataset that it trains on."""
        return PurePath(self.recipe.data.path).name if self.recipe else ""

    def facts(self) -> str:
        """The model, the dataset and how it is divided; nothing where there is no run."""
        if self.recipe is None:
            return ""
        parts = [model_title(self.recipe.model), self.dataset]
        if (sizes := self.prepared) is not None:
            train = sizes.train_records or sizes.train_examples
            parts.append(
                tr(
                    "{train:,} examples train, {validation_examples:,} validate",
                    train=train,
                    validation_examples=sizes.validation_examples,
                )
            )
        return "  ·  ".join(parts)

    def add_step(self, step: Step) -> None:
        self.step = step
        if step.epoch > 0:
            self.epochs = max(self.epochs, round(step.epoch * step.steps / step.step, 1))

    def add_validated(self, validated: Validated) -> None:
        self.first = self.first or validated
        if self.best is None or validated.loss <= self.best.loss:
            self.best = validated

    def add_skipped(self, _: Skipped) -> None:
        self.skipped += 1

    def show_progress(self, progress: Progress) -> None:
        self.latest = progress

    def show_prepared(self, prepared: Prepared) -> None:
        self.latest, self.prepared = None, prepared

    def load_steps(self, history: RunHistory) -> None:
        """Take in the steps of an earlier run."""
        if (last := history.last_step) is not None:
            steps, epochs = history.column("step"), history.column("epoch")
            lengths = (epochs * history.column("steps") / steps.clip(1))[epochs > 0]
            self.step = last
            self.epochs = max(self.epochs, round(float(lengths.max(initial=0.0)), 1))

    def title(self, state: str) -> str:
        """The pane's title: what is happening, or what came out."""
        where = (
            tr("step {step:,} of {steps:,}", step=self.step.step, steps=self.step.steps) if self.step else ""
        )
        match state:
            case "opening":
                return tr("Reading the run")
            case "preparing":
                return tr("Training · getting ready")
            case "running":
                return " · ".join(filter(None, (self.member or tr("Training"), where)))
            case "stopping":
                return tr("Training · stopping and saving")
            case "stopped" | "interrupted":
                word = tr("Stopped") if state == "stopped" else tr("Interrupted")
                if self.step is not None and self.step.step == self.step.steps:
                    return tr("{word} before the last validation", word=word)
                return (
                    tr("{word} at {where}", word=word, where=where)
                    if where
                    else tr("{word} before the first step", word=word)
                )
            case "refused":
                return tr("Training could not start")
            case "failed" | "overloaded":
                return (
                    tr("Training failed at {where}", where=where)
                    if where
                    else tr("Training failed before the first step")
                )
            case "done":
                return self._result()
        return tr("Training")

    def is_in_title(self, sentence: str) -> bool:
        """Whether the title and the figures say already what a sentence about the run's end says."""
        if self.first is None or self.best is None:
            return False
        return sentence == str(outcome_of(self.first, self.best))

    def progress(self, state: str) -> str:
        """What is being prepared and how far it is, while that lasts."""
        if state != "preparing" or self.latest is None:
            return ""
        done, total = self.latest.done, self.latest.total
        count = (
            tr("  ·  {done:,} of {total:,}", done=done, total=total)
            if total
            else f"  ·  {done:,}"
            if done
            else ""
        )
        return f"{self.latest.what}{count}"

    def _result(self) -> str:
        if self.first is None or self.best is None:
            return tr("Trained for {step:,} steps", step=self.step.step) if self.step else tr("Trained")
        fallen = 1 - self.best.loss / self.first.loss if self.first.loss > 0 else 0.0
        if fallen < LEAST_FALL:
            return tr("Trained, but validation loss did not fall")
        return tr("Trained: validation loss fell by {percent}", percent=words.percent(fallen))
