"""One model in full: what it is and what fits, its card, its config, its template, its files."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPlainTextEdit, QStackedWidget, QWidget

from studio.events import ModelFacts, ModelShown, OnlineModel
from studio.language import tr
from studio.ui.panes.models import words
from studio.ui.panes.models.shelf import GATED
from studio.ui.plain import tip
from studio.ui.theme import fixed_font
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card, PairList
from studio.ui.widgets.label import Badge, ElidedLabel, PlainLabel, WrapLabel
from studio.ui.widgets.layout import add, clear, row, scrolled
from studio.ui.widgets.markdown import MarkdownView
from studio.ui.widgets.style import empty_layout, set_property
from studio.ui.widgets.tabs import Tabs
from studio.words import file_size, memory, short_count

PAGES = (
    ("about", tr("About")),
    ("card", tr("Card")),
    ("config", tr("Config")),
    ("template", tr("Template")),
    ("files", tr("Files")),
)
_LONGEST = 40_000
_NOTHING = {
    "card": tr("This model has no card."),
    "config": tr("This model has no configuration file."),
    "template": tr(
        "This model has no chat template: it is a base model, or its tokenizer says nothing of it."
    ),
    "files": tr("No file is known."),
}
_READING = tr("Reading…")


def facts_of(facts: ModelFacts) -> list[tuple[str, str]]:
    """What a model is, as pairs of words; what is not known is left out."""
    pairs = (
        (tr("By"), words.owner(facts)),
        (tr("Architecture"), facts.architecture),
        (tr("Parameters"), words.billions(facts.parameters) if facts.parameters else ""),
        (tr("Bits per weight"), words.bits(facts) if facts.bits else ""),
        (tr("Size"), file_size(facts.size) if facts.size else ""),
        (tr("Context"), tr("{context:,} tokens", context=facts.context) if facts.context else ""),
        (tr("Chat template"), tr("Yes") if facts.is_chat else tr("No")),
        (tr("Format"), {"gguf": "GGUF", "safetensors": tr("Safetensors")}.get(facts.form, facts.form)),
        (tr("Licence"), facts.license),
        (tr("Found in"), "" if facts.source == "online" else words.source(facts)),
        (tr("Place"), facts.place),
    )
    return [pair for pair in pairs if pair[1]]


def found_facts(found: OnlineModel) -> list[tuple[str, str]]:
    """What the Hub says of a model beside that."""
    pairs = (
        (tr("Downloads"), short_count(found.downloads)),
        (tr("Likes"), short_count(found.likes)),
        (tr("Changed"), words.changed(found.changed)),
        (tr("Revision"), found.revision[:12]),
    )
    return [pair for pair in pairs if pair[1] not in ("", words.NONE)]


class FitList(QWidget):
    """What a model may be used for here: a line each, in words and with the memory that it takes."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(2, 1)

    def show_uses(self, facts: ModelFacts) -> None:
        """Show those that are known."""
        empty_layout(self._grid)
        for place, use in enumerate(words.uses_of(facts)):
            name = PlainLabel(words.USES[use.use])
            verdict = Badge(words.FIT_WORDS.get(use.fits, use.fits), words.FIT_TONES.get(use.fits, "dim"))
            needs = PlainLabel(memory(use.size) if use.size else words.NONE)
            needs.setProperty("tone", "dim")
            needs.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, label in enumerate((name, verdict, needs)):
                label.setToolTip(tip(words.use_tip(use)))
                self._grid.addWidget(label, place, column)
        self.setVisible(bool(facts.uses))


class ModelDetails(Card):
    """Shows the model it is given: at once what a list knows of it, and the rest when it was read."""

    page_requested = Signal(str)  # the address of a web page

    def __init__(self) -> None:
        super().__init__()
        self._shown: ModelFacts | None = None
        self.name, self.source = ElidedLabel("", Qt.TextElideMode.ElideMiddle), Badge()
        self.gated = Badge(tr("Gated"), "warn")
        self.gated.setToolTip(tip(GATED))
        self.name.setProperty("role", "title")
        self.problem, self.tabs, self.pages = WrapLabel(tone="warn"), Tabs(PAGES), QStackedWidget()
        self.uses, self.facts, self.files = FitList(), PairList(), PairList(cuts_names=True)
        self.no_uses = WrapLabel(tr("What fits on this Mac is not known."), tone="dim")
        self.license_page = Button(tr("Read the licence"), "link", "external-link")
        self.license_page.clicked.connect(self._open_license)
        self.card = MarkdownView(tr("Card of the model"))
        self.card.page_requested.connect(self.page_requested)
        self.config, self.template = _Source(tr("Configuration")), _Source(tr("Chat template"))
        self._license = ""
        self.packed: tuple[str, ...] = ()  # the GGUF files of the model, one of which is to be chosen
        self._add_pages()
        add(
            self.body,
            row((self.name, 1), self.gated, self.source, gap=6),
            self.problem,
            row(self.tabs, ...),
            (self.pages, 1),
        )
        self.tabs.chosen.connect(self._turn_to)
        self.setMinimumWidth(340)
        self.clear()

    def clear(self) -> None:
        """No model is chosen."""
        self._shown = None
        self.hide()

    def shown(self) -> ModelFacts | None:
        """The model on show."""
        return self._shown

    def show_facts(self, facts: ModelFacts, found: OnlineModel | None = None) -> None:
        """Show what a list says of a model; another model's card and files go."""
        is_other = self._shown is None or (self._shown.name, self._shown.place) != (facts.name, facts.place)
        self._say_what(facts, found)
        if is_other:
            self._fill("", "", "", [], _READING)
            self._license, self.packed = "", ()
            self.license_page.hide()
        self.show()

    def show_model(self, shown: ModelShown, found: OnlineModel | None = None) -> None:
        """Show what was read of a model."""
        self._say_what(shown.facts, found)
        self._license = shown.license_page
        self.license_page.setVisible(bool(shown.license_page))
        config = _pretty(shown.config)
        if shown.generation.strip():
            config = f"{config}\n\n// generation_config.json\n{_pretty(shown.generation)}"
        files = [(file.name, file_size(file.size)) for file in shown.files]
        self.packed = tuple(file.name for file in shown.files if file.name.lower().endswith(".gguf"))
        self._fill(shown.card, config, shown.template, files)
        self.show()

    def show_failure(self, sentence: str) -> None:
        """The rest could not be read."""
        self._fill("", "", "", [], sentence)

    def _say_what(self, facts: ModelFacts, found: OnlineModel | None) -> None:
        self._shown = facts
        self.name.setText(words.short_name(facts))
        here = found is not None and bool(found.here)
        self.gated.setVisible(found is not None and found.gated)
        self.source.setText(tr("On this Mac") if here else words.source(facts))
        set_property(self.source, "tone", "good" if here else "dim")
        self.problem.setText(str(facts.problem or ""))
        self.problem.setVisible(facts.problem is not None)
        self.uses.show_uses(facts)
        self.no_uses.setVisible(not facts.uses and facts.problem is None)
        self.facts.show_pairs([*facts_of(facts), *(found_facts(found) if found is not None else ())])

    def _fill(
        self, card: str, config: str, template: str, files: list[tuple[str, str]], instead: str = ""
    ) -> None:
        self.card.show_markdown(card or instead or _NOTHING["card"])
        self.config.show_text(config or instead or _NOTHING["config"])
        self.template.show_text(template or instead or _NOTHING["template"])
        self.files.show_pairs(files or [(instead or _NOTHING["files"], "")])

    def _add_pages(self) -> None:
        about = clear(
            self.uses, self.no_uses, 4, self.facts, row(self.license_page, ...), ..., inside=(0, 4, 0, 0)
        )
        for page in (scrolled(about), self.card, self.config, self.template, scrolled(self.files)):
            self.pages.addWidget(page)

    def _turn_to(self, key: str) -> None:
        self.pages.setCurrentIndex([page for page, _ in PAGES].index(key))

    def _open_license(self) -> None:
        self.page_requested.emit(self._license)


class _Source(QPlainTextEdit):
    """A file's text as it is written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFont(fixed_font(11))
        self.document().setDocumentMargin(2)

    def show_text(self, text: str) -> None:
        """Show the beginning of this text."""
        self.setPlainText(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n…")


def _pretty(text: str) -> str:
    """JSON with a line for each value; what is no JSON as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
