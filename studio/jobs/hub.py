"""Jobs with the Hugging Face Hub: what a dataset has, download, upload, and the token for it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.dataset.hub.download import download, look_up
from studio.dataset.hub.wanted import Wanted
from studio.events import AccessWanted, Event, Log, Progress, Uploaded
from studio.files import scratch_folder
from studio.generate.keys import keep_secret, kept_secret
from studio.hub.failure import HubError
from studio.jobs.save import SaveJob
from studio.language import tr
from studio.recipe.recipe import Recipe

if TYPE_CHECKING:
    from studio.hub.upload import Leaving


@dataclass(frozen=True)
class LookUpJob:
    """Find out which subsets and splits a Hub dataset has."""

    wanted: Wanted
    token: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return tr("Looking up {name}", name=self.wanted.name)

    def run_events(self, context: Any) -> Generator[Event]:
        yield from with_access(look_up(self.wanted, self.token or hub_token()), self.token)


@dataclass(frozen=True)
class DownloadJob:
    """Download a part of a Hub dataset below a folder; stopped, the next one goes on where it was."""

    wanted: Wanted
    under: Path
    token: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return tr("Downloading {name}", name=self.wanted.name)

    def run_events(self, context: Any) -> Generator[Event]:
        yield from with_access(download(self.wanted, self.under, self.token or hub_token()), self.token)


def with_access(work: Generator[Event, None, Event], token: str) -> Generator[Event]:
    """The work's events and what it returns; a given token that it accepts is kept.

    When access is what is missing, that is said before HubError is raised.
    """
    try:
        result = yield from work
    except HubError as error:
        if error.page:
            yield AccessWanted(error.page)
        raise
    if token:
        keep_hub_token(token)
    yield result


@dataclass(frozen=True)
class UploadJob:
    """Put a saved dataset on the Hub; a given token is kept in the keychain when it works."""

    folder: Path
    repository: str
    private: bool = True
    token: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return tr("Uploading the dataset")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.hub.upload import leaving, uploading

        token = self.token or hub_token()
        yield announced(self.repository, leaving(self.folder), private=self.private)
        work = uploading(self.folder, self.repository, token, private=self.private)
        yield from with_access(uploaded(work), self.token)


def announced(repository: str, files: Sequence[Leaving], *, private: bool) -> Log:
    """What is about to leave this Mac, and who will see it."""
    from studio.hub.upload import listed_files

    seen = "only you and its owner's organization" if private else "everybody"
    listed = listed_files(files)
    return Log(
        tr(
            "What goes to {repository} on the Hub, for {seen} to see if it is new: {listed}.",
            repository=repository,
            seen=seen,
            listed=listed,
        )
    )


def uploaded(work: Generator[Event, None, str]) -> Generator[Event, None, Uploaded]:
    """The work, and that what it sent is there."""
    return Uploaded((yield from work))


@dataclass(frozen=True)
class PublishJob:
    """Put the recipe's dataset on the Hub, with its steps done; unless it is saved so, it is first."""

    recipe: Recipe
    repository: str
    private: bool = True
    token: str = field(default="", repr=False)
    fingerprint: str = ""  # of the source in which rows were changed by hand

    @property
    def title(self) -> str:
        return tr("Uploading the dataset")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.manifest import is_saved

        path = Path(self.recipe.data.path).expanduser()
        if is_saved(path) and not self.recipe.data.history:
            yield from self._upload(path).run_events(context)
            return
        with scratch_folder("upload") as scratch:
            folder = scratch / self.repository.rpartition("/")[2]
            job = SaveJob(self.recipe, folder, fingerprint=self.fingerprint)
            for event in job.run_events(context):
                if isinstance(event, Progress):
                    yield event
            yield from self._upload(folder).run_events(context)

    def _upload(self, folder: Path) -> UploadJob:
        return UploadJob(folder, self.repository, self.private, self.token)


_HUB = "huggingface"
"""Under which name the keychain has the token."""


def hub_token() -> str:
    """The keychain's, else that of the environment or of Hugging Face's own login; empty without one."""
    from huggingface_hub import get_token

    return kept_secret(_HUB) or get_token() or ""


def keep_hub_token(token: str) -> None:
    """Keep a token that works in the keychain; where there is none, it is asked for again next time."""
    keep_secret(_HUB, token.strip())
