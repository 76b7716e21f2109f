"""Opening who competes: the base, a run's result or one of its checkpoints, another run, another model."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import ModelError, RunError, RunMissing
from studio.events import Event, Log, Progress
from studio.generate.contestant import (
    BASE,
    MIX,
    MODEL,
    PARENT,
    RUN,
    Approach,
    Contestant,
    OpenContestant,
)
from studio.jobs.base import same_base
from studio.jobs.train import recipe_of, unproven
from studio.language import tr
from studio.models.folder import text_fingerprint
from studio.paths import model_folder
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import look

if TYPE_CHECKING:
    from studio.models.cache import ModelCache, OpenModel


def open_contestants(
    run: RunFolder | None,
    contestants: Sequence[Contestant],
    model_cache: ModelCache,
    *,
    changed_base: bool = False,
) -> Generator[Event, None, tuple[OpenContestant, ...]]:
    """Open those that compete in what is asked about `run`, in their order; without one, models by folder.

    Contestants of one model in one form share a copy of its weights. With `changed_base` also where a run's
    model is another by now.
    Raises RunMissing, RunError or ModelError with what is missing, and RunError for two with one key and for
    a server, before anything is loaded.
    """
    different(contestants)
    if served := next((each for each in contestants if not each.is_local), None):
        raise RunError("contestant.server", key=served.key)
    if run is None and (of_run := next((each for each in contestants if each.kind != MODEL), None)):
        raise RunError("contestant.no_run", key=of_run.key)
    opening = _Opening(run, model_cache, changed_base)
    opened = []
    for number, contestant in enumerate(contestants):
        yield Progress(tr("Loading {title}", title=contestant.title), number, len(contestants))
        opened.append((yield from opening.open(contestant)))
    return tuple(opened)


def different(contestants: Sequence[Contestant]) -> None:
    """Raises RunError for two with one key."""
    keys = [each.key for each in contestants]
    if twice := next((key for key in keys if keys.count(key) > 1), ""):
        raise RunError("contestant.twice", key=twice)


@dataclass(frozen=True)
class _Opening:
    run: RunFolder | None
    model_cache: ModelCache
    changed_base: bool
    recipes: dict[Path, Recipe] = field(default_factory=dict)
    opened: dict[str, OpenContestant] = field(default_factory=dict)

    def open(self, contestant: Contestant) -> Generator[Event, None, OpenContestant]:
        """Each model is opened once, in however many ways it is asked."""
        plain = contestant.model_copy(update={"approach": Approach(), "name": ""})
        if plain.key not in self.opened:
            self.opened[plain.key] = yield from self._open(plain)
        return replace(self.opened[plain.key], contestant=contestant)

    def _open(self, contestant: Contestant) -> Generator[Event, None, OpenContestant]:
        if self.run is None:
            recipe = Recipe().with_values({"model": contestant.model})
            return self._finished(contestant, recipe, self._bare(recipe), None)
        if contestant.kind == MIX:
            return (yield from self._mixed(contestant))
        run = self._run_of(contestant, self.run)
        recipe = yield from self._recipe(run)
        if contestant.kind == MODEL:
            recipe = recipe.with_values({"model": contestant.model, "base.adapter": ""})
        if contestant.kind in (BASE, MODEL):
            return self._finished(contestant, recipe, self._bare(recipe), None)
        if contestant.kind == PARENT:
            return (yield from self._parent(contestant, recipe, run))
        return (yield from self._tuned(contestant, recipe, run))

    def _run_of(self, contestant: Contestant, run: RunFolder) -> RunFolder:
        if contestant.kind != RUN:
            return run
        other = RunFolder(run.path.parent / contestant.run)
        if contestant.run != other.name or not (other.path / "run.json").is_file():
            raise RunMissing("run.missing", name=contestant.run, folder=run.path.parent)
        return other

    def _recipe(self, run: RunFolder) -> Generator[Event, None, Recipe]:
        if run.path not in self.recipes:
            manifest = run.manifest()
            recipe = recipe_of(manifest)
            self.recipes[run.path] = yield from same_base(
                run, manifest, recipe, changed_base=self.changed_base
            )
        return self.recipes[run.path]

    def _bare(self, recipe: Recipe) -> OpenModel:
        from studio.train.prepare import form_of

        return self.model_cache.open(model_folder(recipe.model), form_of(recipe))

    def _parent(
        self, contestant: Contestant, recipe: Recipe, run: RunFolder
    ) -> Generator[Event, None, OpenContestant]:
        from studio.train.prepare import open_start

        if not recipe.base.adapter:
            raise RunError("parent.none", name=run.name)
        opened = yield from open_start(recipe, self.model_cache)
        opened.module.eval()
        return self._finished(contestant, recipe, opened, None)

    def _tuned(
        self, contestant: Contestant, recipe: Recipe, run: RunFolder
    ) -> Generator[Event, None, OpenContestant]:
        from studio.models import adapter
        from studio.train.prepare import open_start, parents_of

        opened = yield from open_start(recipe, self.model_cache)
        if contestant.now:
            return (yield from self._live(contestant, recipe, run, opened))
        folder = _trained(run, contestant.step)
        if not adapter.read_onto(opened.module, folder, parents_of(recipe)):
            yield Log(unproven(folder))
        if contestant.strength != 1:
            yield from self._weaken(opened, recipe, contestant.strength)
        step = contestant.step or adapter.step_of(folder) or _told_step(run)
        return self._finished(contestant, recipe, opened, folder, step)

    def _live(
        self, contestant: Contestant, recipe: Recipe, run: RunFolder, opened: OpenModel
    ) -> Generator[Event, None, OpenContestant]:
        """What a run that trains beside has learned so far: arrays do not change, only which ones it has."""
        from studio.models import adapter

        live = opened.weights.training.get(run.path)
        if live is None:
            raise RunError("contestant.not_training", run=run.name)
        step = live.step()
        adapter.put_onto(opened.module, live.described, adapter.weights(live.module))
        if contestant.strength != 1:
            yield from self._weaken(opened, recipe, contestant.strength)
        found = self._finished(contestant, recipe, opened, None, step)
        fingerprint = text_fingerprint(f"{found.fingerprint} {run.path} {step} {contestant.strength:g}")
        return replace(found, fingerprint=fingerprint, method=recipe.method)

    def _mixed(self, contestant: Contestant) -> Generator[Event, None, OpenContestant]:
        from studio.generate.changes import NotJoined, mix

        parts = []
        for part in contestant.parts:
            parts.append((yield from self.open(part.model_copy(update={"strength": 1.0}))))
        first, *others = parts
        if any(each.weights is not first.weights for each in others):
            raise RunError("contestant.other_base", key=contestant.key)
        if full := next((each for each in parts if each.method == "full"), None):
            raise RunError("contestant.not_mixed", key=contestant.key, name=full.title)
        bare, weights = first.bare(), [part.strength for part in contestant.parts]
        try:
            mix(bare, [each.module for each in parts], weights)
        except NotJoined as error:
            raise RunError("contestant.not_mixed", key=contestant.key, name=first.title) from error
        prints = [f"{each.fingerprint} {weight:g}" for each, weight in zip(parts, weights, strict=True)]
        fingerprint = text_fingerprint("\n".join(prints))
        return replace(first, contestant=contestant, module=bare, fingerprint=fingerprint, step=0)

    def _weaken(self, opened: OpenModel, recipe: Recipe, strength: float) -> Generator[Event]:
        from studio.models import strength as strengths
        from studio.train.prepare import open_start

        if recipe.adapts:
            strengths.weaken(opened.module, strength)
        else:
            start = yield from open_start(recipe, self.model_cache)
            strengths.weaken_weights(opened.module, start.module, strength)

    def _finished(
        self,
        contestant: Contestant,
        recipe: Recipe,
        opened: OpenModel,
        folder: Path | None,
        step: int = 0,
    ) -> OpenContestant:
        from studio.models.folder import adapter_fingerprint, model_fingerprint
        from studio.train.prepare import parents_of, renderer_for

        prints = [model_fingerprint(opened.folder)["weights"], str(opened.form)]
        if contestant.kind not in (BASE, MODEL):
            prints += [parent.fingerprint for parent in parents_of(recipe)]
        if folder is not None:
            prints += [adapter_fingerprint(folder), f"{contestant.strength:g}"]
        opened.module.eval()
        return OpenContestant(
            contestant,
            opened.module,
            opened.tokenizer,
            renderer_for(recipe, opened),
            opened.config,
            opened.folder,
            text_fingerprint("\n".join(prints)),
            opened.weights,
            lambda: self.model_cache.open(opened.folder, opened.form).module,
            folder,
            step,
            recipe.method if folder is not None else "",
            opened.remarks_on,
        )


def _told_step(run: RunFolder) -> int:
    """The step that a run's result is of, where that is not written with it: as its history has it."""
    told = look(run)
    return told.best_step or told.step


def _trained(run: RunFolder, step: int) -> Path:
    """The folder of a run's result, or of its checkpoint at a step. Raises ModelError where it has none."""
    if not step:
        return run.adapter
    folder = run.path / "checkpoints" / f"step-{step:06d}"
    if not folder.is_dir():
        there = ", ".join(str(int(each.name.removeprefix("step-"))) for each in run.checkpoints())
        raise ModelError("contestant.no_checkpoint", run=run.name, step=step, there=there or "none")
    return folder
