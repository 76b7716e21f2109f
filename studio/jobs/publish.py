"""The job that puts a run's result on the Hub, with a card that says what it is."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import __version__
from studio.events import AccessWanted, Event, Exported, Prepared
from studio.files import scratch_folder, write_text
from studio.hub.failure import HubError
from studio.hub.upload import check_upload, followed, leaving_files
from studio.jobs.export import RunExportJob
from studio.jobs.hub import announced, hub_token, uploaded, with_access
from studio.jobs.train import recipe_of
from studio.language import tr
from studio.paths import STARTER_MODEL, model_folder
from studio.recipe.recipe import Recipe
from studio.runs.evaluations import EvaluationStored, latest_evaluation
from studio.runs.folder import RunFolder
from studio.runs.store import look

if TYPE_CHECKING:
    from studio.export.hub import BaseModel
    from studio.models.cache import ModelCache

FORMS = ("mlx", "peft", "fused", "gguf")
"""The forms in which a result can go to the Hub, by the names of export targets."""
_OWN = ("base.adapter", "data.columns", "watch.prompts", "watch.wandb")
"""Fields of a recipe that a card leaves out: places on this machine, and what was asked."""


@dataclass(frozen=True)
class RunPublishJob:
    """Write a run's result in a form, read it back, and put it on the Hub as `repository` (owner/name).

    A card is made from the run: base, licence, data, recipe, training, its newest evaluation. Private unless
    said otherwise; a given token is kept in the keychain when it works. `weights`, `precision` and
    `changed_base` are as for `RunExportJob`.
    """

    run: RunFolder
    repository: str
    form: str = "mlx"
    private: bool = True
    token: str = field(default="", repr=False)
    weights: str = "auto"
    precision: str = "f16"
    changed_base: bool = False

    @property
    def title(self) -> str:
        return tr("Publishing {name}", name=self.run.name)

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        """Exports, writes the card, names the files that leave, uploads.

        Raises HubError for a name, a token or a network that will not do, and what an export raises.
        """
        from studio.export.hub import contents_of, upload_result

        token = self.token or hub_token()
        try:
            check_upload(self.repository, token)
        except HubError as error:
            if error.page:
                yield AccessWanted(error.page)
            raise
        with scratch_folder("publish") as scratch:
            out = scratch / self.run.name
            job = RunExportJob(self.run, self.form, out, self.weights, self.precision, self.changed_base)
            for event in job.run_events(model_cache):
                yield event
                if isinstance(event, Exported):
                    self._describe(out, event)
            yield announced(self.repository, leaving_files(contents_of(out)), private=self.private)
            message = f"Upload {self.run.name} as {self.form}"
            work = followed(upload_result, out, self.repository, token, self.private, message)
            yield from with_access(uploaded(work), self.token)

    def _describe(self, out: Path, exported: Exported) -> None:
        """Write the card and the results of the evaluation beside what was exported, without our places."""
        from studio.evaluate.report.published import eval_results
        from studio.export.hub import CARD, RESULTS, BaseModel, named_text, without_places
        from studio.export.model_card import model_card

        recipe, stored = recipe_of(self.run.manifest()), latest_evaluation(self.run)
        base = BaseModel.of(model_folder(recipe.model))
        names = self._names(recipe, base, out)
        without_places(out, names)
        facts = self._facts(recipe, base, exported, stored)
        write_text(out / CARD, named_text(model_card(facts), names))
        if stored is not None:
            (out / RESULTS).mkdir()
            write_text(out / RESULTS / f"{self.run.name}.yaml", named_text(eval_results(stored), names))

    def _names(self, recipe: Recipe, base: BaseModel, out: Path) -> dict[str, str]:
        """What stands for the paths of this machine in what leaves it."""
        model = model_folder(recipe.model)
        known = base.name or (STARTER_MODEL if recipe.model == STARTER_MODEL else model.name)
        data = Path(recipe.data.path).expanduser()
        named = {model: known, model.resolve(): known, self.run.path: self.run.name, out: self.run.name}
        named |= {data: data.name} if recipe.data.path else {}
        return {**{str(path): name for path, name in named.items()}, str(Path.home()): "~"}

    def _facts(
        self, recipe: Recipe, base: BaseModel, exported: Exported, stored: EvaluationStored | None
    ) -> Any:
        from studio.evaluate.report.content import changed_fields, results_of
        from studio.evaluate.report.markdown import as_markdown
        from studio.evaluate.report.published import model_index
        from studio.export.model_card import CardFacts, data_rows, training_rows

        manifest, summary = self.run.manifest(), look(self.run)
        prepared = [event for event in self.run.events() if isinstance(event, Prepared)]
        losses = summary.best_loss, summary.best_step
        name = Path(recipe.data.path).name
        evaluation = as_markdown(results_of(stored)).replace("\n## ", "\n### ") if stored else ""
        return CardFacts(
            self.run.name,
            self.repository,
            base,
            exported,
            recipe.method,
            recipe.objective,
            data_rows(name, _counts(prepared), recipe.data.template, str(manifest.get("fingerprint", ""))),
            training_rows(summary.step, summary.tokens, summary.seconds, losses, summary.learning_rate),
            [each for each in changed_fields(recipe) if each[0] not in _OWN],
            f"#{evaluation}" if evaluation else "",
            model_index(stored, self.run.name) if stored else "",
            __version__,
        )


def _counts(prepared: list[Prepared]) -> dict[str, int]:
    if not prepared:
        return {}
    last = prepared[-1]
    found = last.train_examples, last.validation_examples, last.test_examples
    return dict(zip(("training", "validation", "test"), found, strict=True))
