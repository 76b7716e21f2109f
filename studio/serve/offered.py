"""The models that the server answers with, and what they are called in requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.generate.contestant import BASE, MODEL, TUNED, Contestant
from studio.paths import STARTER_MODEL
from studio.runs.folder import RunFolder, clean_name
from studio.runs.store import RunStore, RunSummary, look
from studio.serve.refusal import HttpRefusal

_SHOWN = 8
"""Names that a refusal lists."""
_BASE = "base:"
_CACHED = "models--"
"""Begins the folder of a model in the cache of huggingface_hub: models--owner--name/snapshots/…"""


@dataclass(frozen=True)
class OfferedModel:
    """A model under the name that requests give; `created` in seconds since 1970."""

    name: str
    run: RunFolder | None
    contestant: Contestant
    created: int = 0


class Offered:
    """What is offered: of the runs called `names`, or of all of them, the result as RUN, its checkpoints as
    RUN@STEP and what it was tuned from as base:RUN; and models (the starter, or folders) by their names. The
    starter alone where neither runs nor models are named.

    Runs that learn something meanwhile are there at once.
    """

    def __init__(self, runs: Path, names: Sequence[str] = (), models: Sequence[str] = ()) -> None:
        self._store, self._names = RunStore(runs), tuple(names)
        self._models = tuple(models) or (() if names else (STARTER_MODEL,))

    def models(self) -> list[OfferedModel]:
        """All of them, the newest runs first."""
        found = list(self._folders())
        for summary in self._store.summaries():
            found += self._of_run(summary)
        return found

    def find(self, name: str) -> OfferedModel:
        """The model that a request names. Raises HttpRefusal, with names that there are."""
        run = name.removeprefix(_BASE).partition("@")[0]
        for each in (*self._folders(), *self._called(run)):
            if each.name == name:
                return each
        names = [each.name for each in self.models()]
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        raise HttpRefusal("serve.no_model", name=name[:80], names=shown or "none")

    def check(self) -> None:
        """Raises StudioError for a name that nothing is served under."""
        for name in self._names:
            if not any(self._called(name)):
                raise StudioError("serve.unlearned", name=name)
        if not self.models():
            raise StudioError("serve.nothing")

    def _called(self, name: str) -> Iterator[OfferedModel]:
        """What is offered of the run with this name; no other is looked at."""
        run = RunFolder(self._store.folder / name)
        if name == clean_name(name) and (run.path / "run.json").is_file():
            yield from self._of_run(look(run))

    def _folders(self) -> Iterator[OfferedModel]:
        for model in self._models:
            yield OfferedModel(served_name(model), None, Contestant(kind=MODEL, model=model))

    def _of_run(self, summary: RunSummary) -> Iterator[OfferedModel]:
        if not summary.can_answer or (self._names and summary.name not in self._names):
            return
        run, created = RunFolder(summary.folder), int(summary.created.timestamp())
        yield OfferedModel(summary.name, run, Contestant(kind=TUNED), created)
        for folder in run.checkpoints():
            step = int(folder.name.removeprefix("step-"))
            own = Contestant(kind=TUNED, step=step)
            yield OfferedModel(f"{summary.name}@{step}", run, own, created)
        yield OfferedModel(f"{_BASE}{summary.name}", run, Contestant(kind=BASE), created)


def served_name(model: str) -> str:
    """What a model is called in requests: as on the Hub, where it was downloaded by its tools, else as its
    folder.
    """
    folder = Path(model)
    kept = folder.parent.parent.name
    if folder.parent.name == "snapshots" and kept.startswith(_CACHED):
        return kept.removeprefix(_CACHED).replace("--", "/")
    return folder.name
