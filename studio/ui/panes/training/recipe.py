"""The recipe's card: the form, a search in it, and recipes that are ready or kept in files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit

from studio.language import tr
from studio.paths import STARTER_MODEL
from studio.recipe.recipe import Recipe
from studio.ui.form.model_picker import model_title
from studio.ui.form.recipe import RecipeForm
from studio.ui.form.row import FormRow
from studio.ui.plain import keyless, tip
from studio.ui.widgets.button import Button, PickButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import note
from studio.ui.widgets.popup import Menu

OWN = tr("My own")
MISSING = tr("Made for {name}, which is not on this Mac. {chosen} stays chosen until it is here.")
SEARCH_WIDTH = 168


class RecipeChoice(Protocol):
    """A recipe that ships with the app: its title, what it is for, and the recipe."""

    @property
    def title(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def recipe(self) -> Recipe: ...


type Finder = Callable[[str], str]
"""Says as what a model is to be had on this Mac, by its name in a recipe; nothing where it is not here."""


def adopted(recipe: Recipe, at_hand: Recipe, find: Finder) -> Recipe:
    """`recipe` with the dataset at hand, and with the model at hand unless the recipe's is on this Mac."""
    return recipe.with_values({"data.path": at_hand.data.path, "model": find(recipe.model) or at_hand.model})


def _alike(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes ask for the same, whichever model and dataset it is for."""
    return one.with_values({"data.path": other.data.path, "model": other.model}) == other


class RecipeCard(Card):
    """Puts ready recipes into the form; files are opened and saved by who hears the signals."""

    applied = Signal()
    open_requested = Signal()
    save_requested = Signal()
    model_requested = Signal(str)  # the name on the Hub of the model that a recipe is made for

    def __init__(self, form: RecipeForm) -> None:
        super().__init__(tr("Recipe"))
        self.form = form
        self._name, self._applied, self._model = OWN, Recipe(), ""
        self.find_model: Finder = lambda model: model if model == STARTER_MODEL else ""
        self._menu = Menu(self)
        self._menu.setToolTipsVisible(True)
        self._pick = PickButton(OWN, "chevron-down")
        self._pick.clicked.connect(self._show_menu)
        self._for = note("")
        self._for.hide()
        self.get = Button("", "link", "download")
        self.get.clicked.connect(self._ask_for_model)
        self.get.hide()
        self._search = QLineEdit()
        self._search.setObjectName("search")
        self._search.setPlaceholderText(tr("Find a field"))
        self._search.setAccessibleName(tr("Find a field of the recipe"))
        clear = QAction(self._search)
        clear.setShortcut(Qt.Key.Key_Escape)
        clear.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        clear.triggered.connect(self._search.clear)
        self._search.addAction(clear)
        self._search.setFixedWidth(SEARCH_WIDTH)
        self._search.textChanged.connect(form.search)
        self.head.addWidget(self._search)
        self._row = FormRow(tr("Recipe"), self._pick)
        self._row.grid.addWidget(self._for, 1, 0, 1, 2)
        self._row.grid.addWidget(self.get, 2, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        form.prepend(self._row)
        self.body.addWidget(form)
        self.set_ready(())
        form.changed.connect(self.show_name)

    def name(self) -> str:
        """What the recipe's button says."""
        return self._pick.text()

    def note(self) -> str:
        """Which model the recipe was made for, when it is another one than the chosen."""
        return self._for.text()

    def actions_shown(self) -> dict[str, QAction]:
        """The entries of the menu by their words."""
        return {action.text(): action for action in self._menu.actions() if not action.isSeparator()}

    def take(self, recipe: Recipe) -> None:
        """Show a recipe that comes from elsewhere, such as a run's own."""
        self.form.set_recipe(recipe)
        if not _alike(self._applied, recipe):
            self._name, self._model = OWN, ""
        self.show_name()

    def set_ready(self, recipes: Sequence[RecipeChoice]) -> None:
        """The recipes that the menu offers, each with whether its model is here when the menu opens."""
        self._menu.clear()
        for ready in recipes:
            action = self._menu.addAction(keyless(ready.title))
            action.setData(ready)
            action.triggered.connect(self._on_ready)
        if recipes:
            self._menu.addSeparator()
        self._menu.addAction(tr("Open recipe…"), self.open_requested.emit)
        self._menu.addAction(tr("Save recipe…"), self.save_requested.emit)
        self._menu.addSeparator()
        self._menu.addAction(tr("Back to the defaults"), self._back_to_defaults)

    def apply(self, recipe: Recipe, name: str) -> None:
        """Put a recipe into the form under its name; the dataset stays, and the model if it is not here."""
        shown = adopted(recipe, self.form.recipe_at_hand(), self.find_model)
        missing = "" if self.find_model(recipe.model) else recipe.model
        self._name, self._applied, self._model = name, shown, missing
        self.form.set_recipe(shown)
        self.show_name()
        self.applied.emit()

    def look_again(self) -> None:
        """Choose the model that the recipe on show is made for, if it is here by now."""
        shown = self.form.recipe_at_hand()
        is_waiting = bool(self._model) and shown.model == self._applied.model and self._pick.isEnabled()
        if is_waiting and (found := self.find_model(self._model)):
            self._applied, self._model = self._applied.with_values({"model": found}), ""
            self.form.set_recipe(shown.with_values({"model": found}))
            self.show_name()
            self.applied.emit()

    def search(self, text: str) -> None:
        """Look for fields, as if it had been typed."""
        self._search.setText(text)

    def set_locked(self, locked: bool) -> None:
        """Whether another recipe may be taken now."""
        self._pick.setEnabled(not locked)
        self.form.set_locked(locked)

    def show_name(self) -> None:
        """Say whose recipe the form shows now, whether it was changed since, and for which model it is."""
        shown = self.form.recipe_at_hand()
        changed = self._name != OWN and not _alike(self._applied, shown)
        self._pick.setText(tr("{name}, changed", name=self._name) if changed else self._name)
        self._pick.setToolTip(
            tip(tr("{text}. Take another one here, or from a file.", text=self._pick.text()))
        )
        missing = bool(self._model) and shown.model == self._applied.model
        self._for.setText(
            MISSING.format(name=self._model, chosen=model_title(shown.model)) if missing else ""
        )
        self._for.setVisible(missing)
        self.get.setText(tr("Get {model_title}…", model_title=model_title(self._model)))
        self.get.setAccessibleName(tr("Get {model}", model=self._model))
        self.get.setVisible(missing)

    def _show_menu(self) -> None:
        for action in self._menu.actions():
            if (ready := action.data()) is not None:
                here = self.find_model(ready.recipe.model)
                where = (
                    tr("Its model is on this Mac.")
                    if here
                    else tr("{model} is not on this Mac yet.", model=ready.recipe.model)
                )
                action.setToolTip(tip(f"{ready.help} {where}"))
        self._menu.popup(self._pick.mapToGlobal(QPoint(0, self._pick.height() + 2)))

    def _on_ready(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            ready: RecipeChoice = action.data()
            self.apply(ready.recipe, ready.title)

    def _ask_for_model(self) -> None:
        self.model_requested.emit(self._model)

    def _back_to_defaults(self) -> None:
        self.apply(Recipe(model=self.form.model()), OWN)
        self._model = ""
