"""What would be trained next: said as soon as data or recipe are not those of the run on show any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtWidgets import QFrame

from studio.language import plural, tr
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, applies, fields
from studio.recipe.sweep import short
from studio.ui.form.model_picker import model_title
from studio.ui.form.words import choice_word
from studio.ui.panes.training.states import LOOKS, ButtonStates, RunStory
from studio.ui.widgets.label import Badge, ElidedLabel
from studio.ui.widgets.layout import row

ENDED = ("done", "stopped", "interrupted", "failed", "overloaded")
"""The states of a run that is on show, and that another one may follow."""
MOST_NAMED = 3


@dataclass(frozen=True)
class NextData:
    """The dataset that a new run would train on: its name, and how many rows train, validate and cannot.

    `source` is its path and what was done to it, which tells it from others. While it is read again, as for
    another template, it is not `there`.
    """

    name: str = ""
    train: int = 0
    validation: int = 0
    untrained: int = 0
    source: tuple[str, str] = ("", "")
    there: bool = True

    @property
    def split(self) -> str:
        """How its rows are divided, in words."""
        left = tr(", {untrained:,} cannot train", untrained=self.untrained) if self.untrained else ""
        return tr(
            "{train:,} examples train, {validation:,} validate{left}",
            train=self.train,
            validation=self.validation,
            left=left,
        )


class NextRun:
    """The next run beside the one on show: whether it is another one, and what it is called."""

    def __init__(self) -> None:
        self.data = NextData()
        self._recipe, self._source = Recipe(), self.data.source
        self._wanted = False

    def rest(self, recipe: Recipe) -> None:
        """A run has ended, or was opened: it is told of until something is changed from here on."""
        self._recipe, self._source, self._wanted = recipe, self.data.source, False

    def want(self) -> None:
        """A new run is wanted, with whatever is on show."""
        self._wanted = True

    def is_ahead(self, recipe: Recipe) -> bool:
        """Whether data or recipe were changed since."""
        other_data = self.data.source != self._source
        return bool(self.data.name) and (self._wanted or other_data or bool(changed(recipe, self._recipe)))

    def has_trained(self, run: Recipe | None) -> bool:
        """Whether the run on show trained on this very dataset."""
        return run is not None and (run.data.path, run.data.history) == self.data.source

    def title(self, recipe: Recipe) -> str:
        """What will be trained: Ready: support.jsonl, 480 rows, LoRA rank 16."""
        count = plural(self.data.train, "{count:,} row", "{count:,} rows")
        return tr(
            "Ready: {name}, {count}, {method_words}",
            name=self.data.name,
            count=count,
            method_words=method_words(recipe),
        )

    def facts(self, recipe: Recipe, *, startable: bool = True) -> str:
        """The model, and what the title does not say of the dataset."""
        data, model = self.data, model_title(recipe.model)
        if not data.name:
            return tr("{model}  ·  no dataset yet", model=model)
        if not startable:
            return f"{model}  ·  {data.name}  ·  {data.split}"
        left = tr("  ·  {untrained:,} cannot train", untrained=data.untrained) if data.untrained else ""
        return tr(
            "{model}  ·  {validation:,} rows validate{left}",
            model=model,
            validation=data.validation,
            left=left,
        )

    def after(self, state: str, story: RunStory, recipe: Recipe) -> str:
        """What becomes of the run on show, which its picker names before these words."""
        run = story.recipe
        if run is None or "resume" not in LOOKS[state].buttons:
            return tr("is the previous run.  ·  {facts}", facts=self.facts(recipe))
        if not self.has_trained(run):
            return tr("is the previous run; Resume goes on with it, on {dataset}.", dataset=story.dataset)
        return tr("is the previous run. {kept_words}", kept_words=kept_words(recipe, run))


def method_words(recipe: Recipe) -> str:
    """How a recipe trains, in the fewest words: LoRA rank 16, DPO."""
    method = choice_word("method", recipe.method)
    words = (
        tr("{method} rank {rank}", method=method, rank=recipe.lora.rank)
        if recipe.adapts
        else tr("{lower} fine-tuning", lower=method.lower())
    )
    return words if recipe.objective == "sft" else f"{words}, {choice_word('objective', recipe.objective)}"


def changed(recipe: Recipe, other: Recipe) -> list[FieldEntry]:
    """The fields in which a run with this recipe would differ from one with the other, but for the data."""
    return [
        entry
        for entry in fields()
        if entry.value(recipe) != entry.value(other)
        and entry.level != "dataset"
        and entry.path != "data.path"
        and (applies(entry, recipe) or applies(entry, other))
    ]


def kept_words(recipe: Recipe, run: Recipe) -> str:
    """What a run that is resumed keeps where the form says something else; nothing where it does not."""
    named = [f"{entry.title} {_said(entry, run)}" for entry in changed(recipe, run)]
    more = [tr("{value} more", value=len(named) - MOST_NAMED + 1)] if len(named) > MOST_NAMED else []
    named = [*named[: MOST_NAMED - 1], *more] if more else named
    return (
        tr(
            "Resume keeps {listed}.",
            listed=tr(" and ").join(filter(None, (", ".join(named[:-1]), named[-1]))),
        )
        if named
        else ""
    )


def _said(entry: FieldEntry, recipe: Recipe) -> str:
    value = entry.value(recipe)
    return model_title(value) if entry.path == "model" else choice_word(entry.path, short(value))


def ready_look(state: str, *, same_data: bool) -> ButtonStates:
    """The buttons of a state of the run on show once something else is ready to be trained."""
    look = LOOKS[state]
    start = look.start if same_data and state != "done" else tr("Start training")
    buttons = tuple(name for name in look.buttons if name != "evaluate")  # which is of the run before
    return replace(look, buttons=buttons, primary="start", start=start)


class PreviousRun(QFrame):
    """Says over the curves that they are those of the run before."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("tone", "dim")
        self._words = ElidedLabel()
        self._words.setProperty("tone", "dim")
        row(Badge(tr("Previous run")), (self._words, 1), on=self, inside=(14, 8, 14, 8))
        self.hide()

    def words(self) -> str:
        """What came of the previous run; nothing while the run on show is the one that is told of."""
        return self._words.text()

    def show_run(self, words: str) -> None:
        """What came of it; nothing hides the line."""
        self._words.setText(words)
        self.setAccessibleName(tr("Previous run. {words}", words=words))
        self.setVisible(bool(words))
