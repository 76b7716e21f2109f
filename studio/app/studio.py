"""The window and everything behind it, wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPlainTextEdit, QTextEdit

from studio import __version__
from studio.app.dataset import DatasetController
from studio.app.evaluation import Evaluation
from studio.app.export import Exporting
from studio.app.hanging import HangingEngine
from studio.app.help import Help
from studio.app.models_at_work import ModelsAtWork
from studio.app.objective import ObjectiveOffers
from studio.app.playground import Playground
from studio.app.presence import Presence
from studio.app.remedying import Remedying
from studio.app.run_menu import RunMenu
from studio.app.runs import Runs
from studio.app.serving import Serving
from studio.app.session import CONTINUE, RESUME, AppSession
from studio.app.state import Services, State
from studio.app.token_view import AnswersByToken
from studio.app.tour import QUESTION, Tour
from studio.app.training import Training
from studio.jobs.heal import HealJob
from studio.jobs.queue import JobQueue, QueueName
from studio.language import tr
from studio.paths import Paths, model_folder
from studio.process import engine_is_apart
from studio.recipe.recipe import Recipe
from studio.runs.store import RunStore
from studio.settings import Settings
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.panes.models.pane import ModelsPane
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.panes.runs.pane import RunsPane
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.theme import Theme
from studio.ui.window import MainWindow

ABOUT = tr("Fine-tune language models on this Mac, and learn whether they really got better.")


class Panes:
    """The panes, put into the window in place of its empty ones; another one adds a line here."""

    def __init__(self, theme: Theme, window: MainWindow) -> None:
        self.dataset = DatasetPane(theme)
        self.training = TrainingPane(theme)
        self.evaluation = EvaluationPane(theme)
        self.playground = PlaygroundPane(theme)
        self.runs = RunsPane(theme)
        self.models = ModelsPane(theme)
        for key, pane in vars(self).items():
            window.set_pane(key, pane)


class Studio(QObject):
    """Fills the window with panes, makes their controllers, and passes on what concerns more than one."""

    def __init__(self, paths: Paths, theme: Theme, settings: Settings, window: MainWindow) -> None:
        super().__init__(window)
        self._paths, self._theme = paths, theme
        self.window = window
        with theme.suspended():
            self.panes = Panes(theme, window)
        self.queue, self.store, self.state = (
            JobQueue(self, engine_in_child=engine_is_apart()),
            RunStore(paths.runs),
            State(self),
        )
        services = Services(window, self.queue, paths, self.store, self.state)
        self.training = Training(services, self.panes.training)
        self.dataset = DatasetController(services, self.panes.dataset, self.training, theme, settings.recent)
        self.objective = ObjectiveOffers(services, self.panes.dataset, self.training)
        self.evaluation = Evaluation(services, self.panes.evaluation)
        self.playground = Playground(services, self.panes.playground, theme)
        self.answer_tokens = AnswersByToken(services, self.panes.playground, theme)
        self.runs = Runs(services, self.panes.runs)
        of_training = self.training, self.panes.training
        self.models = ModelsAtWork(services, self.panes.models, *of_training, settings.model_places)
        sign_in = self.dataset.downloading.ask
        self.remedying = Remedying(services, *of_training, self.panes.models, sign_in)
        self.exporting = Exporting(services, self.runs)
        self.run_menu = RunMenu(services, self.training, self.panes.training, self.panes.runs)
        parts = (self.dataset, self.training, self.runs, self.models.local)
        self.serving = Serving(services)
        self.help = Help(services, theme, self.training.forecasting)
        self.tour = Tour(
            services,
            self.training,
            {
                "dataset": self._try_sample,
                "training": self.panes.training.start,
                "evaluation": self.evaluation.start,
                "playground": partial(self.playground.ask, QUESTION),
            },
            lambda: self.dataset.datasets.is_sample,
        )
        self.session = AppSession(services, theme, settings, *parts)
        self.presence = Presence(
            services, *of_training, self.evaluation, lambda: self.session.settings.notify
        )
        stops = (self.panes.training.stop_requested, self.panes.evaluation.stop_requested)
        self.hanging = HangingEngine(services, *stops)
        self._connect()

    @Slot()
    def warm_up(self) -> None:
        """Load MLX in the background, and list the runs; called after the first paint."""
        self.window.set_engine(tr("Loading MLX"), "", None)
        self.training.forecasting.count()
        self.queue.submit(HealJob(self._paths), QueueName.READING, lambda event: None, lambda outcome: None)
        self.runs.refresh()
        self.models.local.refresh(weigh=False)

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Take what was named: a model's folder, or whatever goes to the dataset pane."""
        self.open_paths([path])

    @Slot(object)
    def open_paths(self, paths: Sequence[str]) -> None:
        """Take what was dropped together; on the models and the playground folders are meant for them."""
        shown = self.window.current_pane()
        if shown == "playground" and self.playground.take_folders(paths):
            return
        on_models = shown == "models"
        if all(Path(path).suffix == ".gguf" or (on_models and Path(path).is_dir()) for path in paths):
            self.models.local.add(paths)
        elif len(paths) == 1 and (Path(paths[0]) / "config.json").is_file():
            self.training.use_model(paths[0])
            self.window.show_pane("training")
        else:
            self.dataset.open_all(paths)

    @Slot()
    def close(self) -> None:
        """Stop what runs (it saves), wait for the threads, and keep the preferences."""
        self.window.hide()  # nobody should watch a frozen window while a step ends
        self.serving.stop()
        self.queue.shut_down()
        self.session.keep()

    def _connect(self) -> None:
        self.window.files_dropped.connect(self.open_paths)
        self.window.close_requested.connect(self.close)
        self.window.action_triggered.connect(self._act)
        self.queue.engine_rested.connect(self._rest)
        self.objective.misfit.connect(self.panes.training.show_misfit)
        self.training.opened.connect(self.evaluation.outdate)
        self.training.run_changed.connect(self.runs.use)
        self.evaluation.finished.connect(self.runs.use)
        self.evaluation.checkpoint_taken.connect(self.runs.use)
        self.tour.ended.connect(self.session.note_tour)
        self.runs.recipe_wanted.connect(self._use_recipe)
        self.dataset.ready_to_train.connect(self._go_to_training)
        panes = self.panes
        panes.training.dataset_requested.connect(self._show_dataset)
        panes.training.evaluate_requested.connect(self._evaluate_trained)
        panes.evaluation.train_requested.connect(self._begin)
        panes.evaluation.playground_requested.connect(self._ask_evaluated)
        panes.playground.train_requested.connect(self._begin)
        panes.runs.sample_requested.connect(self._try_sample)
        panes.runs.resume_requested.connect(self.training.resume)
        panes.runs.continue_requested.connect(self.training.continue_sweep)
        panes.runs.evaluate_requested.connect(self._evaluate)
        panes.runs.export_requested.connect(self.exporting.open)
        panes.runs.playground_requested.connect(self._open_playground)
        self.models.chat_requested.connect(self._talk_to)
        panes.runs.serve_requested.connect(self.serving.open)

    @Slot()
    def _rest(self) -> None:
        self.window.set_engine(tr("Ready"))

    @Slot()
    def _go_to_training(self) -> None:
        """On the sample, where nothing needs to be chosen, start at once."""
        self.window.show_pane("training")
        self.panes.training.lead_on()
        if self.dataset.datasets.is_sample and not self.training.busy:
            self.panes.training.start()

    @Slot()
    def _show_dataset(self) -> None:
        self.window.show_pane("dataset")

    @Slot()
    def _try_sample(self) -> None:
        self.window.show_pane("dataset")
        self.dataset.datasets.open_sample()

    @Slot()
    def _begin(self) -> None:
        """There is no run yet: go to where one begins."""
        self.window.show_pane("dataset" if self.state.dataset is None else "training")

    @Slot(object)
    def _use_recipe(self, recipe: Recipe) -> None:
        self.window.show_pane("training")
        self.training.use_recipe(recipe)

    @Slot(str)
    def _evaluate(self, name: str) -> None:
        """Evaluate a run; from among the runs, show first what was measured of it."""
        if self.window.current_pane() != "runs":
            self.evaluation.evaluate(name)
        else:
            self.window.show_pane("evaluation")
            self.evaluation.choose(name)

    @Slot(str)
    def _open_playground(self, name: str) -> None:
        self.window.show_pane("playground")
        self.playground.choose(name)

    @Slot(str)
    def _talk_to(self, model: str) -> None:
        """Talk to a model of this Mac, which needs no run."""
        self.window.show_pane("playground")
        self.playground.take_folders([str(model_folder(model))])

    @Slot()
    def _evaluate_trained(self) -> None:
        self.evaluation.evaluate(self.state.subjects.name("training"))

    @Slot(str)
    def _ask_evaluated(self, prompt: str) -> None:
        """Ask the run whose answers are on show in the evaluation."""
        self.playground.ask(prompt, self.state.subjects.name("evaluation"))

    @Slot(str)
    def _act(self, action: str) -> None:
        """Menu actions that concern more than the window itself."""
        match action:
            case "paste" | "undo" | "redo" if self._edits_rows():
                self.dataset.edit(action)
            case "appearance:system" | "appearance:light" | "appearance:dark":
                mode = action.partition(":")[2]
                self.session.take(replace(self.session.settings, appearance=mode))
            case "settings":
                self.session.ask_for_settings()
            case _ if action.startswith(RESUME):
                self.training.resume(action.removeprefix(RESUME))
            case _ if action.startswith(CONTINUE):
                self.training.continue_sweep(action.removeprefix(CONTINUE))
            case "about":
                self._show_about()

    def _edits_rows(self) -> bool:
        """Whether undo is meant for the rows of the dataset, not for a field."""
        in_field = isinstance(QApplication.focusWidget(), QLineEdit | QTextEdit | QPlainTextEdit)
        return self.window.current_pane() == "dataset" and not in_field

    def _show_about(self) -> None:
        about = QMessageBox(self.window)
        about.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about.setWindowTitle(tr("About Tuning Studio"))
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setText(tr("Tuning Studio {version}", version=__version__))
        about.setInformativeText(
            tr("{ABOUT}\n\nRuns are kept in {folder}", ABOUT=ABOUT, folder=self.store.folder)
        )
        about.open()
