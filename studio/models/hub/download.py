"""Models of the Hub, looked for, shown and downloaded in a process of its own, watched from outside."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path

from studio.catalogue import phrase
from studio.events import Event, Log, Progress, built
from studio.events.models import FileArrived, ModelDownloaded, ModelFile, ModelShown
from studio.hub.child import messages
from studio.hub.failure import HubError
from studio.language import tr
from studio.models.hub.asked import AskedModel, FoundModel, ModelFilters


def search(
    query: str, filters: ModelFilters, sort: str, most: int, token: str = "", *, configs: bool = False
) -> Generator[Progress, None, list[FoundModel]]:
    """At most so many models that the Hub finds, where asked with their configs. Raises HubError.

    Whether one fits here is not looked at.
    """
    from studio.models.hub.listing import search_models

    shown = Progress(tr("Asking the Hub"), 0)
    yield shown
    with closing(messages(search_models, query, filters, sort, most, configs, token)) as received:
        for message in received:
            match message:
                case {"done": [*found]}:
                    return [built(FoundModel, each) for each in found]
            yield shown
    raise HubError("hub.not_searched")


def show(asked: AskedModel, token: str = "") -> Generator[Progress, None, tuple[ModelShown, dict[str, int]]]:
    """What the Hub says of a model, with its small files, and its numbers of each type. Raises HubError."""
    from studio.models.hub.listing import show_model

    shown = Progress(tr("Looking up {name}", name=asked.name), 0)
    yield shown
    with closing(messages(show_model, asked, token)) as received:
        for message in received:
            match message:
                case {"done": [dict(found), dict(types)]}:
                    return built(ModelShown, found), types
            yield shown
    raise HubError("hub.not_looked_up", name=asked.name)


def download(asked: AskedModel, token: str = "") -> Generator[Event, None, ModelDownloaded]:
    """Bring a model into the Hugging Face cache, announcing how far each of its files is.

    Closing the generator ends the download; what was fetched stays, and the next one goes on from there.
    Raises HubError with what is wrong and what to do.
    """
    from studio.models.hub.fetch import fetch_model

    yield Progress(tr("Looking up {name}", name=asked.name), 0)
    watched = _Watched(asked.name)
    with closing(messages(fetch_model, asked, token)) as received:
        for message in received:
            match message:
                case {"done": dict(found)}:
                    return built(ModelDownloaded, found)
                case {"name": str(name), "files": [*files], "there": [*there]}:
                    if name != asked.name:
                        yield Log(str(phrase("hub.moved", name=asked.name, now=name)))
                    watched = _Watched(name, {each["name"]: ModelFile(**each) for each in files})
                    sizes = zip(watched.files.values(), there, strict=True)
                    yield from (FileArrived(name, each.name, done, each.size) for each, done in sizes)
                case {"file": str(file), "arriving": str(part)}:
                    watched.turn_to(file, Path(part))
                case {"checking": str(file)}:
                    yield Progress(tr("Checking {file}", file=file), 0)
                case {"arrived": str(file)}:
                    watched.file = ""
                    size = watched.files[file].size
                    yield FileArrived(watched.name, file, size, size)
            yield from watched.look()
    raise HubError("hub.not_downloaded", name=asked.name)


class _Watched:
    """The file that arrives just now, and how far it is."""

    def __init__(self, name: str, files: dict[str, ModelFile] | None = None) -> None:
        self.name, self.files = name, files or {}
        self.file, self.part, self.done = "", Path(), 0

    def turn_to(self, file: str, part: Path) -> None:
        """This one arrives from now on, in that place."""
        self.file, self.part, self.done = file, part, 0

    def look(self) -> Generator[Event]:
        """Say how far it is; where nothing arrives, that it goes on."""
        if not self.file:
            yield Progress(tr("Downloading {name}", name=self.name), 0)
            return
        total = self.files[self.file].size
        with suppress(FileNotFoundError):  # before its first byte; and whole, it has another name
            self.done = self.part.stat().st_size
        yield FileArrived(self.name, self.file, min(self.done, total), total)
