"""Where things live on this machine: the person's folders, and what ships with the app."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class Paths:
    """The folders the app writes to. Nothing is created until something is saved there."""

    home: Path

    @classmethod
    def for_user(cls) -> Paths:
        """`STUDIO_HOME` when it is set, else the system's folder for application data."""
        if chosen := os.environ.get("STUDIO_HOME"):
            return cls(Path(chosen).expanduser().resolve())
        return cls(_home_of_user())

    @classmethod
    def under(cls, folder: Path) -> Paths:
        """Everything below one folder: for `--home`, tests and demonstrations."""
        return cls(folder.expanduser().resolve())

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def step_journals(self) -> Path:
        """What was changed by hand in datasets, a file for each; the datasets themselves are not touched."""
        return self.home / "overlays"

    @property
    def scans(self) -> Path:
        """Indexes of big files; they can be made again."""
        return self.home / "scans"

    @property
    def made(self) -> Path:
        """Rows that were made and wait to be accepted, a folder for each synthesis."""
        return self.home / "made"

    @property
    def confirmed(self) -> Path:
        """Which servers may see which files, as the person said."""
        return self.home / "confirmed.jsonl"

    @property
    def hub(self) -> Path:
        """What was downloaded from the Hub."""
        return self.home / "hub"

    @property
    def models(self) -> Path:
        """Models that were converted or fused here, a folder for each."""
        return self.home / "models"

    @property
    def model_uses(self) -> Path:
        """What models were found to be good for on this machine; it can be found out again."""
        return self.home / "model-uses.json"

    @property
    def downloads(self) -> Path:
        """Which models were on their way from the Hub when the app was closed."""
        return self.home / "downloads.json"

    @property
    def settings(self) -> Path:
        return self.home / "settings.json"

    @property
    def presets(self) -> Path:
        """Ways of drawing answers that the person named."""
        return self.home / "presets.json"

    @property
    def prompts(self) -> Path:
        """Prompts that the person kept."""
        return self.home / "prompts.json"

    @property
    def datasets(self) -> Path:
        """Datasets that came of changes to others, until the person saves them elsewhere."""
        return self.home / "datasets"

    @property
    def library(self) -> Path:
        """What is known of datasets that were opened, a file for each."""
        return self.home / "library"

    @property
    def log(self) -> Path:
        """What happened, for the person; beside it stand those that were full."""
        return self._logs / "studio.log"

    @property
    def report_log(self) -> Path:
        """The same without anything of the person's, for reports."""
        return self._logs / "report.log"

    @property
    def crashes(self) -> Path:
        """Where a process leaves its last words when it crashes, and what was made of them."""
        return self.home / "crashes"

    @property
    def _logs(self) -> Path:
        """On a Mac where Console looks for logs, unless another home was chosen."""
        if sys.platform == "darwin" and self.home == _home_of_user():
            return Path(platformdirs.user_log_dir("Tuning Studio", appauthor=False))
        return self.home


def _home_of_user() -> Path:
    return Path(platformdirs.user_data_dir("Tuning Studio", appauthor=False))


def resource(name: str) -> Path:
    """The path of a file that ships with the app, from a checkout or from inside the bundle."""
    root = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parent.parent))
    return root / "resources" / name


STARTER_MODEL = "starter"
"""The name under which the bundled model is asked for in recipes and on the command line."""


def model_name(model: str) -> str:
    """The name of a model that is given by its folder; one in the Hugging Face cache is called as there."""
    path = Path(model)
    folder = path.parent.parent.name if path.parent.name == "snapshots" else ""
    return folder.rpartition("--")[2] if folder.startswith("models--") else path.name


def model_folder(model: str) -> Path:
    """The folder of a model named in a recipe: the bundled starter, or a path."""
    if model == STARTER_MODEL:
        return resource("starter/model")
    return Path(model).expanduser()
