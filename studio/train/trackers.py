"""Other programs that a run's curves go to when asked: TensorBoard and Weights & Biases. Never by default."""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Protocol

from studio.errors import RecipeError
from studio.events import Event, Log, Prepared, Probed, Rewards, Sampled, Step, Validated
from studio.paths import model_name
from studio.process import is_application
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

log = logging.getLogger(__name__)

INSTALL = 'Install it with: pip install "tuning-studio[trackers]"'
PATIENCE = 20.0  # seconds that Weights & Biases may take to begin, and to send its last figures


class Tracker(Protocol):
    """Is shown every event of a run, and tells another program what belongs there."""

    def see(self, event: Event) -> Log | None:
        """Pass an event on. Never raises: the first failure comes back as a warning, later ones do not."""

    def close(self) -> Log | None:
        """Pass on what is still waiting, and end; to be called once, however the run ended. Never raises."""


class TrackerWriter(Protocol):
    """What each of the other programs is asked to do; any of it may raise."""

    def open(self, first_step: int) -> None: ...
    def curves(self, values: dict[str, float], step: int) -> None: ...
    def sample(self, prompt: str, answer: str, step: int) -> None: ...
    def close(self) -> None: ...


def trackers_for(recipe: Recipe, run: RunFolder) -> list[Tracker]:
    """The trackers that the recipe asks for, ready for the run's first event; call it before training.

    Raises RecipeError when a package is missing, or nobody is signed in to Weights & Biases.
    """
    check_trackers(recipe)
    found: list[Tracker] = []
    if recipe.watch.tensorboard:
        found.append(_Guarded("TensorBoard", lambda: _TensorBoard(run), run))
    if recipe.watch.wandb.strip():
        found.append(_Guarded("Weights & Biases", lambda: _Wandb(recipe, run), run))
    return found


def check_trackers(recipe: Recipe) -> None:
    """Raise RecipeError when a package is missing, or nobody is signed in to Weights & Biases."""
    if recipe.watch.tensorboard:
        _import("tensorboardX", "TensorBoard")
    if recipe.watch.wandb.strip():
        _check_signed_in(_import("wandb", "Weights & Biases"))


def curves_of(event: Event) -> dict[str, float]:
    """The points that an event adds to curves, by the curve's name; memory in bytes."""
    match event:
        case Step():
            return {
                "train/loss": event.loss,
                "train/learning_rate": event.learning_rate,
                "train/gradient_norm": event.gradient_norm,
                "train/epoch": event.epoch,
                "train/tokens_per_second": event.tokens_per_second,
                "memory/active": event.memory_active,
                "memory/peak": event.memory_peak,
                "memory/process": event.memory_process,
            }
        case Validated():
            return {"validation/loss": event.loss, "validation/perplexity": event.perplexity}
        case Rewards():
            names = ("chosen", "rejected", "margin", "accuracy")
            return {f"{event.part}/rewards_{name}": getattr(event, name) for name in names}
        case Probed():
            return {"general_text/loss": event.loss}
    return {}


class _Guarded:
    """A tracker whose failures never reach the run, and that says nothing twice when a run is resumed."""

    def __init__(self, name: str, make: Callable[[], TrackerWriter], run: RunFolder) -> None:
        self._name, self._make = name, make
        self._writer: TrackerWriter | None = None
        self._broken = False
        self._sent = {key for event in run.events() if (key := _key(event))}

    def see(self, event: Event) -> Log | None:
        return None if self._broken else self._try(lambda: self._tell(event))

    def close(self) -> Log | None:
        writer, self._writer = self._writer, None
        return self._try(writer.close) if writer else None

    def _tell(self, event: Event) -> None:
        if isinstance(event, Prepared) and self._writer is None:
            self._sent = {key for key in self._sent if key[1] < event.first_step}
            writer = self._make()
            writer.open(event.first_step)
            self._writer = writer
        key = _key(event)
        if self._writer is None or key is None or key in self._sent:
            return
        if isinstance(event, Sampled):
            self._writer.sample(event.prompt, event.answer, event.step)
        else:
            self._writer.curves(curves_of(event), key[1])

    def _try(self, act: Callable[[], None]) -> Log | None:
        try:
            act()
        except Exception as error:  # other people's programs and network: training goes on
            log.info("%s failed", self._name, exc_info=True)
            again, self._broken = self._broken, True
            text = f"{self._name} gets no more of this run: {_first_line(error)}. Training goes on."
            return None if again else Log(text, "warning")
        return None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _key(event: Event) -> tuple[str, int, str] | None:
    """What tells one point of a curve, or one sample, from every other; None for what is not passed on."""
    match event:
        case Sampled():
            return event.kind, event.step, event.prompt
        case Rewards():
            return event.kind, event.step, event.part
        case Step() | Validated() | Probed():
            return event.kind, event.step, ""
    return None


class _TensorBoard:
    """Writes `<run>/tensorboard/`, a file for each session."""

    def __init__(self, run: RunFolder) -> None:
        self._folder = run.path / "tensorboard"
        self._writer: Any = None

    def open(self, first_step: int) -> None:
        """TensorBoard then hides what an earlier session wrote from `first_step` on: it is done again."""
        package = importlib.import_module("tensorboardX")
        resumed = first_step if first_step > 1 else None
        self._writer = package.SummaryWriter(
            str(self._folder),
            purge_step=resumed,
            flush_secs=10,
            filename_suffix=f".from-{first_step:07d}",  # two sessions may begin in one second
        )

    def curves(self, values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def sample(self, prompt: str, answer: str, step: int) -> None:
        self._writer.add_text(f"samples/{prompt}", answer, step)

    def close(self) -> None:
        self._writer.close()


class _Wandb:
    """Sends curves, samples and the recipe; nothing about the machine, its files or its code.

    WANDB_MODE, WANDB_API_KEY and the other variables of the program are honoured.
    """

    def __init__(self, recipe: Recipe, run: RunFolder) -> None:
        self._recipe, self._folder = recipe, run
        self._run: Any = None

    def open(self, first_step: int) -> None:
        """The same run there for every session: points that it has already are passed over."""
        wandb = importlib.import_module("wandb")
        made = str(self._folder.manifest().get("created", ""))
        self._run = wandb.init(
            project=self._recipe.watch.wandb.strip(),
            name=self._folder.name,
            id=hashlib.sha256(f"{self._folder.name} {made}".encode()).hexdigest()[:16],
            resume="allow" if first_step > 1 else None,
            dir=str(self._folder.path),
            config=_public(self._recipe),
            settings=wandb.Settings(**_DISCREET, init_timeout=PATIENCE, finish_timeout=PATIENCE),
        )

    def curves(self, values: dict[str, float], step: int) -> None:
        self._run.log(values, step=step)

    def sample(self, prompt: str, answer: str, step: int) -> None:
        wandb = importlib.import_module("wandb")
        table = wandb.Table(columns=["step", "prompt", "answer"], data=[[step, prompt, answer]])
        self._run.log({f"samples/{prompt[:60]}": table}, step=step)

    def close(self) -> None:
        try:
            self._run.finish()
        finally:
            importlib.import_module("wandb").teardown()


_DISCREET = {
    "silent": True,
    "console": "off",
    "disable_git": True,
    "save_code": False,
    "x_disable_stats": True,
    "x_disable_meta": True,
    "x_disable_machine_info": True,
}


def _public(recipe: Recipe) -> dict[str, Any]:
    """The recipe without the folders of this Mac and without what is said about watching."""
    described = recipe.model_dump(exclude={"watch"})
    described["model"] = model_name(recipe.model)
    described["data"]["path"] = PurePath(recipe.data.path).name
    return described


def _import(package: str, name: str) -> Any:
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    try:
        return importlib.import_module(package)
    except ImportError as error:
        if is_application():
            raise RecipeError("tracker.not_in_application", name=name) from error
        raise RecipeError("tracker.no_package", name=name, install=INSTALL) from error


def _check_signed_in(wandb: Any) -> None:
    if os.environ.get("WANDB_MODE", "online") != "online":
        return
    try:
        signed_in = wandb.login(prompt=False)
    except wandb.errors.Error as error:  # no network, or a key that it does not know
        raise RecipeError("tracker.fault", fault=_first_line(error)) from error
    if not signed_in:
        wandb.teardown()  # it remembers this, and who signs in meanwhile would not be seen
        raise RecipeError("tracker.signed_out")
