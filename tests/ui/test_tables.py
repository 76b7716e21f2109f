"""The rows behind the tables: what passes a filter, in which order, and in which words."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.catalogue import Phrase, phrase
from studio.evaluate.score_text import MINUS, difference_text, interval_text, value_text
from studio.events import ContestantScore, DatasetRead, Difference, ExampleRow, FilePlace, Problem, Score
from studio.ui.chat.comparison import word_difference
from studio.ui.tables.answers import OUTCOMES, AnswerFilter, AnswersModel
from studio.ui.tables.dataset import COLUMNS, DatasetModel
from studio.ui.tables.editable import MARK
from studio.ui.tables.model import BADGE, LENT, REASON, ROW
from studio.ui.tables.problems import ProblemList, group_problems
from studio.ui.tables.score_words import reach_of, span_text, verdict_of
from studio.ui.theme import Theme
from tests.ui.evaluated import answered

BADGE_COLUMN = MARK


EMPTY = phrase("row.empty", what=phrase("field", name="output"))


def duplicate(line: int) -> Phrase:
    return phrase("row.duplicate", place=phrase("line", line=line))


def row(line: int, split: str = "train", **fields: object) -> ExampleRow:
    values: dict[str, object] = {
        "prompt": f"Say {line}",
        "answer": f"It is {line}.",
        "tokens": 10 * line,
        "trained": 4,
    }
    return ExampleRow(line=line, split=split, **{**values, **fields})  # type: ignore[arg-type]


def dataset(rows: list[ExampleRow], problems: list[Problem] | None = None) -> DatasetRead:
    return DatasetRead(
        "/d/toy.jsonl", "toy", "instruction", "ChatML", "tiny", 64, tuple(rows), tuple(problems or ()), "f"
    )


@pytest.fixture
def mixed() -> DatasetRead:
    """Lines 1 to 6: 2 and 5 cannot train, 3 is cut, 4 is a duplicate."""
    repeated = row(4, "validation", warning="exact duplicate of line 1", codes=("row.duplicate",))
    rows = [row(1), row(3, cut=12), repeated, row(6, "test")]
    problems = [
        Problem(5, EMPTY),
        Problem(2, EMPTY),
        Problem(4, duplicate(1), "warning"),
    ]
    return dataset(rows, problems)


def lines(model: DatasetModel) -> list[int]:
    return [entry.line for entry in model.rows]


def test_rows_that_cannot_train_stand_in_the_order_of_the_file(qtbot: QtBot, mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    assert lines(model) == [1, 2, 3, 4, 5, 6]
    assert model.data(model.index(1, 1), REASON) == '"output" is empty'
    assert model.data(model.index(1, BADGE_COLUMN), BADGE) == ("Cannot train", "bad")


def test_a_line_says_in_which_file_it_is_where_there_are_several(mixed: DatasetRead) -> None:
    model, tip = DatasetModel(), Qt.ItemDataRole.ToolTipRole
    model.set_dataset(mixed)
    assert model.data(model.index(3, 0), tip) is None
    files = (FilePlace("part-00000.parquet"), FilePlace("part-00001.parquet", 2))
    model.set_dataset(dataclasses.replace(mixed, files=files))
    assert model.data(model.index(3, 0), tip) == "Line 2 of part-00001.parquet"
    assert model.data(model.index(3, BADGE_COLUMN), tip) == "Exact duplicate of line 1"


def test_a_cell_without_a_mark_lends_its_room_to_the_answer(mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    lent = [model.data(model.index(row, BADGE_COLUMN), LENT) for row in range(4)]
    assert lent == [True, False, False, False]  # line 2 cannot train, 3 is cut, 4 is a duplicate
    assert not model.data(model.index(0, 1), LENT)


def test_every_filter_lets_through_what_it_counts(qtbot: QtBot, mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    shown = {
        "all": [1, 2, 3, 4, 5, 6],
        "attention": [2, 3, 4, 5],
        "train": [1, 3],
        "validation": [4],
        "test": [6],
    }
    for kind, expected in shown.items():
        model.show(kind=kind)
        assert lines(model) == expected
        assert model.counts()[kind] == len(expected)


def test_a_search_looks_into_prompts_answers_and_reasons_within_the_filter(
    qtbot: QtBot, mixed: DatasetRead
) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    model.show(search="SAY 3")
    assert lines(model) == [3]
    model.show(search="is empty")
    assert lines(model) == [2, 5]
    model.show(kind="train")
    assert lines(model) == []


def test_rows_are_found_by_their_length(qtbot: QtBot, mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    model.show(lengths=(30, 0))
    assert lines(model) == [3, 4, 6]
    model.show(lengths=(30, 40))
    assert lines(model) == [3, 4]
    model.show(kind="validation")
    assert lines(model) == [4]
    model.show(kind="all", lengths=(0, 0))
    assert lines(model) == [1, 2, 3, 4, 5, 6]


def test_badges_say_what_to_look_at(qtbot: QtBot, mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    marks = [model.data(model.index(place, BADGE_COLUMN), BADGE) for place in range(model.rowCount())]
    assert marks[0] is None
    assert marks[2] == ("Cut 12", "warn")
    assert marks[3] == ("Duplicate", "warn")


def test_numbers_and_their_heads_are_aligned_right(qtbot: QtBot, mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    for place, column in enumerate(COLUMNS):
        head = model.headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
        assert head == model.data(model.index(0, place), Qt.ItemDataRole.TextAlignmentRole)
        assert bool(head & Qt.AlignmentFlag.AlignRight) == column.right


def test_sorting_by_tokens_keeps_through_a_filter(qtbot: QtBot, mixed: DatasetRead) -> None:
    model = DatasetModel()
    model.set_dataset(mixed)
    model.sort(MARK + 1, Qt.SortOrder.DescendingOrder)
    assert lines(model)[:4] == [6, 4, 3, 1]
    model.show(kind="train")
    assert lines(model) == [3, 1]
    model.sort(-1)
    model.show(kind="all")
    assert lines(model) == [1, 2, 3, 4, 5, 6]


def test_one_of_a_hundred_thousand_rows_is_found(qtbot: QtBot) -> None:
    model = DatasetModel()
    model.set_dataset(dataset([row(line) for line in range(1, 100_001)]))
    model.show(kind="train", search="Say 99999")
    assert lines(model) == [99_999]


def test_problems_that_differ_in_numbers_are_one_group() -> None:
    found = group_problems(
        dataset(
            [row(1), row(9, cut=3)],
            [
                Problem(3, duplicate(1), "warning"),
                Problem(7, duplicate(2), "warning"),
                Problem(5, EMPTY),
                Problem(0, phrase("file.encoding", encoding="koi8_r"), "warning"),
                Problem(9, phrase("row.cut_end", limit=64), "warning"),
            ],
        )
    )
    assert found[0].reason == '"output" is empty'
    assert [(group.reason, group.lines) for group in found[1:]] == [
        ("Exact duplicate of line …", (3, 7)),
        ("Not UTF-8: read as koi8_r; if letters look wrong, save the file as UTF-8", (0,)),
        ("Longer than 64 tokens: the end is cut", (9,)),
    ]
    assert [group.where for group in found] == ["line 5", "lines 3, 7", "the whole file", "line 9"]


def test_clicking_a_kind_of_problem_leads_from_line_to_line(
    qtbot: QtBot, theme: Theme, mixed: DatasetRead
) -> None:
    problems = ProblemList(theme)
    qtbot.addWidget(problems)
    problems.set_groups(group_problems(mixed))
    chosen: list[int] = []
    problems.line_chosen.connect(chosen.append)
    for _ in range(3):
        problems.rows[0].click()
    assert chosen == [2, 5, 2]


def measured(low: float, high: float, better: str = "higher", unit: str = "share") -> Score:
    middle = Difference("tuned", (low + high) / 2, low, high, 0.04)
    scores = (ContestantScore("base", 0.25), ContestantScore("tuned", 0.5))
    return Score("golden_exact", unit=unit, better=better, count=100, scores=scores, differences=(middle,))


def test_a_measure_whose_interval_holds_zero_is_unclear() -> None:
    assert verdict_of(measured(-0.04, 0.31), "tuned") == ("No difference shown", "dim")
    assert verdict_of(measured(0.04, 0.31), "tuned") == ("Better", "good")
    assert verdict_of(measured(0.04, 0.31, "lower"), "tuned") == ("Worse", "bad")
    assert verdict_of(measured(0.04, 0.31, "neither"), "tuned") == ("Higher", "text")


def test_measures_are_written_in_their_units() -> None:
    assert (value_text(0.25, "share"), value_text(0.004, "share"), value_text(None, "share")) == (
        "25 %",
        "0.4 %",
        "—",
    )
    assert difference_text(0.25, "share") == "+25"
    assert interval_text(measured(-0.04, 0.31).differences[0], "share") == f"{MINUS}4.0 to +31 points"
    assert (value_text(2.4341, "nats"), difference_text(-1.2712, "nats")) == ("2.434", f"{MINUS}1.271")
    assert (value_text(1134.1, "ratio"), value_text(3.2, "ratio")) == ("1,134.10", "3.20")


def test_a_scale_holds_what_it_shows_and_says_its_ends() -> None:
    loss = measured(-0.07, -0.03, "lower", "nats")
    assert reach_of(*loss.differences) == pytest.approx(0.1)
    assert span_text(loss, 0.1) == ("+0.1", f"{MINUS}0.1 nats")  # right is better, and lower
    assert span_text(measured(0.04, 0.31), 0.5) == (f"{MINUS}50", "+50 points")
    assert [reach_of(Difference("a", 0, -top, top, 1)) for top in (0.5, 0.51, 2.1, 7, 0)] == [
        0.5,
        1,
        5,
        10,
        1,
    ]


def test_answers_are_counted_and_filtered_by_what_training_did(qtbot: QtBot) -> None:
    kinds = ((True, False), (False, False), (False, True), (True, True))
    answers = [answered(number, *kinds[number % 4]) for number in (2, 0, 1, 3)]
    model = AnswersModel()
    model.add(answers[:3])
    model.add(answers[3:])
    assert [row.outcome for row in model.rows] == ["fixed", "broken", "both_wrong", "both_right"]
    counts = model.counts()
    assert [counts[key] for key in ("", *OUTCOMES, "worse")] == [4, 1, 1, 1, 1, 1]
    model.show(AnswerFilter(outcome="broken"))
    assert [model.index(0, 0).data(ROW).asked.index, model.rowCount()] == [0, 1]
    model.add([answered(4, True, False), answered(5, True, True)])
    assert model.rowCount() == 2
    model.show(AnswerFilter())
    assert [row.asked.index for row in model.rows] == [0, 1, 2, 3, 4, 5]


def test_a_persons_word_stands_over_the_scorers(qtbot: QtBot) -> None:
    model = AnswersModel()
    model.add([answered(0, True, False)])
    model.change(("golden", "q0"), rulings={"tuned": True})
    (row_,) = model.known()
    assert (row_.outcome, row_.got_worse, row_.marks) == ("both_right", False, ("overruled",))
    assert model.counts()["broken"] == 0


def test_an_answer_that_is_neither_right_nor_wrong_got_worse_by_its_score(qtbot: QtBot) -> None:
    model = AnswersModel()
    model.add([answered(0, None, None)])  # from a score of 0.1 to 0
    assert [(row_.outcome, row_.got_worse) for row_ in model.known()] == [("", True)]


def test_the_words_of_one_text_only_are_found_and_the_rest_is_kept() -> None:
    one, other = "The capital is Rome.", "The big capital is not Rome, is it?"
    left, right = word_difference(one, other)
    assert ("".join(text for text, _ in left), "".join(text for text, _ in right)) == (one, other)
    assert [text for text, changed in right if changed] == [" big", "not ", ", is it?"]
    assert word_difference(one, one)[0] == [(one, False)]
    assert word_difference("", "a") == ([], [("a", True)])
    assert word_difference("a " * 2000, "b")[1] == [("b", True)]
