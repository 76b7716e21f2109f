"""Jobs that put a dataset on the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.data.hub.wanted import HubError
from studio.events import AccessWanted, DatasetUploaded, Event, Log, Progress
from studio.files import scratch_folder
from studio.jobs.hub_token import hub_token, keep_hub_token
from studio.jobs.save import SaveJob
from studio.train.recipe import Recipe


@dataclass(frozen=True)
class UploadJob:
    """Put a saved dataset on the Hub; a given token is kept in the keychain when it works."""

    folder: Path
    repository: str
    private: bool = True
    token: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return "Uploading the dataset"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.saving.hub import leaving, told, uploading

        token = self.token or hub_token()
        seen = "only you and its owner's organization" if self.private else "everybody"
        files = told(leaving(self.folder))
        yield Log(f"What goes to {self.repository} on the Hub, for {seen} to see if it is new: {files}.")
        try:
            address = yield from uploading(self.folder, self.repository, token, private=self.private)
        except HubError as error:
            if error.page:
                yield AccessWanted(error.page)
            raise
        if self.token:
            keep_hub_token(self.token)
        yield DatasetUploaded(address)


@dataclass(frozen=True)
class PublishJob:
    """Put the recipe's dataset on the Hub, as it was changed by hand; unless it is saved so, it is first."""

    recipe: Recipe
    overlays: Path
    repository: str
    private: bool = True
    token: str = field(default="", repr=False)
    fingerprint: str = ""  # of the dataset in which the changes were made

    @property
    def title(self) -> str:
        return "Uploading the dataset"

    def run_events(self, bench: Any) -> Generator[Event]:
        path = Path(self.recipe.data.path).expanduser()
        if self._is_as_saved(path):
            yield from self._upload(path).run_events(bench)
            return
        with scratch_folder("upload") as scratch:
            folder = scratch / self.repository.rpartition("/")[2]
            job = SaveJob(self.recipe, folder, overlays=self.overlays, fingerprint=self.fingerprint)
            for event in job.run_events(bench):
                if isinstance(event, Progress):
                    yield event
            yield from self._upload(folder).run_events(bench)

    def _upload(self, folder: Path) -> UploadJob:
        return UploadJob(folder, self.repository, self.private, self.token)

    def _is_as_saved(self, path: Path) -> bool:
        from studio.data.history.overlay import OverlayFile
        from studio.data.saving.manifest import Manifest, is_saved

        if not is_saved(path):
            return False
        return not OverlayFile.of(self.overlays, Manifest.read(path).fingerprint).read().steps
