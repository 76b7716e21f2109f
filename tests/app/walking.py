"""A walk through the window, and what must hold after each of its steps.

What a pane's title says, the run that the pane acts on, and the run that is written on the disk agree.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from studio.app.outcomes import TOLD
from studio.app.studio import Studio
from studio.dataset.steps.steps import steps_in
from studio.generate.sampling import Sampling
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.job import Job
from studio.jobs.sweep import SweepJob
from studio.jobs.train import ResumeJob, TrainJob, recipe_of
from studio.paths import STARTER_MODEL
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.evaluations import latest_evaluation
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from studio.ui.panes.training.states import LOOKS

PANES = ("training", "evaluation", "playground")
OF_DATASET = ("data.path", "data.columns", "data.history")
SMALL = {
    "loop.steps": 3,
    "loop.batch_size": 2,
    "loop.validate_every": 2,
    "data.max_length": 64,
    "watch.forgetting": False,
    "lora.rank": 2,
}
SHORT = Sampling.model_validate({"max_tokens": 3})


def without_dataset(recipe: Recipe) -> Recipe:
    return recipe.with_values(dict.fromkeys(OF_DATASET, ""))


class Walk:
    """Does one thing after the other, as a person would who looks at nothing, and checks after each."""

    def __init__(self, studio: Studio, qtbot: QtBot, files: list[Path], jobs: list[Job], seed: int) -> None:
        self.studio, self.qtbot, self.files, self.jobs = studio, qtbot, files, jobs
        self.panes, self.subjects = studio.panes, studio.state.subjects
        self.any = random.Random(seed)
        self.done: list[str] = []
        self.asked: list[str] = []  # of which run each question of the playground was asked
        self.actions: tuple[tuple[Callable[[], str], int], ...] = (
            (self.open_dataset, 8),
            (self.edit_row, 6),
            (self.change_recipe, 8),
            (self.start, 10),
            (self.stop, 6),
            (self.resume, 6),
            (self.sweep, 4),
            (self.select_runs, 8),
            (self.use_run, 10),
            (self.use_menu, 6),
            (self.pick, 16),
            (self.evaluate, 8),
            (self.stop_evaluation, 2),
            (self.ask, 10),
            (self.delete, 3),
            (self.rename, 4),
            (self.switch, 8),
            (self.use_model, 3),
            (self.wait, 12),
        )
        self.panes.playground.panel.set_sampling(SHORT)
        studio.training.opened.connect(self._note_opened)

    def leave_out(self, *names: str) -> None:
        """Do none of these."""
        self.actions = tuple(each for each in self.actions if each[0].__name__ not in names)

    def go(self, count: int) -> None:
        """Do so many things."""
        actions, weights = zip(*self.actions, strict=True)
        for _ in range(count):
            (action,) = self.any.choices(actions, weights)
            told = action()
            self.done.append(f"{len(self.done)} {action.__name__} {told}".strip())
            self._let_happen()
            self.check()
        self.rest()

    def rest(self) -> None:
        """Wait until nothing happens any more, and check all."""
        self.qtbot.waitUntil(self._is_idle)
        self.check()

    def _let_happen(self) -> None:
        for _ in range(self.any.choice((1, 3, 10))):
            QApplication.processEvents()

    def _is_idle(self) -> bool:
        return self.studio.queue.idle and not self.panes.training._edited.isActive()

    # what can be done

    def open_dataset(self) -> str:
        path = self.any.choice(self.files)
        self.studio.open_path(str(path))
        return path.name

    def edit_row(self) -> str:
        if (dataset := self.studio.state.dataset) is None:
            return "(no dataset)"
        line = self.any.choice([row.line for row in dataset.rows])
        self.studio.dataset.steps.edit(line, "answer", f"It is {self.any.randrange(1000)}, surely.")
        return str(line)

    def change_recipe(self) -> str:
        values: dict[str, Any] = self.any.choice(
            (
                {"lora.rank": self.any.choice((2, 3, 4))},
                {"loop.steps": self.any.choice((2, 3, 4))},
                {"loop.steps": 0, "loop.epochs": self.any.choice((0.25, 0.5))},
                {"optimizer.learning_rate": self.any.choice((1e-3, 2e-3, None))},
                {"data.max_length": self.any.choice((48, 64))},
                {"loop.seed": self.any.choice((0, 1))},
            )
        )
        self.studio.training.change(values)
        return str(values)

    def start(self) -> str:
        pane = self.panes.training
        if not pane.can_start():
            return "(cannot)"
        wanted = pane.recipe()
        data = self.studio.state.recipe.data
        begun = len(self.jobs)
        self.press(pane._buttons["start"])
        jobs = [job for job in self.jobs[begun:] if isinstance(job, TrainJob)]
        for job in jobs:  # none, where the dataset is being read again
            assert without_dataset(job.recipe) == without_dataset(wanted), self.done
            assert (job.recipe.data.path, job.recipe.data.history) == (data.path, data.history), self.done
            assert tuple(steps_in(job.recipe.data.history)) == self.studio.dataset.steps.current, self.done
        return f"rank {wanted.lora.rank} on {PurePath(data.path).name}, {len(jobs)} jobs"

    def stop(self) -> str:
        return self.press(self.panes.training._buttons["stop"])

    def resume(self) -> str:
        name, begun = self.subjects.name("training"), len(self.jobs)
        told = self.press(self.panes.training._buttons["resume"])
        for job in self.jobs[begun:]:
            assert not isinstance(job, ResumeJob) or job.run.name == name, self.done
        return f"{told} {name}"

    def sweep(self) -> str:
        pane = self.panes.training
        if not pane.can_start():
            return "(cannot)"
        self.studio.training.sweep(Sweep(pane.recipe(), (("lora.rank", ("2", "4")),)))
        return ""

    def select_runs(self) -> str:
        names = self._names()
        chosen = self.any.sample(names, min(len(names), self.any.choice((1, 1, 2, 3))))
        self.panes.runs.select_several(chosen)
        return " ".join(chosen)

    def use_run(self) -> str:
        key = self.any.choice(("play", "evaluate", "resume", "recipe", "continue"))
        name = self.panes.runs.chosen()
        self.panes.runs.perform(key)
        return f"{key} {name}"

    def use_menu(self) -> str:
        """What the Run menu does with a run, it does with the one of the pane in front."""
        front = self.studio.window.current_pane()
        name = self.panes.runs.chosen() if front == "runs" else self.subjects.name(front)
        pane, key = self.any.choice((("playground", "run:play"), ("evaluation", "run:evaluate")))
        action, held = self.studio.window.action(key), getattr(self.panes, pane).picker
        if action.isEnabled():
            is_free = held.isEnabled()
            action.trigger()
            assert not is_free or self.subjects.name(pane) == name, self.done[-12:]
        return f"{key} {name} from {front}"

    def pick(self) -> str:
        pane = self.any.choice(PANES)
        picker = getattr(self.panes, pane).picker
        if not picker.isEnabled() or picker.isHidden():
            return "(held)"
        names = [run.name for run in picker._runs] + ([""] if pane == "training" else [])
        others = {other: self.subjects.name(other) for other in PANES if other != pane}
        name = self.any.choice(names) if names else ""
        picker._on_chosen(name)
        assert self.subjects.name(pane) == name, self.done
        assert {other: self.subjects.name(other) for other in others} == others, self.done
        return f"{pane} {name}"

    def evaluate(self) -> str:
        pane, begun = self.any.choice(("training", "evaluation")), len(self.jobs)
        name = self.subjects.name(pane)
        if pane == "training":
            told = self.press(self.panes.training._buttons["evaluate"])
        else:
            self.panes.evaluation.evaluate_requested.emit()
            told = ""
        for job in self.jobs[begun:]:
            if isinstance(job, EvaluateJob):
                assert job.run.name == name == self.panes.evaluation.picker.name(), self.done
        return f"{pane} {name} {told}"

    def stop_evaluation(self) -> str:
        return self.press(self.panes.evaluation.stop)

    def ask(self) -> str:
        name, begun = self.panes.playground.picker.name(), len(self.jobs)
        if not name or self.panes.playground.state is not None:
            return "(no run)"
        self.panes.playground.set_prompt("Say the number 3")
        self.panes.playground.send()
        for job in self.jobs[begun:]:
            if isinstance(job, ChatJob):
                assert job.run is not None
                assert job.run.name == name, self.done
                self.asked.append(name)
        return name

    def delete(self) -> str:
        name = self.panes.runs.chosen()
        if "delete" in self.panes.runs.offers() and len(self._names()) > 2:
            self.panes.runs.delete_requested.emit(name)
        return name

    def rename(self) -> str:
        name = self.panes.runs.chosen()
        if "rename" in self.panes.runs.offers():
            self.panes.runs.rename_requested.emit(name, f"run-{self.any.randrange(10_000)}")
        return name

    def switch(self) -> str:
        key = self.any.choice(("dataset", *PANES, "runs", "models"))
        self.studio.window.show_pane(key)
        return key

    def use_model(self) -> str:
        """Train with the model that the list of models stands on: the only one here is the starter."""
        self.studio.window.show_pane("models")
        facts, is_free = self.panes.models.local.chosen(), not self.studio.training.busy
        self.panes.models.perform("train")
        assert facts is None or not is_free or self.studio.state.recipe.model == STARTER_MODEL, self.done
        return facts.name if facts is not None else "(none listed)"

    def wait(self) -> str:
        if self.any.random() < 0.5:
            self.qtbot.waitUntil(self._is_idle)
            return "until idle"
        self.qtbot.wait(self.any.choice((5, 50, 300)))
        return ""

    def press(self, button: QAbstractButton) -> str:
        """Press a button, if it is there and can be pressed."""
        if button.isHidden() or not button.isEnabled():
            return "(not there)"
        button.click()
        return button.text()

    def _names(self) -> list[str]:
        return [run.name for run in self.panes.runs._model.rows]

    # what must hold

    def check(self) -> None:
        """Hold the titles against what is acted on, and both against what is written."""
        for pane in PANES:
            picker = getattr(self.panes, pane).picker
            assert picker.name() == self.subjects.name(pane), (pane, self.done[-12:])
        self._check_training()
        self._check_answers()
        if self._is_idle():
            self._check_written()

    def _check_training(self) -> None:
        """While a run is on show its own recipe, dataset and epochs are; the form says what trains."""
        pane, name = self.panes.training, self.subjects.name("training")
        story, look = pane._story, LOOKS[pane.state()]
        told = (pane.state(), name, self.done[-12:])
        if not name or story.recipe is None:
            return
        folder = self.studio.store.folder / name
        if not folder.exists():
            return  # it was deleted a moment ago
        written = recipe_of(RunFolder(folder).manifest())
        assert story.recipe == written, told
        dataset = PurePath(written.data.path).name
        assert dataset in story.facts(), told
        if not written.loop.steps and story.step is not None:
            assert 0 <= story.epochs - written.loop.epochs < 0.1, told  # whole steps
        if look.locked and self.studio.training.busy:
            assert pane.form._dataset.text() == dataset, told
            assert without_dataset(pane.recipe()) == without_dataset(written), told
        if pane.state() == "stopped" and story.step is not None:
            assert "15 of 15" not in pane.header.title(), told

    def _check_answers(self) -> None:
        """Every answer says of which run and step it is; what was asked of one is answered by that."""
        exchanges = self.panes.playground.columns.exchanges
        for exchange, name in zip(reversed(exchanges), reversed(self.asked), strict=False):
            foot = exchange.foot("tuned")
            if "tok/s" in foot:
                assert foot.startswith(f"{name}, step "), (foot, name, self.done[-12:])

    def _check_written(self) -> None:
        """Nothing happens: the panes say what is on the disk."""
        told = self.done[-12:]
        runs = {run.name: summarize(run) for run in self.studio.store.runs()}
        assert set(self._names()) ^ set(runs) == set(), told
        for pane in PANES:
            name = self.subjects.name(pane)
            assert not name or name in runs, (pane, name, told)
            if name and pane != "training":
                assert self.subjects.run(pane) == runs[name], (pane, told)
        self._check_run_on_show(runs, told)
        self._check_evaluation(told)
        pane, recipe = self.panes.training, self.studio.state.recipe
        assert without_dataset(pane.recipe()) == without_dataset(recipe), told
        dataset = self.studio.state.dataset
        shown = dataset.name if dataset is not None else "Choose a dataset"
        assert pane.form._dataset.text() == shown, told

    def _check_run_on_show(self, runs: dict[str, Any], told: list[str]) -> None:
        pane, name = self.panes.training, self.subjects.name("training")
        if not name:
            assert pane.state() in ("idle", "refused", "stopped"), (pane.state(), told)
            return
        run, title = runs[name], pane.header.title()
        assert pane.state() in TOLD, (pane.state(), told)
        assert pane.state() == run.state, (pane.state(), run, told)
        if pane._story.step is not None:
            assert pane._story.step.step == run.step, (title, run, told)
        if pane._is_ready():
            assert title.startswith(f"Ready: {self.studio.state.dataset.name}, "), (title, told)
            assert title.endswith(f"LoRA rank {pane.recipe().lora.rank}"), (title, told)
            assert pane._buttons["evaluate"].isHidden(), told
            title = pane.previous.words()  # of the run on show it is told above its curves
        if run.state == "stopped" and 0 < run.step < run.steps:
            assert title == f"Stopped at step {run.step} of {run.steps}", (title, run, told)
        if run.state == "stopped":
            assert run.step < run.steps or not run.step, (run, told)

    def _check_evaluation(self, told: list[str]) -> None:
        pane, name = self.panes.evaluation, self.subjects.name("evaluation")
        if pane.shown is None or not name:
            return
        run = RunFolder(self.studio.store.folder / name)
        assert pane.shown[0] == run.path, (name, told)
        stored = latest_evaluation(run)
        assert stored is not None, (name, told)
        assert pane.results.verdict.headline.text() == str(stored.result.headline), (name, told)
        assert pane.header.title() == f"Evaluation of {name}", told

    def _note_opened(self, name: str) -> None:
        """A run is written as the job that makes it was asked."""
        job = next(job for job in reversed(self.jobs) if isinstance(job, TrainJob | ResumeJob | SweepJob))
        written = recipe_of(RunFolder(self.studio.store.folder / name).manifest())
        if isinstance(job, TrainJob):
            assert written == job.recipe, self.done[-12:]
        elif isinstance(job, ResumeJob):
            assert name == job.run.name, self.done[-12:]
        else:
            assert written in [member.recipe for member in job.sweep.members()], self.done[-12:]
