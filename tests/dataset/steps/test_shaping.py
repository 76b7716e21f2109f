"""The same rows and the same history give the same dataset, and no step loses or leaks a row unasked."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.catalogue import phrase
from studio.dataset.identity import digest
from studio.dataset.read.load import read
from studio.dataset.record import Message, Record
from studio.dataset.steps.apply import apply
from studio.dataset.steps.result import Shaped, StepContext
from studio.dataset.steps.steps import STEPS, AnyStep, Delete, Edit, Restore, step_from
from studio.errors import DataError
from tests.conftest import finish, refused, write_pairs, write_rows


def rows(count: int, labels: int = 0) -> list[Record]:
    """So many different questions; with `labels`, so many different answers."""
    return [
        Record(
            n,
            (
                Message("user", f"Question {n}?"),
                Message("assistant", f"Answer {n % labels if labels else n}."),
            ),
        )
        for n in range(1, count + 1)
    ]


def shaped(records: list[Record], *steps: AnyStep | dict[str, Any], **rest: Any) -> Shaped:
    asked = [step_from(step) if isinstance(step, dict) else step for step in steps]
    return finish(apply(records, asked, **rest))


def lines(result: Shaped, part: str | None = None) -> list[int]:
    return [record.line for record in (result.records if part is None else result.part(part))]


FINGERPRINT = "b6a5138e0a2b25c4"

HISTORY: list[dict[str, Any]] = [
    {"kind": "filter", "min_characters": 3},
    {"kind": "drop_duplicates"},
    {"kind": "shuffle", "seed": 4},
    {"kind": "cap", "rows": 50, "how": "random"},
    {"kind": "split", "seed": 1},
    {"kind": "reserve_golden", "count": 5},
]


def test_the_same_rows_and_history_have_this_fingerprint_on_every_machine() -> None:
    result = shaped(rows(80), *HISTORY)
    assert result.fingerprint == FINGERPRINT
    assert shaped(rows(80), *HISTORY[:-1]).fingerprint != FINGERPRINT
    assert [(count.before, count.after) for count in result.counts] == [
        (80, 80),
        (80, 80),
        (80, 80),
        (80, 50),
        (50, 50),
        (50, 50),
    ]


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    answers=st.lists(st.integers(0, 3), min_size=1, max_size=60),
    chosen=st.lists(st.sampled_from(HISTORY), max_size=5),
    seed=st.integers(0, 3),
)
def test_no_history_invents_a_row_or_puts_a_question_into_two_parts(
    answers: list[int], chosen: list[dict[str, Any]], seed: int
) -> None:
    records = [
        Record(n, (Message("user", f"Ask {n % 40}"), Message("assistant", f"{answer}")))
        for n, answer in enumerate(answers, 1)
    ]
    steps = [{**step, "seed": seed} if "seed" in step else step for step in chosen]
    try:
        result = shaped(records, *steps)
    except DataError:
        return
    assert len(set(lines(result))) == len(result.records)
    assert set(result.records) <= set(records)
    assert set(result.parts) <= set(lines(result))
    homes: dict[str, set[str]] = {}
    for record in result.records:
        homes.setdefault(record.question, set()).add(result.parts.get(record.line, ""))
    if chosen and chosen[-1]["kind"] == "split":
        assert all(len(parts) == 1 for parts in homes.values())


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ({"min_characters": 24}, [10, 11, 12]),
        ({"max_characters": 22}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"contains": "Question 1", "where": "prompt"}, [1, 10, 11, 12]),
        ({"contains": "Question 1", "where": "answer"}, None),
        ({"pattern": r"^Answer [23]\.$", "where": "answer"}, [2, 3]),
        ({"label": "Answer 7."}, [7]),
        ({"min_tokens": 7, "max_tokens": 8}, [7, 8]),
        ({"min_characters": 24, "contains": "2"}, [12]),
    ],
)
def test_a_filter_keeps_or_removes_the_rows_that_meet_all_conditions(
    conditions: dict[str, Any], kept: list[int] | None
) -> None:
    context = StepContext(tokens=lambda record: record.line)
    if kept is None:
        with refused("step.leaves_none", DataError, rows=12):
            shaped(rows(12), {"kind": "filter", **conditions}, context=context)
        kept = []
    else:
        assert lines(shaped(rows(12), {"kind": "filter", **conditions}, context=context)) == kept
    removed = shaped(rows(12), {"kind": "filter", "action": "remove", **conditions}, context=context)
    assert lines(removed) == [n for n in range(1, 13) if n not in kept]


def test_of_duplicates_the_first_stays_unless_another_is_golden() -> None:
    twice = [*rows(3), *[Record(r.line + 3, r.messages, made="copied") for r in rows(3)]]
    result = shaped(twice, {"kind": "drop_duplicates"}, given={5: "golden"})
    assert lines(result) == [1, 3, 5]


def test_a_cap_draws_by_content_so_moved_rows_are_drawn_again() -> None:
    moved = random.Random(3).sample(rows(40), 40)
    cap = {"kind": "cap", "rows": 10, "how": "random", "seed": 2}
    assert sorted(lines(shaped(moved, cap))) == lines(shaped(rows(40), cap))
    assert lines(shaped(rows(40), {"kind": "cap", "rows": 4})) == [1, 2, 3, 4]


def test_golden_rows_never_train_however_the_rest_is_divided() -> None:
    golden = {"kind": "reserve_golden", "count": 7, "seed": 1}
    first = shaped(rows(60), golden, {"kind": "split"}, {"kind": "split", "seed": 9, "by": "given"})
    assert len(first.golden) == 7
    assert not set(lines(first, "golden")) & set(lines(first, "train"))
    assert len(first.part("validation")) == len(first.part("test")) == 5
    after = shaped(rows(60), {"kind": "split"}, golden)
    assert len(after.golden) == 7
    assert len(after.part("validation")) == 6


def test_a_golden_set_takes_no_more_than_a_fifth_and_says_so() -> None:
    result = shaped(rows(50), {"kind": "reserve_golden"})
    assert len(result.golden) == 10
    assert "10 golden rows were reserved, not 100" in result.remarks[0].reason


def test_what_asks_the_same_as_a_golden_row_does_not_train_either() -> None:
    asked = [Record(n, (Message("user", f"{n % 5}"), Message("assistant", f"{n}"))) for n in range(1, 51)]
    result = shaped(asked, {"kind": "reserve_golden", "count": 10})
    assert len(result.golden) == 10
    assert not {r.question for r in result.golden} & {r.question for r in result.part("")}


def test_a_stratified_split_gives_each_part_its_share_of_each_label() -> None:
    sizes = Counter(record.answer for record in rows(203, labels=4))
    result = shaped(rows(203, labels=4), {"kind": "split", "validation_share": 0.15, "test_share": 0.1})
    for part, share in (("train", 0.75), ("validation", 0.15), ("test", 0.1)):
        found = Counter(record.answer for record in result.part(part))
        assert all(abs(found[label] - share * size) <= 1 for label, size in sizes.items())
    assert [len(result.part(part)) for part in ("validation", "test")] == [30, 20]


def test_a_split_by_column_takes_its_names_and_divides_the_rest() -> None:
    column = {1: "Train", 2: "dev", 3: "eval", 4: "testing", 5: "", 6: "train"}
    step = {"kind": "split", "by": "column", "column": "fold"}
    result = shaped(rows(6), step, context=StepContext(columns=lambda name: column if name == "fold" else {}))
    assert [lines(result, part) for part in ("train", "validation", "test")] == [[1, 5, 6], [2, 3], [4]]
    with refused("step.no_column", DataError, name="fold"):
        shaped(rows(6), step)
    with refused("step.no_parts", DataError, name="fold", names="“blue”"):
        shaped(rows(6), step, context=StepContext(columns=lambda name: {1: "blue"}))


def test_datasets_are_mixed_by_weight_without_drawing_a_row_twice(tmp_path: Path) -> None:
    one, two = write_rows(tmp_path / "one.jsonl", 30), write_rows(tmp_path / "two.jsonl", 30)
    steps = [
        {"kind": "mix", "path": str(one), "weight": 0.5},
        {"kind": "mix", "path": str(two), "weight": 2},
    ]
    result = shaped(rows(20), *steps)
    assert [(count.before, count.after) for count in result.counts] == [(20, 30), (30, 60)]
    assert "has 30 rows to mix in, not 40" in result.remarks[0].reason
    assert lines(result) == list(range(1, 61))
    assert len({record.question for record in result.records[20:30]}) == 10


def test_pairs_cannot_be_mixed_into_conversations(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.jsonl", 5)
    with refused("step.other_kind", DataError, other="kind.pairs", own="kind.conversations"):
        shaped(rows(3), {"kind": "mix", "path": str(pairs)})


def test_own_changes_apply_where_the_row_is_as_it_was_and_are_reported_elsewhere() -> None:
    records = rows(5)
    steps: list[AnyStep] = [
        Edit(line=2, digest=digest(records[1]), field="answer", value="Better."),
        Edit(line=3, digest="0" * 16, value="Lost."),
        Delete(line=4, digest=digest(records[3])),
        Delete(line=9),
        Edit(line=1, field="rejected", value="None here."),
    ]
    result = shaped(records, *steps)
    assert [record.answer for record in result.records] == ["Answer 1.", "Better.", "Answer 3.", "Answer 5."]
    assert {item.line: item.reason for item in result.remarks} == {
        3: "was not edited: the row holds something else by now",
        9: "was not deleted: there is no such row any more",
        1: "was not edited. Row 1 has no rejected answer to edit.",
    }


def test_a_restored_row_is_where_it_was() -> None:
    records = rows(5)
    steps: list[AnyStep] = [Delete(line=2), Edit(line=3, value="New."), Restore(line=2)]
    assert lines(shaped(records, *steps)) == [1, 2, 3, 4, 5]
    assert shaped(records, Restore(line=2)).remarks[0].line == 2


@pytest.mark.parametrize(
    ("field", "whole"),
    [
        ("prompt", ["Be kind.", "First?", "Yes.", "new", "Last."]),
        ("answer", ["Be kind.", "First?", "Yes.", "Then?\n\nMaterial", "new"]),
        ("system", ["new", "First?", "Yes.", "Then?\n\nMaterial", "Last."]),
    ],
)
def test_an_edit_changes_one_turn_and_no_other(field: str, whole: list[str]) -> None:
    turns = (
        Message("system", "Be kind."),
        Message("user", "First?"),
        Message("assistant", "Yes."),
        Message("user", "Then?", "Material"),
        Message("assistant", "Last."),
    )
    step = step_from({"kind": "edit", "line": 1, "field": field, "value": "new"})
    assert [message.whole for message in shaped([Record(1, turns)], step).records[0].messages] == whole


def test_every_step_has_words_and_says_in_words_what_is_wrong_with_it() -> None:
    named = "fix filter drop_duplicates shuffle cap mix split reserve_golden edit delete restore"
    assert list(STEPS) == named.split()
    assert all(step.title and step.help.endswith(".") for step in STEPS.values())
    kinds = ", ".join(STEPS)
    least = phrase("value.at_least", title="rows", limit=1)
    wrong: list[tuple[Any, str, dict[str, Any]]] = [
        ({"kind": "sort"}, "step.other_kind_of", {"kind": "sort", "kinds": kinds}),
        (7, "step.no_kind", {"kinds": kinds}),
        ({"kind": "filter"}, "step.wrong", {"kind": "filter", "reason": "step.no_condition"}),
        ({"kind": "filter", "pattern": "("}, "step.wrong", {"reason": "step.no_pattern"}),
        ({"kind": "cap", "rows": 0}, "step.wrong", {"kind": "cap", "reason": least}),
        ({"kind": "cap", "how": "last"}, "step.wrong", {"kind": "cap", "reason": "value.wanted"}),
        ({"kind": "cap", "seeds": 1}, "step.no_field", {"field": "seeds", "fields": "rows, how, seed"}),
        ({"kind": "drop_duplicates", "seed": 1}, "step.no_fields", {"field": "seed"}),
        ({"kind": "split", "by": "column"}, "step.wrong", {"reason": "step.which_column"}),
        (
            {"kind": "split", "validation_share": 0.6, "test_share": 0.5},
            "step.wrong",
            {"kind": "split", "reason": "step.shares"},
        ),
    ]
    for asked, code, values in wrong:
        with refused(code, DataError, **values):
            step_from(asked)


def test_a_filter_by_tokens_needs_a_model_to_count_with() -> None:
    with refused("step.no_model", DataError):
        shaped(rows(3), {"kind": "filter", "min_tokens": 2})


def test_a_fix_mends_what_its_check_finds_and_leaves_golden_rows_alone() -> None:
    texts = {1: "Write to ann@mueller.de today.", 2: "Plain.", 3: "Or to bob@mueller.de now."}
    records = [Record(n, (Message("user", f"Say {n}."), Message("assistant", t))) for n, t in texts.items()]
    result = shaped(records, {"kind": "fix", "check": "personal_data"}, given={3: "golden"})
    assert "ann@" not in result.records[0].answer
    assert [record.answer for record in result.records[1:]] == [texts[2], texts[3]]
    with refused("check.unknown", DataError, name="beauty"):
        shaped(records, {"kind": "fix", "check": "beauty"})


def test_a_fix_drops_what_trains_and_is_held_out_too() -> None:
    asked = "What do the tides of the Bay of Fundy owe their height to?"
    records = [Record(n, (Message("user", asked), Message("assistant", "Its shape."))) for n in (1, 2)]
    result = shaped([*records, *rows(9)[2:]], {"kind": "fix", "check": "leakage"}, given={2: "golden"})
    assert lines(result) == list(range(2, 10))


def test_what_only_a_person_can_decide_is_left_and_said() -> None:
    result = shaped(rows(8), {"kind": "fix", "check": "few_rows"})
    assert len(result.records) == 8
    assert result.remarks[0].reason.endswith("only a person can decide that")


def test_a_golden_set_can_be_reserved_after_the_dataset_was_saved_undivided() -> None:
    given = {record.line: "golden" if record.line <= 2 else "" for record in rows(40)}
    result = shaped(rows(40), {"kind": "reserve_golden", "count": 5}, given=given)
    assert len(result.golden) == 7


def test_rows_that_are_mixed_in_never_ask_what_a_golden_row_asks(tmp_path: Path) -> None:
    mine = [
        replace(record, line=n)
        for n, record in enumerate(read(write_rows(tmp_path / "a.jsonl", 30)).records, 1)
    ]
    mix = {"kind": "mix", "path": str(write_rows(tmp_path / "b.jsonl", 40)), "weight": 0}
    result = shaped(mine, {"kind": "reserve_golden", "count": 5}, mix)
    golden = {record.question for record in result.golden}
    assert len(golden) == 5
    assert not golden & {record.question for record in result.part("")}
    assert [remark.reason for remark in result.remarks] == [
        "5 rows of b.jsonl ask what a row asks that is held out, or were made from one, and were left out"
    ]


def test_the_first_and_the_last_question_of_a_conversation_are_edited_each_by_its_name() -> None:
    said = (("system", "Be brief."), ("user", "Where to?"), ("assistant", "North."), ("user", "Thanks!"))
    chat = Record(1, tuple(Message(*turn) for turn in (*said, ("assistant", "Gladly."))))
    assert (chat.first_prompt, chat.prompt, chat.turns) == ("Where to?", "Thanks!", 4)
    steps = (Edit(line=1, field="first_prompt", value="Where?"), Edit(line=1, field="prompt", value="Thx."))
    (edited,) = shaped([chat], *steps).records
    assert [m.content for m in edited.messages] == ["Be brief.", "Where?", "North.", "Thx.", "Gladly."]
    assert steps[0].words() == "Edit the first prompt of row 1"
    assert rows(1)[0].first_prompt == ""
