"""The glossary: every word can be found, every field has a page, and one shows the person's own model."""

from __future__ import annotations

import tomllib

import pytest
from PySide6.QtCore import Qt, QUrl
from pytestqt.qtbot import QtBot

from studio.events import AdapterShape, Forecasted, ModelCounted
from studio.paths import resource
from studio.recipe.recipe import fields
from studio.ui.dialogs.glossary import ADAPTER_PAGE, GlossaryWindow, pages
from studio.ui.form.recipe import RecipeForm
from studio.ui.form.row import FormRow, questions
from studio.ui.form.words import ENTRIES
from studio.ui.theme import Theme

COUNT = ModelCounted(
    "starter",
    "llama",
    65_536,
    8_192,
    262_144,
    0.002,
    73_728,
    (AdapterShape("self_attn.q_proj", 256, 256, 16, 4),),
)
FORECAST = Forecasted("starter", 1, 2, 2**20, 2**21, 2**22, 2**23, 0, 2**24, 2**30, True, False, 30.0, 80.0)


@pytest.fixture
def glossary(theme: Theme, qtbot: QtBot) -> GlossaryWindow:
    window = GlossaryWindow(theme)
    qtbot.addWidget(window)
    window.show()
    return window


def listed(glossary: GlossaryWindow) -> list[str]:
    return [glossary.list.item(place).text() for place in range(glossary.list.count())]


def test_every_field_of_the_recipe_has_a_page_and_every_link_leads_to_one() -> None:
    terms = tomllib.loads(resource("help/glossary.toml").read_text(encoding="utf-8"))
    paths = {entry.path for entry in fields()}
    assert {path for term in terms.values() for path in term.get("fields", ())} <= paths
    assert {entry.title for entry in ENTRIES.values()} <= set(pages())
    for page in pages().values():
        assert set(page.see) <= set(pages())
        assert all(page.paragraphs[:1])


@pytest.mark.parametrize("word", ["Rank", "Alpha", "Perplexity", "Forgetting", "Confidence interval"])
def test_the_words_of_the_field_are_there(glossary: GlossaryWindow, word: str) -> None:
    glossary.show_word(word)
    assert glossary.text.toPlainText().startswith(word)


def test_a_search_lists_the_pages_that_hold_every_word_titles_first(glossary: GlossaryWindow) -> None:
    glossary.search.setText("perplexity")
    assert listed(glossary)[0] == "Perplexity"
    assert "exp(loss)" in glossary.text.toPlainText()
    glossary.search.setText("no such word anywhere")
    assert listed(glossary) == []
    assert "Nothing found" in glossary.text.toPlainText()


def test_a_link_leads_to_another_page(glossary: GlossaryWindow) -> None:
    glossary.show_word("Loss")
    glossary.text.anchorClicked.emit(QUrl("help:Validation loss"))
    assert glossary.text.toPlainText().startswith("Validation loss")


def test_one_page_shows_the_adapter_of_the_persons_own_model(glossary: GlossaryWindow) -> None:
    glossary.show_count(COUNT, FORECAST)
    glossary.show_word(ADAPTER_PAGE)
    assert glossary.adapter.isVisible()
    by = "\N{MULTIPLICATION SIGN}"
    assert glossary.adapter.rows()[1] == [
        "self_attn.q_proj",
        f"256 {by} 256",
        f"256 {by} 16 · 16 {by} 256",
        "65,536",
        "8,192 (12 %)",
        "4 layers",
    ]
    assert "Memory: 16 MB of 1.0 GB" in glossary.adapter.costs.text()
    assert "B, 256 by 16" in glossary.adapter.picture.accessibleDescription()


def test_a_model_that_trains_whole_has_no_adapter(glossary: GlossaryWindow) -> None:
    glossary.show_count(ModelCounted("starter", "llama", 100, 100, 400, 0.002), None)
    assert glossary.adapter.rows() == []
    assert "own matrices" in glossary.adapter.status.text()


def test_the_mark_beside_a_field_and_its_key_ask_about_it(theme: Theme, qtbot: QtBot) -> None:
    form = RecipeForm()
    qtbot.addWidget(form)
    form.show()
    rank = form.row("lora.rank")
    with qtbot.waitSignal(questions.asked) as asked:
        qtbot.mouseClick(rank.mark, Qt.MouseButton.LeftButton)
    assert asked.args[0].path == "lora.rank"
    with qtbot.waitSignal(questions.asked):
        qtbot.keyClick(rank.editor, Qt.Key.Key_F1)


def test_every_row_of_every_section_has_the_mark(theme: Theme, qtbot: QtBot) -> None:
    form = RecipeForm()
    qtbot.addWidget(form)
    for section in form.sections.values():
        section.set_open(True)
    rows = [*form.rows.values(), *form.findChildren(FormRow)]
    asked = {row.mark.accessibleName() for row in rows if row.mark is not None}
    assert asked == {f"What is {entry.title}? (F1)" for entry in ENTRIES.values()}


def test_a_field_of_another_form_has_a_page_of_its_own(glossary: GlossaryWindow) -> None:
    from studio.recipe.entry import FieldEntry

    entry = FieldEntry("", "rank", next(fields()).info)
    glossary.show_field(entry)
    assert glossary.text.toPlainText().startswith(entry.title)
