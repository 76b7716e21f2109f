"""The models that the server answers with, and what they are called in requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.generate.contestant import BASE, MODEL, TUNED, Contestant
from studio.paths import STARTER_MODEL, model_folder
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, RunSummary
from studio.serve.refusal import HttpRefusal

_SHOWN = 8
"""Names that a refusal lists."""


@dataclass(frozen=True)
class OfferedModel:
    """A model under the name that requests give; `created` in seconds since 1970."""

    name: str
    run: RunFolder | None
    contestant: Contestant
    created: int = 0


class Offered:
    """What is offered: of the runs called `names`, or of all of them, the result as RUN, its checkpoints as
    RUN@STEP and what it was tuned from as base:RUN; and model folders by their names.

    Runs that learn something meanwhile are there at once.
    """

    def __init__(self, runs: Path, names: Sequence[str] = (), models: Sequence[Path] = ()) -> None:
        self._store, self._names, self._models = RunStore(runs), tuple(names), tuple(models)

    def models(self) -> list[OfferedModel]:
        """All of them, the newest runs first."""
        found = list(self._folders())
        for summary in self._store.summaries():
            if summary.can_answer and self._serves(summary):
                found += self._of_run(summary)
        return found

    def find(self, name: str) -> OfferedModel:
        """The model that a request names. Raises HttpRefusal, with names that there are."""
        offered = self.models()
        for each in offered:
            if each.name == name:
                return each
        names = [each.name for each in offered]
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        raise HttpRefusal("serve.no_model", name=name[:80], names=shown or "none")

    def check(self) -> None:
        """Raises StudioError for a name that nothing is served under."""
        if not (offered := self.models()):
            raise StudioError("serve.nothing")
        there = {each.run.name for each in offered if each.run is not None}
        for name in self._names:
            if self._store.find(name).name not in there:
                raise StudioError("serve.unlearned", name=name)

    def _serves(self, summary: RunSummary) -> bool:
        return not self._names or summary.name in self._names

    def _folders(self) -> Iterator[OfferedModel]:
        folders = list(self._models)
        if not self._names and not folders:
            folders = [model_folder(STARTER_MODEL)]
        for folder in folders:
            own = folder == model_folder(STARTER_MODEL)
            where = STARTER_MODEL if own else str(folder)
            name = STARTER_MODEL if own else folder.name
            yield OfferedModel(name, None, Contestant(kind=MODEL, model=where))

    def _of_run(self, summary: RunSummary) -> Iterator[OfferedModel]:
        run, created = RunFolder(summary.folder), int(summary.created.timestamp())
        yield OfferedModel(summary.name, run, Contestant(kind=TUNED), created)
        for folder in run.checkpoints():
            step = int(folder.name.removeprefix("step-"))
            own = Contestant(kind=TUNED, step=step)
            yield OfferedModel(f"{summary.name}@{step}", run, own, created)
        yield OfferedModel(f"base:{summary.name}", run, Contestant(kind=BASE), created)
