"""Instructions are followed or not, by rule: every kind, kept and broken, and the prompts that ask."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from studio.errors import DataError
from studio.evaluate.instructions.kinds import KINDS, KNOWN, UNSEEN, Constraint, loosened
from studio.evaluate.instructions.prompts import following, kinds_of, read_prompts
from studio.evaluate.instructions.texts import sentences_in, words_in
from studio.paths import resource

KEPT_AND_BROKEN: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("sentences", {"at_least": 2}, "One here. Two there.", "One here, two there."),
    ("sentences", {"at_most": 2}, "Dr. Smith lives at no. 5. He is J. R. Miller's friend.", "A. B? C! D."),
    ("keywords", {"words": ["c++"]}, "C++ it is.", "C it is."),
    ("forbidden_words", {"words": ["c++"]}, "C it is.", "It is a.c++b."),
    ("bullets", {"exactly": 1}, "* one\n*\n** none", "* one\n* two"),
    ("json", {}, "```json\n[1]\n```", "[" * 100_000),
    ("upper_case", {}, "ÜBER ALLES 7!", "Über"),
    ("lower_case", {}, "été, 7!", "Été"),
    ("language", {"language": "de"}, "DAS WETTER IST HEUTE SEHR SCHÖN UND WARM", "The weather is fine today"),
    ("language", {"language": "en"}, "The weather is fine today", "12, 13!"),
    ("alternating_case", {}, "THE cat SAT down", "The cat SAT down"),
    ("alternating_case", {}, "an OWL 3 eggs", "AN OWL sits"),
    ("distinct_words", {"at_least": 3}, "one two three", "one One ONE two"),
    ("no_repeated_words", {"at_least": 3}, "Rain falls softly.", "Rain, rain falls."),
    ("no_repeated_words", {"at_least": 3}, "Rain falls softly.", "Rain falls."),
    ("line_acrostic", {"word": "CAT"}, "Come\n\nand\n  try", "Come\nand\ntry\nit"),
    ("line_acrostic", {"word": "CAT"}, '"Come\n- and\ntry', "Cat"),
    ("sentence_acrostic", {"word": "rose"}, "Red. Only red! So it is. Ever.", "Red. Only so."),
    ("growing_sentences", {"at_least": 3}, "Go. Go on. Go on now.", "Go. Go on. Go now."),
    ("growing_sentences", {"at_least": 3}, "Go. Go on. Go on now.", "Go. Go on."),
    ("short_words", {"at_most": 4}, "We eat some warm soup.", "We eat lovely warm soup."),
    ("short_words", {"at_most": 4}, "We eat some warm soup.", "We eat."),
    ("sentences_begin", {"word": "always"}, "Always rest. ALWAYS eat!", "Always rest. Never eat."),
    ("all_questions", {"at_least": 2}, 'Why? "And when?"', "Why? So."),
    ("nth_word", {"number": 2, "word": "never"}, "I NEVER sleep.", "Never."),
    ("number_count", {"exactly": 2}, "From 1,000 to 2.5 km.", "From 1 to 2 or 3."),
    ("number_count", {"exactly": 0}, "From one to two.", "From 1 to two."),
    ("sorted_lines", {"at_least": 3}, "apple\nBanana\ncherry", "banana\napple\ncherry"),
    ("sorted_lines", {"at_least": 3}, "apple\nBanana\ncherry", "apple\nbanana"),
    ("words_starting", {"letter": "p", "at_least": 2}, "Peter paints.", "Peter is happy."),
    ("words_per_line", {"words": 2, "lines": 2}, "White snow\n\nfalls down", "White snow\nfalls"),
    ("same_ends", {}, "Time is only time.", "Time is short."),
    ("numbered_items", {"exactly": 2}, "First:\n1. one\n2) two\n", "1. one\n3. three"),
    ("numbered_items", {"at_least": 2}, "1. one\n2. two\n3. three", "one\ntwo"),
)


@pytest.mark.parametrize(("kind", "values", "kept", "broken"), KEPT_AND_BROKEN)
def test_a_constraint_tells_an_answer_that_keeps_it_from_one_that_does_not(
    kind: str, values: dict[str, Any], kept: str, broken: str
) -> None:
    constraint = Constraint(kind, values)
    assert [constraint.kept_by(kept), constraint.kept_by(broken), constraint.kept_by(" \n")] == [
        *(True, False, False)
    ]


def test_every_kind_that_ifeval_does_not_decide_has_its_own_cases_here() -> None:
    assert {*UNSEEN, "sentences"} <= {case[0] for case in KEPT_AND_BROKEN}


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ('He said: "Stop." Then he left... And so on, e.g. apples.', 3),
        ("1. One thing.\n2. Another thing.\n\nThe end", 3),
        ("It is 3.5 km to Mt. Rigi, i.e. not far etc. and so on.", 1),
        ("It is 5. That is all. No. I know what I am. I.", 5),
        ("A heading\n\nA sentence.", 2),
        ("\u4e1c\u4eac\u5f88\u5927\u3002\u4f60\u597d\uff01", 2),
        ("...", 0),
    ],
)
def test_sentences_are_divided_where_they_end(text: str, sentences: int) -> None:
    assert len(sentences_in(text)) == sentences


def test_a_word_holds_its_apostrophes_and_hyphens() -> None:
    assert words_in("Don't say well-known 'things' - please_now!") == [
        *("Don't", "say", "well-known", "things", "please", "now")
    ]


def test_loosely_a_polite_first_line_a_last_line_and_asterisks_do_not_count() -> None:
    assert loosened("Sure!\n*A* B\nBye") == (
        *("Sure!\n*A* B\nBye", "Sure!\nA B\nBye", "*A* B\nBye", "A B\nBye"),
        *("Sure!\n*A* B", "Sure!\nA B", "*A* B", "A B"),
    )
    constraint = Constraint("lower_case", {})
    answer = "Of course:\nall of it is small."
    assert (constraint.kept_by(answer), constraint.kept_loosely_by(answer)) == (False, True)


def test_150_prompts_ask_for_every_known_kind_and_40_others_for_none_of_them() -> None:
    prompts = read_prompts(resource("evaluation/instructions.jsonl"))
    others = read_prompts(resource("evaluation/unseen_instructions.jsonl"))
    assert (len(prompts), len(others)) == (150, 40)
    assert len({each.prompt for each in (*prompts, *others)}) == 190
    assert {len(each.constraints) for each in prompts} == {1, 2, 3}
    counts = Counter(kind for each in prompts for kind in each.kinds)
    assert set(counts) == set(KNOWN)
    assert min(counts.values()) >= 6
    assert set(kinds_of(others)) == set(UNSEEN)


def test_a_prompt_is_followed_when_all_of_its_constraints_are() -> None:
    prompt = read_prompts(resource("evaluation/instructions.jsonl"))[25]
    assert prompt.kinds == ("keywords", "words")
    kept = following(prompt, "A ticket and a seat, no delay.")
    half = following(prompt, "A ticket and a seat, " * 40)
    assert (kept.strict, kept.all_strict, kept.all_loose) == ((True, True), True, True)
    assert (half.strict, half.all_strict) == ((False, False), False)


@pytest.mark.parametrize(
    "constraint",
    [
        {"kind": "rhyme"},
        {"kind": "words", "at_least": "ten"},
        {"kind": "words", "number": 10},
        {"kind": "ends_with"},
        {"at_least": 10},
        "words",
    ],
)
def test_a_constraint_that_nothing_can_check_is_named_by_its_line(constraint: object, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    good = {"kind": "words", "at_least": 1}
    rows = [{"prompt": "Count.", "constraints": [each]} for each in (good, constraint)]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(DataError, match="Line 2 of") as raised:
        read_prompts(file)
    assert raised.value.code == "questions.no_row"


@pytest.mark.parametrize("text", ["*", "[", "<<", ".", "\n", "- ", "1. ", "A", "***", "```", ' "', "p. "])
def test_an_answer_that_repeats_one_sign_forever_holds_nothing_up(text: str) -> None:
    prompts = (*read_prompts(resource("evaluation/instructions.jsonl")), *unseen())
    constraints = {each.kind: each for prompt in prompts for each in prompt.constraints}
    assert set(constraints) == set(KINDS)
    answer = text * 10_000  # what grows with the square of the length would take minutes
    kept = {kind for kind, constraint in constraints.items() if constraint.kept_loosely_by(answer)}
    assert kept.isdisjoint({"keywords", "json", "line_acrostic", "words_per_line", "language"})


def unseen() -> tuple[Any, ...]:
    return read_prompts(resource("evaluation/unseen_instructions.jsonl"))


@pytest.mark.parametrize("name", ["instructions", "unseen_instructions"])
def test_answers_by_hand_follow_their_prompts_and_hardly_another(name: str) -> None:
    """Of every kind one at least, and of the unusual ones all: what is asked for can be done."""
    followed = json.loads((Path(__file__).parent / "followed.json").read_text(encoding="utf-8"))[name]
    prompts = read_prompts(resource(f"evaluation/{name}.jsonl"))
    asked = [prompts[int(place)] for place in followed]
    answers = list(followed.values())
    assert len(kinds_of(asked)) == len(KNOWN if name == "instructions" else UNSEEN)
    pairs = list(zip(asked, answers, strict=True))
    assert [
        (prompt.prompt, answer) for prompt, answer in pairs if not following(prompt, answer).all_strict
    ] == []
    others = zip(asked, answers[1:] + answers[:1], strict=True)
    assert sum(following(prompt, answer).all_loose for prompt, answer in others) < 0.25 * len(asked)
