"""The dataset pane, driven as a person drives it."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.catalogue import phrase
from studio.events import (
    Change,
    DatasetRead,
    Evidence,
    ExampleRow,
    Finding,
    Piece,
    Problem,
    Progress,
    Rendered,
    Turn,
)
from studio.ui.dialogs.fix import FixDialog
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.tables.editable import ANSWER, MARK, PROMPT, REJECTED
from studio.ui.tables.model import ASIDE, BADGE, STRUCK
from studio.ui.theme import Theme
from studio.ui.widgets.states import BusyState


def row(line: int, split: str = "train", cut: int = 0) -> ExampleRow:
    return ExampleRow(line, f"Say {line}", f"It is {line}.", 20, 5, split, cut)


DATA = DatasetRead(
    "/d/toy.jsonl",
    "toy",
    "instruction",
    "ChatML",
    "tiny",
    64,
    (row(1), row(2), row(4, "validation"), row(5, "test", cut=7)),
    (Problem(3, phrase("row.no_weight")),),
    "f",
)


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> DatasetPane:
    pane = DatasetPane(theme)
    qtbot.addWidget(pane)
    pane.resize(1076, 820)
    pane.show()
    return pane


def press(qtbot: QtBot, within: QWidget, text: str) -> None:
    button = next(b for b in within.findChildren(QPushButton) if b.text() == text and b.isVisible())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_with_nothing_open_the_sample_and_a_file_are_offered(qtbot: QtBot, pane: DatasetPane) -> None:
    assert pane.state is not None
    with qtbot.waitSignal(pane.sample_requested):
        press(qtbot, pane.state, "Try the sample")
    with qtbot.waitSignal(pane.open_requested):
        press(qtbot, pane.state, "Choose a file…")


def test_the_head_tells_the_facts_and_leads_to_training(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    assert pane.state is None
    assert pane.header.title() == "toy"
    assert pane.header.subtitle() == (
        "4 examples · instruction · 2 rows need attention, 1 cannot train · 2 train / 1 validation / 1 test"
    )
    with qtbot.waitSignal(pane.train_requested):
        press(qtbot, pane.header, "Train on this")


def test_the_first_row_is_chosen_and_its_tokens_asked_for(qtbot: QtBot, pane: DatasetPane) -> None:
    with qtbot.waitSignal(pane.example_chosen) as chosen:
        pane.show_dataset(DATA)
    assert chosen.args == [1]
    pieces = (Piece(1, "Say 1", False, False), Piece(2, "It is 1.", True, False))
    pane.show_example(Rendered(DATA.path, 1, pieces))
    assert pane.example.tokens.text() == "Say 1It is 1."
    assert pane.example.value() == "5 of 20 trained"


def test_rows_passed_by_on_the_way_are_not_asked_for(qtbot: QtBot, pane: DatasetPane) -> None:
    asked: list[int] = []
    pane.example_chosen.connect(asked.append)
    pane.show_dataset(DATA)
    for _ in range(3):
        qtbot.keyClick(pane.table.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: asked == [4])


def test_tokens_of_a_row_that_was_left_are_not_shown(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.table.choose_line(2)
    pane.show_example(Rendered(DATA.path, 1, (Piece(1, "late", False, False),)))
    assert pane.example.tokens.text() == ""


def test_a_filter_shows_what_it_says(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    press(qtbot, pane, "Attention 2")
    model = pane.table.model
    assert [entry.line for entry in model.rows] == [3, 5]


def test_home_and_end_go_to_the_first_and_the_last_row(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    for key, line in ((Qt.Key.Key_End, 5), (Qt.Key.Key_Home, 1)):
        qtbot.keyClick(pane.table.view, key)
        entry = pane.table.current()
        assert entry is not None
        assert entry.line == line


def test_the_length_filter_opens_from_the_search_field_and_is_taken_back(
    qtbot: QtBot, pane: DatasetPane
) -> None:
    pane.show_dataset(DATA)
    table = pane.table
    table.lengths.trigger()
    assert table.lengths.popup.isVisible()
    table.lengths.most.setValue(20)
    assert table.model.rowCount() == 4  # the line that cannot train has no length
    table.lengths.fewest.setValue(21)
    assert table.model.rowCount() == 0
    assert table.lengths.toolTip() == "Shown: rows of at least 21 and at most 20 tokens"
    qtbot.mouseClick(table.lengths.clear, Qt.MouseButton.LeftButton)
    assert table.model.rowCount() == 5


def test_a_search_without_hits_says_so(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    qtbot.keyClicks(pane.table.search, "nowhere")
    qtbot.waitUntil(lambda: pane.table.model.rowCount() == 0)
    assert not pane.table.view.isVisible()


def test_clicking_a_problem_selects_its_row_and_says_why(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    press(qtbot, pane, "Train")
    qtbot.mouseClick(pane.problems.list.rows[0], Qt.MouseButton.LeftButton)
    current = pane.table.current()
    assert current is not None
    assert current.line == 3
    assert pane.table.chips.current == "all"
    assert pane.example.title() == "Line 3 cannot train"
    assert pane.example.reason.text() == "Every answer has the weight 0, so there is none to learn"


def test_the_share_that_is_cut_is_told(qtbot: QtBot, pane: DatasetPane) -> None:
    how = {"data.template": "auto", "data.train_on": "answers", "data.too_long": "cut_end"}
    pane.show_rendering({**how, "data.max_length": 64})
    pane.show_dataset(DATA)
    assert pane.lengths.value() == "limit 64: 1 of 4 cut (25.0 %)"


def test_reading_shows_progress_and_can_be_stopped(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_busy("/d/toy.jsonl")
    pane.show_progress(Progress("Reading", 5, 10))
    assert isinstance(pane.state, BusyState)
    with qtbot.waitSignal(pane.stop_requested):
        press(qtbot, pane.state, "Stop")


def test_a_failure_offers_another_file(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_failure("Line 1 is not JSON.")
    assert pane.state is not None
    with qtbot.waitSignal(pane.open_requested):
        press(qtbot, pane.state, "Choose another file…")


def test_a_dataset_without_training_rows_cannot_be_trained_on(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(
        DatasetRead("/d", "d", "text", "", "tiny", 64, (), (Problem(1, phrase("row.no_weight")),), "f")
    )
    button = next(b for b in pane.header.findChildren(QPushButton) if b.text() == "Train on this")
    assert not button.isEnabled()


def test_a_narrow_window_keeps_everything_inside(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    assert pane.minimumSizeHint().width() <= 1040 - 204
    assert pane.minimumSizeHint().height() <= 680


def test_texts_that_are_divided_lose_nothing(pane: DatasetPane) -> None:
    long = ExampleRow(6, "", "A long text.", 300, 299, "train")
    pane.show_dataset(dataclasses.replace(DATA, format="text", rows=(*DATA.rows[:3], long)))
    assert pane.lengths.value() == "limit 64: 1 of 4 divided (25.0 %)"


def test_rows_that_are_left_out_for_their_length_are_in_the_plot(pane: DatasetPane) -> None:
    pane.show_dataset(dataclasses.replace(DATA, left_out=(100, 200)))
    assert pane.lengths.value() == "limit 64: 3 of 6 left out (50.0 %)"


def test_the_limit_is_dragged_and_the_share_follows(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(dataclasses.replace(DATA, left_out=tuple(range(20, 140))))
    press(qtbot, pane, "Plots")
    plot = pane.lengths.histogram
    start = QPoint(round(plot.limit_x()), plot.height() // 2)
    middle = round(plot.x_of(100, plot.plot_area()))
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=start)
    with qtbot.waitSignal(plot.limit_dragged) as dragged:
        qtbot.mouseMove(plot, QPoint(middle, start.y()))
    assert abs(dragged.args[0] - 100) <= 2
    left = sum(length > dragged.args[0] for length in range(20, 140))
    assert f"{left} of 124 left out" in pane.lengths.value()
    with qtbot.waitSignal(pane.recipe_wanted) as wanted:
        qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=QPoint(middle, start.y()))
    assert wanted.args == [{"data.max_length": dragged.args[0]}]


def test_the_arrow_keys_move_the_limit(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    press(qtbot, pane, "Plots")
    with qtbot.waitSignal(pane.recipe_wanted) as wanted:
        qtbot.keyClick(pane.lengths.histogram, Qt.Key.Key_Left)
    assert wanted.args[0]["data.max_length"] < DATA.max_length


def test_a_click_beside_the_limit_moves_nothing(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(dataclasses.replace(DATA, left_out=tuple(range(20, 140))))
    press(qtbot, pane, "Plots")
    plot = pane.lengths.histogram
    far = QPoint(round(plot.limit_x()) - 80, plot.height() // 2)
    with qtbot.assertNotEmitted(pane.recipe_wanted):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=far)


def test_labels_are_counted_where_there_are_labels(pane: DatasetPane) -> None:
    rows = [dataclasses.replace(row(line), answer="good" if line % 3 else "bad") for line in range(1, 10)]
    pane.show_dataset(dataclasses.replace(DATA, format="classification", rows=tuple(rows)))
    assert pane.plots.labels.accessibleDescription() == "good: 6, bad: 3"
    assert pane.plots.value("Labels") == "2 labels"


def test_turns_and_parts_are_told(pane: DatasetPane) -> None:
    rows = tuple(dataclasses.replace(item, turns=2 * place) for place, item in enumerate(DATA.rows, 1))
    pane.show_dataset(dataclasses.replace(DATA, rows=rows))
    assert pane.plots.value("Turns") == "2 to 8, median 5"
    parts = "Train: 2, Validation: 1, Test: 1, Cannot train: 1"
    assert pane.plots.parts.accessibleDescription() == parts


def test_the_example_is_shown_as_a_conversation_too(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    turns = (Turn("system", "Be brief."), Turn("user", "Say 1"), Turn("assistant", "It is 1."))
    pane.show_example(Rendered(DATA.path, 1, (Piece(1, "Say 1", False, False),), turns))
    press(qtbot, pane.example, "Chat")
    said = [(block.name.text(), block.words.text()) for block in pane.example.turns.blocks]
    assert said == [("System", "Be brief."), ("User", "Say 1"), ("Assistant", "It is 1.")]
    assert pane.example.turns.blocks[2].isVisible()
    assert not pane.example.tokens.isVisible()


def test_another_mask_is_asked_of_the_recipe(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_rendering({"data.template": "chat", "data.train_on": "answers", "data.max_length": 64})
    pane.show_dataset(DATA)
    field = pane.example.rendering.fields["data.train_on"]
    field.setFocus()
    with qtbot.waitSignal(pane.recipe_wanted) as wanted:
        qtbot.keyClick(field, Qt.Key.Key_Down)
    assert wanted.args == [{"data.template": "chat", "data.train_on": "last_answer"}]


def test_reading_again_keeps_what_is_shown(pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.show_busy(DATA.path)
    assert pane.state is None
    pane.show_busy("/d/other.jsonl")
    assert isinstance(pane.state, BusyState)


def test_at_900_pixels_no_control_is_cut(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.setMinimumSize(1, 1)  # as a window may be smaller than its pane asks for
    pane.resize(900 - 204, 620)

    def cut() -> list[str]:
        buttons = [button for button in pane.findChildren(QPushButton) if button.isVisible()]
        return [button.text() for button in buttons if button.width() < button.sizeHint().width()]

    qtbot.waitUntil(lambda: pane.width() == 900 - 204 and not cut())


def editor_of(pane: DatasetPane) -> QPlainTextEdit:
    editor = pane.table.view.findChild(QPlainTextEdit)
    assert editor is not None
    return editor


def test_enter_edits_the_answer_in_place(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    qtbot.keyClick(pane.table.view, Qt.Key.Key_Return)
    editor = editor_of(pane)
    assert editor.toPlainText() == "It is 1."
    editor.selectAll()
    qtbot.keyClicks(editor, "One")
    qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(editor, "it is")
    with qtbot.waitSignal(pane.table.edited) as edited:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert edited.args == [1, "answer", "One\nit is"]


def test_down_leads_from_the_search_to_the_rows_and_f2_edits_there(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.table.search.setFocus()
    qtbot.keyClick(pane.table.search, Qt.Key.Key_Down)
    assert pane.table.view.hasFocus()
    qtbot.keyClick(pane.table.view, Qt.Key.Key_F2)
    assert editor_of(pane).toPlainText() == "It is 1."


def test_a_double_click_edits_the_prompt_and_escape_leaves_it(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    view = pane.table.view
    place = view.visualRect(pane.table.model.index(1, 1)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = editor_of(pane)
    assert editor.toPlainText() == "Say 2"
    qtbot.keyClicks(editor, " twice")
    with qtbot.assertNotEmitted(pane.table.edited):
        qtbot.keyClick(editor, Qt.Key.Key_Escape)


def test_delete_asks_for_an_example_to_be_left_out_but_not_for_a_bad_line(
    qtbot: QtBot, pane: DatasetPane
) -> None:
    pane.show_dataset(DATA)
    pane.table.choose_line(2)
    with qtbot.waitSignal(pane.table.delete_toggled) as toggled:
        qtbot.keyClick(pane.table.view, Qt.Key.Key_Delete)
    assert toggled.args == [2]
    pane.table.choose_line(3)
    with qtbot.assertNotEmitted(pane.table.delete_toggled):
        qtbot.keyClick(pane.table.view, Qt.Key.Key_Delete)


def test_changes_are_shown_and_counted(pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.show_example(Rendered(DATA.path, 1, (Piece(1, "Say 1", False, False),)))
    pane.show_changes({(1, "answer"): "Uno."}, frozenset({1}), frozenset({2}))
    pane.edits.show_count(2, can_undo=True, can_redo=False)
    model = pane.table.model
    assert model.data(model.index(0, 2), Qt.ItemDataRole.DisplayRole) == "Uno."
    assert [model.data(model.index(place, MARK), BADGE) for place in (0, 1)] == [
        ("Edited", "accent"),
        ("Deleted", "dim"),
    ]
    assert model.data(model.index(1, 1), STRUCK)
    assert not model.flags(model.index(1, 1)) & Qt.ItemFlag.ItemIsEditable
    assert pane.edits.status.text() == "2 steps"
    assert pane.edits.isVisible()
    pane.show_changes({}, frozenset({1}), frozenset())  # once they are read
    assert model.data(model.index(0, 2), Qt.ItemDataRole.DisplayRole) == DATA.rows[0].answer
    assert model.data(model.index(0, MARK), BADGE) == ("Edited", "accent")
    pane.edits.show_count(0, can_undo=False, can_redo=True)
    assert pane.edits.isVisible()
    pane.edits.show_count(0, can_undo=False, can_redo=False)
    assert not pane.edits.isVisible()


def cell(pane: DatasetPane, line: int, column: int, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
    model = pane.table.model
    place = model.row_of(line)
    assert place is not None
    return model.data(model.index(place, column), role)


def test_a_conversation_shows_its_first_question_and_how_many_turns_it_has(
    qtbot: QtBot, pane: DatasetPane
) -> None:
    chat = dataclasses.replace(row(2), prompt="Thank you!", first_prompt="Where to in June?", turns=4)
    pane.show_dataset(dataclasses.replace(DATA, format="chat", rows=(row(1), chat)))
    assert [cell(pane, 2, PROMPT), cell(pane, 2, PROMPT, ASIDE)] == ["Where to in June?", "4 turns"]
    assert [cell(pane, 1, PROMPT), cell(pane, 1, PROMPT, ASIDE)] == ["Say 1", ""]
    for words in ("june", "thank"):
        pane.table.search.setText(words)
        qtbot.waitUntil(lambda: pane.table.model.rowCount() == 1)
    model = pane.table.model
    with qtbot.waitSignal(pane.table.edited) as edited:
        model.setData(model.index(0, PROMPT), "Where to in May?")
    assert edited.args == [2, "first_prompt", "Where to in May?"]


def test_pairs_show_both_answers_and_only_pairs_do(pane: DatasetPane) -> None:
    pair = dataclasses.replace(row(1), rejected="No idea.")
    pane.show_dataset(dataclasses.replace(DATA, format="preference", rows=(pair,)))
    view = pane.table.view
    assert not view.isColumnHidden(REJECTED)
    assert [cell(pane, 1, column) for column in (ANSWER, REJECTED)] == ["It is 1.", "No idea."]
    pane.show_dataset(dataclasses.replace(DATA, path="/d/other.jsonl"))
    assert view.isColumnHidden(REJECTED)
    pane.show_dataset(dataclasses.replace(DATA, path="/d/prose.txt", format="text"))
    assert view.isColumnHidden(PROMPT)


def test_at_1100_pixels_prompt_and_answer_share_the_width_and_no_mark_takes_none(pane: DatasetPane) -> None:
    pane.resize(1100 - 204, 700)
    fine = dataclasses.replace(DATA, rows=DATA.rows[:2], problems=())
    pane.show_dataset(fine)
    view = pane.table.view
    widths = [view.columnWidth(column) for column in (PROMPT, ANSWER, MARK)]
    assert abs(widths[0] - widths[1]) <= 1
    assert widths[0] > 130
    assert widths[2] == 0
    pane.show_dataset(DATA)
    assert view.columnWidth(MARK) > 0
    assert view.columnWidth(ANSWER) > 80


def test_another_dataset_is_shown_from_its_rows_on_and_the_same_one_stays_where_it_was(
    qtbot: QtBot, pane: DatasetPane
) -> None:
    pane.show_dataset(DATA)
    press(qtbot, pane, "History")
    pane.show_busy(DATA.path)
    pane.show_dataset(DATA)
    assert pane.tabs.current == "history"
    pane.show_busy("/d/other.jsonl")
    pane.show_dataset(dataclasses.replace(DATA, path="/d/other.jsonl"))
    assert pane.tabs.current == "rows"
    assert pane.table.view.isVisible()


FINDINGS = (
    Finding("few", "Number of rows", "good", 0, 4, "Nothing found.", "Few rows teach little."),
    Finding(
        "empty",
        "Empty answers",
        "bad",
        2,
        4,
        "2 rows answer nothing.",
        "The model learns to say nothing.",
        (2, 4),
        (Evidence(4, None, "Say <4>", 4, 7),),
        "drop",
    ),
)


def test_a_dataset_that_comes_has_the_keys_and_one_read_again_takes_none(
    qtbot: QtBot, pane: DatasetPane
) -> None:
    pane.show_busy(DATA.path)
    pane.show_dataset(DATA)
    assert pane.table.view.hasFocus()
    pane.table.search.setFocus()
    pane.show_busy(DATA.path)
    pane.show_dataset(DATA)
    assert pane.table.search.hasFocus()
    press(qtbot, pane, "History")
    assert pane.history.hasFocus()


def test_the_health_says_the_worst_first_and_leads_to_its_rows(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.show_health(FINDINGS)
    press(qtbot, pane, "Health  1")
    worst = pane.health.rows[0]
    assert worst.finding.check == "empty"
    assert pane.health.card.value() == "1 bad"
    assert not worst.details.isVisible()
    qtbot.mouseClick(worst.toggle, Qt.MouseButton.LeftButton)
    assert worst.details.isVisible()
    for is_open in (False, True):  # anywhere on the line does the same
        qtbot.mouseClick(worst, Qt.MouseButton.LeftButton, pos=QPoint(200, 20))
        assert worst.details.isVisible() == is_open
    quote = next(label for label in worst.findChildren(QLabel) if "href" in label.text())
    assert "<b>&lt;4&gt;</b>" in quote.text()
    quote.linkActivated.emit("4")
    current = pane.table.current()
    assert current is not None
    assert current.line == 4
    assert pane.rows.isVisible()
    with qtbot.waitSignal(pane.health.fix_requested) as asked:
        press(qtbot, pane, "Health  1")
        press(qtbot, worst, "Remove 2 rows…")
    assert asked.args == [FINDINGS[1]]


def test_what_passes_is_one_line_that_opens_and_the_counts_of_the_others_align(
    qtbot: QtBot, pane: DatasetPane
) -> None:
    good = [dataclasses.replace(FINDINGS[0], check=f"good {n}", title=f"Check {n}") for n in range(12)]
    some = dataclasses.replace(FINDINGS[1], check="personal", severity="look", count=1_234, fix="mend")
    plain = dataclasses.replace(FINDINGS[1], check="long", severity="look", count=7, fix="")
    pane.show_dataset(DATA)
    pane.show_health((*good, some, FINDINGS[1], plain))
    press(qtbot, pane, "Health  3")
    page = pane.health
    assert page.card.value() == "1 bad · 2 warnings"
    assert page.passed is not None
    assert page.passed.title.text() == "12 checks pass"
    assert [row.finding.check for row in page.rows if row.isVisible()] == ["empty", "personal", "long"]
    right = {row.count.mapTo(page, row.count.rect().topRight()).x() for row in page.rows if row.isVisible()}
    assert len(right) == 1
    qtbot.mouseClick(page.passed.toggle, Qt.MouseButton.LeftButton)
    assert all(row.isVisible() for row in page.rows)
    qtbot.mouseClick(page.passed, Qt.MouseButton.LeftButton, pos=QPoint(200, 20))
    assert not page.passed.list.isVisible()
    pane.show_health(good)
    assert page.card.value() == "Nothing found"


def test_a_fix_is_shown_before_it_is_done(qtbot: QtBot, theme: Theme) -> None:
    dialog = FixDialog(
        FINDINGS[1], (Change(2, "Say 2", ""), Change(4, "Write to a@b.de", "Write to [e-mail]"))
    )
    qtbot.addWidget(dialog)
    dialog.open()
    said = [label.text() for label in dialog.findChildren(QLabel)]
    assert {"Say 2", "Write to a@b.de", "Write to [e-mail]"} <= set(said)
    with qtbot.waitSignal(dialog.accepted):
        press(qtbot, dialog, "Remove 2 rows")
