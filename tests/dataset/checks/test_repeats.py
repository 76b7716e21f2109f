"""Checks that compare rows: duplicates, near duplicates, leakage, contradictions."""

from __future__ import annotations

from dataclasses import replace

from studio.dataset.checks.check import Subject
from studio.dataset.record import Message, Record
from tests.dataset.checks.conftest import fixed, found, rows

STORY = (
    "Tell me about the old lighthouse on the northern shore of the island.",
    "The lighthouse was built by fishermen more than a century ago. It stands on a steep cliff, and its "
    "lamp is still lit every evening by the keeper, who lives there with his two dogs and a grey cat.",
)


def edited(old: str, new: str) -> tuple[str, str]:
    assert old in STORY[1]
    return STORY[0], STORY[1].replace(old, new)


def test_all_but_the_first_of_equal_rows_are_dropped():
    records = rows(("One?", "1"), ("Two?", "2"), ("One?", "1\n"), ("One?", "1"))
    result = found("duplicates", records)
    assert result.lines == (3, 4)
    assert [item.other for item in result.evidence] == [1, 1]
    assert fixed(Subject(records), "duplicates") == tuple(records[:2])


def test_the_same_answer_or_the_same_prompt_alone_is_no_duplicate():
    records = rows(("Is ice cold?", "yes"), ("Is fire hot?", "yes"), ("Is ice cold?", "It is."))
    system = Record(4, (Message("system", "Be brief."), *records[0].messages))
    assert found("duplicates", [*records, system]).lines == ()
    assert found("near duplicates", [*records, system]).lines == ()


def test_rows_that_differ_in_a_word_or_in_punctuation_are_near_duplicates():
    other = ("Name three fruits.", "Apples, pears and plums.")
    records = rows(STORY, edited("steep", "high"), other, ("name three fruits", "apples, pears and plums!"))
    result = found("near duplicates", records)
    assert result.lines == (2, 4)
    assert [item.other for item in result.evidence] == [1, 3]
    assert found("duplicates", records).lines == ()


def test_exact_duplicates_are_told_by_their_own_check_only():
    assert found("near duplicates", rows(STORY, STORY)).lines == ()


def test_a_row_near_a_dropped_one_but_far_from_the_kept_stays():
    further = STORY[0], edited("steep", "high")[1].replace("lamp", "light")
    records = rows(STORY, edited("steep", "high"), further)
    assert found("near duplicates", records[1:]).lines == (3,)
    assert found("near duplicates", [records[0], records[2]]).lines == ()
    assert found("near duplicates", records).lines == (2,)


def test_another_number_makes_another_row():
    assert found("near duplicates", rows(STORY, edited("two dogs", "2 dogs"))).lines == ()
    sums = rows(("What is 12 plus 3?", "12 plus 3 is 15."), ("What is 12 plus 4?", "12 plus 4 is 16."))
    assert found("near duplicates", sums).lines == ()
    signs = rows(("What is 7 + 3?", "It depends."), ("What is 7 - 3?", "It depends."))
    assert found("near duplicates", signs).lines == ()


def test_another_subject_makes_another_row():
    asked = "Look up in the encyclopedia, with the tool you were given above, what there is about"
    answer = "was looked up in the encyclopedia with the tool, and here is what there is to read about it."
    records = rows(*((f"{asked} {place}.", f"{place} {answer}") for place in ("Italy", "Brazil", "Peru")))
    assert found("near duplicates", records).lines == ()


def test_a_near_duplicate_is_quoted_where_it_differs():
    (evidence,) = found("near duplicates", rows(STORY, edited("steep", "high"))).evidence
    assert evidence.quote[evidence.start : evidence.end] == "high"


def test_another_question_to_the_same_long_text_makes_another_row():
    passage = " ".join(STORY) * 3
    records = rows(
        (f"{passage}\nWho lives in the tower these days?", "The keeper"),
        (f"{passage}\nHow many pets are mentioned here altogether?", "The keeper"),
        (f"{passage}\nWho lives in the tower these days?", "Nobody knows it"),
    )
    assert found("near duplicates", records[:2]).lines == ()
    assert found("near duplicates", records[1:]).lines == ()


def test_near_duplicates_are_found_in_text_without_spaces():
    text = "北の島の岸に古い灯台がある。百年以上前に漁師たちが建てた。灯台守は犬と猫と一緒に住んでいる。"
    records = [Record(1, text=text), Record(2, text=text.replace("古い", "白い")), Record(3, text=text[::-1])]
    assert found("near duplicates", records).lines == (2,)


def test_a_question_asked_in_train_and_in_test_leaks():
    records = rows(
        ("What is the capital of France?", "Paris."),
        ("what is the capital of  France", "It is Paris."),
        ("What is the capital of Spain?", "Madrid."),
        STORY,
        edited("steep", "high"),
    )
    parts = {1: "test", 2: "train", 3: "validation", 4: "train", 5: "validation"}
    result = found("leakage", records, parts=parts)
    assert result.lines == (2, 4)
    assert [item.other for item in result.evidence] == [1, 5]
    kept = fixed(Subject(records, parts=parts), "leakage")
    assert [record.line for record in kept] == [1, 3, 5]


def test_the_golden_set_of_another_file_leaks_too():
    records = rows(("What is a star?", "A ball of gas."), ("What is a planet?", "A ball of rock."))
    golden = [replace(records[1], line=-7)]
    result = found("leakage", records, golden=golden)
    assert result.lines == (2,)
    assert result.evidence[0].other == -7
    assert found("leakage", records).lines == ()
    assert found("near duplicates", records, golden=golden).lines == ()


def test_one_prompt_with_answers_that_exclude_each_other_is_told():
    records = rows(
        ("What is the capital of Australia?", "Canberra."),
        ("What is the capital of Australia", "Sydney."),
        ("What is the capital of Peru?", "Lima."),
        ("What is the capital of Peru?", "It is Lima."),
        ("What is the capital of Chile?", "Santiago."),
    )
    result = found("contradictions", records)
    assert result.lines == (1, 2)
    assert fixed(Subject(records), "contradictions") == tuple(records)


def test_another_system_prompt_or_history_may_well_give_another_answer():
    asked, said = Message("user", "Say hello."), Message("assistant", "Hello.")
    records = [
        Record(1, (Message("system", "Speak English."), asked, said)),
        Record(2, (Message("system", "Sprich Deutsch."), asked, Message("assistant", "Guten Tag."))),
        Record(3, (asked, said, Message("user", "Go on."), Message("assistant", "How are you?"))),
        Record(4, (asked, Message("assistant", "Hi."), Message("user", "Go on."), said)),
    ]
    assert found("contradictions", records).lines == ()
    pairs = [Record(1, (asked, said), rejected="No."), Record(2, (asked, Message("assistant", "Hi.")))]
    assert found("contradictions", pairs, format="preference").lines == ()


def test_contradicting_labels_are_bad():
    records = rows(("I liked it.", "positive"), ("I liked it.", "negative"))
    assert found("contradictions", records, format="classification").severity == "bad"
