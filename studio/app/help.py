"""The glossary at work: opened from the Help menu and from the mark beside every field."""

from __future__ import annotations

from studio.app.form import Forecasting
from studio.app.state import Controller, Services
from studio.events import Forecasted, ModelCounted
from studio.recipe.entry import FieldEntry
from studio.ui.dialogs.glossary import ADAPTER_PAGE, GlossaryWindow
from studio.ui.form.row import questions
from studio.ui.theme import Theme


class Help(Controller):
    """Keeps one glossary, which knows the model and its forecast as they stand."""

    def __init__(self, services: Services, theme: Theme, forecasting: Forecasting) -> None:
        super().__init__(services, services.window)
        self._theme = theme
        self._count: ModelCounted | None = None
        self._forecast: Forecasted | None = None
        self.glossary: GlossaryWindow | None = None
        forecasting.counted.connect(self._take_count)
        forecasting.forecasted.connect(self._take_forecast)
        self._window.action_triggered.connect(self._act)
        self._window.close_requested.connect(self._close)
        questions.asked.connect(self.open_field)

    def open(self) -> GlossaryWindow:
        """Show the glossary, where it was left."""
        if self.glossary is None:
            self.glossary = GlossaryWindow(self._theme)  # no dialog of the window blocks it
            self.glossary.show_count(self._count, self._forecast)
        self.glossary.show()
        self.glossary.raise_()
        self.glossary.activateWindow()
        return self.glossary

    def open_field(self, entry: FieldEntry) -> None:
        """Show the page of the field whose mark was pressed."""
        self.open().show_field(entry)

    def _close(self) -> None:
        if self.glossary is not None:
            self.glossary.close()

    def _act(self, action: str) -> None:
        if action == "help":
            self.open()
        elif action == "help_adapter":
            self.open().show_word(ADAPTER_PAGE)

    def _take_count(self, count: ModelCounted) -> None:
        self._count = count
        self._tell()

    def _take_forecast(self, forecast: Forecasted | None) -> None:
        self._forecast = forecast
        self._tell()

    def _tell(self) -> None:
        if self.glossary is not None:
            self.glossary.show_count(self._count, self._forecast)
