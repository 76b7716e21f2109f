"""Recipes opened from files and saved to them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from studio.app.shared import Shared
from studio.errors import StudioError
from studio.recipe.files import read_recipe, write_recipe
from studio.recipe.recipe import Recipe
from studio.ui.panes.training.pane import TrainingPane

RECIPES = "Recipes (*.toml)"


class RecipeFiles(QObject):
    """Asks for a file, and fills the form from it or writes the form to it."""

    def __init__(self, shared: Shared, pane: TrainingPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        pane.open_recipe_requested.connect(self._open)
        pane.save_recipe_requested.connect(self._save)

    def _open(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self._pane, "Open a recipe", "", RECIPES)
        if not file:
            return
        try:
            self._pane.apply_recipe(read_recipe(Path(file)), Path(file).stem)
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")

    def _save(self, recipe: Recipe) -> None:
        file, _ = QFileDialog.getSaveFileName(self._pane, "Save the recipe", "recipe.toml", RECIPES)
        if not file:
            return
        try:
            write_recipe(Path(file), recipe)
        except (StudioError, OSError) as error:
            self._shared.window.show_notice(f"The recipe could not be saved: {error}", "bad")
