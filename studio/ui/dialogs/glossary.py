"""The words of this app: fields of the recipe and terms of the field, to be searched and read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QStackedWidget, QTextBrowser, QWidget

from studio.events import Forecasted, ModelCounted
from studio.language import tr
from studio.paths import resource
from studio.recipe.entry import FieldEntry
from studio.ui.dialogs.adapter_page import AdapterPage
from studio.ui.form.words import ENTRIES, SECTIONS, choice_word, zero_word
from studio.ui.theme import Theme
from studio.ui.widgets.layout import column, row

ADAPTER_PAGE = tr("Your model: W + B A")
_LEFT, _SIZE = 240, (900, 620)


@dataclass(frozen=True)
class Page:
    """One entry: its title, its paragraphs, and the titles of what belongs to it."""

    title: str
    paragraphs: tuple[str, ...]
    see: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """Whether every word of `text` occurs in it."""
        described = " ".join((self.title, *self.paragraphs)).lower()
        return all(word in described for word in text.lower().split())


@cache
def pages() -> Mapping[str, Page]:
    """Every page by its title: the terms, and a page for each field of the recipe that is no term."""
    terms = tomllib.loads(resource("help/glossary.toml").read_text(encoding="utf-8"))
    found = {tr(title): _page_of_term(title, term) for title, term in terms.items()}
    for entry in ENTRIES.values():
        if entry.title not in found:
            see = [tr(title) for title, term in terms.items() if entry.path in term.get("fields", ())]
            found[entry.title] = page_of_field(entry, see)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def page_of_field(entry: FieldEntry, see: Sequence[str] = ()) -> Page:
    """What is to be said about a field of any form."""
    return Page(entry.title, (entry.help, *_facts(entry)), tuple(see))


def _page_of_term(title: str, term: Mapping[str, object]) -> Page:
    entries = [ENTRIES[str(path)] for path in _texts(term, "fields")]
    own = next((entry for entry in entries if entry.title == tr(title)), None)
    in_form = [] if own is None else [tr("In the recipe: {help}", help=own.help), *_facts(own)]
    others = (entry.title for entry in entries if entry is not own)
    see = map(tr, _texts(term, "see"))
    return Page(tr(title), (tr(str(term["text"])), *in_form), (*see, *others))


def _texts(term: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = term.get(name, ())
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def _facts(entry: FieldEntry) -> list[str]:
    """What a field takes, as sentences."""
    low, high = entry.bounds
    facts = []
    if entry.choices:
        facts.append(
            tr(
                "One of {listed}.",
                listed=", ".join(choice_word(entry.path, choice) for choice in entry.choices),
            )
        )
    elif low is not None and high is not None:
        facts.append(
            tr(
                "From {low:,.10g} to {high:,.10g}{words}.",
                low=low,
                high=high,
                words=f" {entry.unit}" if entry.unit else "",
            )
        )
    if (zero := zero_word(entry)) and low == 0:
        facts.append(f"0: {zero}.")
    default = entry.default
    if default not in ("", None):
        shown = {True: "on", False: "off"}.get(default) if isinstance(default, bool) else default
        facts.append(tr("By default {choice_word}.", choice_word=choice_word(entry.path, str(shown))))
    elif default is None:
        facts.append(tr("By default it is chosen for you."))
    if section := SECTIONS.get(entry.group) if entry.level == "advanced" else "":
        facts.append(tr("It stands under {section}.", section=section))
    return facts


class GlossaryWindow(QDialog):
    """A list that is searched at the left; at the right what a word means, with links to others."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Glossary"))
        self.resize(*_SIZE)
        self.search, self.list, self.text = QLineEdit(), QListWidget(), QTextBrowser()
        self.adapter = AdapterPage(theme)
        self._shown = QStackedWidget()
        self._shown.addWidget(self.text)
        self._shown.addWidget(self.adapter)
        self._page: Page | None = None
        self._theme = theme
        self._set_up()
        left = column(self.search, (self.list, 1))
        row((left, 0), (self._shown, 1), on=self, inside=(16, 16, 16, 16), gap=16)
        self._fill("")
        theme.changed.connect(self._draw)
        self.show_word(tr("Adapter"))

    def show_count(self, count: ModelCounted | None, forecast: Forecasted | None) -> None:
        """The person's own model under the recipe as it stands, for the page that shows its adapter."""
        self.adapter.show_count(count, forecast)

    def show_word(self, title: str) -> None:
        """Turn to a page by its title."""
        if not self.list.findItems(title, Qt.MatchFlag.MatchExactly):
            self.search.clear()
        for item in self.list.findItems(title, Qt.MatchFlag.MatchExactly):
            self.list.setCurrentItem(item)

    def show_field(self, entry: FieldEntry) -> None:
        """Turn to the page of a field, also of one that the recipe does not have."""
        if pages().get(entry.title) is not None and ENTRIES.get(entry.path) is not None:
            self.show_word(entry.title)
        else:
            self.list.setCurrentRow(-1)
            self._show_page(page_of_field(entry))

    def _set_up(self) -> None:
        self.search.setObjectName("search")
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search the glossary"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(_LEFT)
        self.list.setFixedWidth(_LEFT)
        self.list.setAccessibleName(tr("Words"))
        self.list.setProperty("role", "words")
        self.text.setOpenLinks(False)
        self.text.setAccessibleName(tr("What it means"))
        self.search.textChanged.connect(self._fill)
        self.list.currentTextChanged.connect(self._show)
        self.text.anchorClicked.connect(self._follow)

    def _fill(self, text: str) -> None:
        """List what matches, the titles that do first."""
        found = [page.title for page in pages().values() if page.matches(text)]
        found.sort(key=lambda title: text.lower() not in title.lower())
        self.list.clear()
        self.list.addItems([*([] if text else [ADAPTER_PAGE]), *found])
        if found and text:
            self.list.setCurrentRow(0)
        elif not found:
            self._show_page(Page(tr("Nothing found"), (tr("No page holds all of these words."),)))

    def _show(self, title: str) -> None:
        if title == ADAPTER_PAGE:
            self._shown.setCurrentWidget(self.adapter)
        elif title:
            self._show_page(pages()[title])

    def _show_page(self, page: Page) -> None:
        self._page = page
        self._shown.setCurrentWidget(self.text)
        self._draw()

    def _draw(self) -> None:
        if self._page is None:
            return
        accent, page = self._theme.tokens.accent, self._page
        paragraphs = "".join(f"<p>{escape(text)}</p>" for text in page.paragraphs if text)
        links = ", ".join(f'<a href="help:{escape(title)}">{escape(title)}</a>' for title in page.see)
        also = tr("<p>See also: {links}</p>", links=links) if links else ""
        look = "h2 { font-size: 20px; } p { font-size: 15px; line-height: 140%; }"
        self.text.document().setDefaultStyleSheet(f"{look} a {{ color: {accent}; }}")
        self.text.setHtml(f"<h2>{escape(page.title)}</h2>{paragraphs}{also}")

    def _follow(self, link: QUrl) -> None:
        self.show_word(link.toString().removeprefix("help:").replace("%20", " "))
