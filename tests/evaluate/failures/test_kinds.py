# ruff: noqa: RUF001
"""Answers are sorted as a person sorts them: recall and precision of each kind, over many languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from studio.evaluate.failures.kinds import KINDS, AnswerCase, failures_of
from studio.evaluate.failures.refusal import is_refusal
from studio.evaluate.failures.repetition import repeats
from studio.evaluate.failures.training_rows import TrainingRows
from tests.evaluate.failures.labelled import LABELLED, TRAINING, UNSEEN, Labelled

ROWS = TrainingRows(TRAINING)


def sorted_by_both(labelled: Sequence[Labelled]) -> list[tuple[list[str], list[str]]]:
    """For each answer the kinds that a person names, and those that are found."""
    pairs = []
    for kinds, prompt, ideal, answer, right, finish in labelled:
        found = failures_of(AnswerCase(answer, prompt, ideal, right, finish, shared=ROWS.longest(answer)))
        pairs.append(([kind for kind in kinds.split(",") if kind], list(found)))
    return pairs


def rates(labelled: Sequence[Labelled]) -> Mapping[str, tuple[float, float]]:
    """Recall and precision of each kind."""
    pairs = sorted_by_both(labelled)
    table = {}
    for kind in (each.key for each in KINDS):
        both = sum(kind in said and kind in found for said, found in pairs)
        table[kind] = (
            both / sum(kind in said for said, _ in pairs),
            both / sum(kind in found for _, found in pairs),
        )
    return table


def test_every_kind_is_found_in_a_hundred_answers_that_the_rules_were_written_on() -> None:
    assert len(LABELLED) > 100
    assert all(sum(kind.key in each[0].split(",") for each in LABELLED) >= 5 for kind in KINDS)
    assert rates(LABELLED) == {kind.key: (1.0, 1.0) for kind in KINDS}
    assert [pair for pair in sorted_by_both(LABELLED) if pair[0][:1] != pair[1][:1]] == []


def test_every_kind_is_found_in_fifty_answers_that_came_later() -> None:
    """What is still amiss: a part of a prompt that is echoed, and a refusal that lacks a number as well."""
    assert len(UNSEEN) > 50
    exact = {kind.key: (1.0, 1.0) for kind in KINDS}
    exact |= {"echo": (pytest.approx(2 / 3), 1.0), "off_format": (1.0, pytest.approx(6 / 7))}
    assert rates(UNSEEN) == exact
    wrong_first = [said for said, found in sorted_by_both(UNSEEN) if said[:1] != found[:1]]
    assert wrong_first == [["echo", "wrong"]]


def test_fine_answers_are_in_no_kind() -> None:
    fine = [pair for pair in sorted_by_both([*LABELLED, *UNSEEN]) if not pair[0]]
    assert len(fine) > 40
    assert [found for _, found in fine if found] == []


@pytest.mark.parametrize(
    "answer",
    [
        "Ik kan je daar helaas niet mee helpen.",
        "Przykro mi, ale nie mogę w tym pomóc.",
        "На жаль, я не можу на це відповісти.",
        "Beklager, men jeg kan ikke hjelpe deg med det.",
        "Jag kan tyvärr inte hjälpa dig med det.",
        "عذراً، لا أستطيع مساعدتك في ذلك.",
        "क्षमा करें, मैं इसमें आपकी सहायता नहीं कर सकता।",
        "Xin lỗi, tôi không thể giúp bạn việc đó.",
        "Maaf, saya tidak dapat membantu permintaan itu.",
        "I must decline to answer that.",
        "**I'm unable to provide medical advice.**",
    ],
)
def test_a_refusal_is_told_in_many_languages(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I can't believe how good that is!",
        "I cannot recall a nicer day.",
        "You can't park here.",
        "Sorry for the delay, here is the file.",
        "The model refused: “I'm sorry, I can't help with that.”",
        "Ich kann nicht schwimmen.",
        "Je ne peux pas attendre demain !",
        "No puedo creer lo bonito que es.",
        "对不起，我来晚了。",
        "すみません、駅はどこですか。",
        "Извините за опоздание, поезд задержался.",
        "As an AI assistant, I help with recipes: boil the egg for eight minutes.",
    ],
)
def test_regret_or_inability_of_another_sort_is_no_refusal(answer: str) -> None:
    assert not is_refusal(answer)


@pytest.mark.parametrize("text", ["a", "ab ", "one two three. ", "语", "\n", "1", "| ", "no\n"])
def test_a_very_long_answer_is_sorted_as_well(text: str) -> None:
    """What takes the square of its length would take minutes, and fail by the timeout."""
    found = failures_of(AnswerCase(text * (60_000 // len(text)), "What is it?", "It is this.", False, "stop"))
    assert found[0] in ("repetition", "empty", "off_format", "wrong")


def test_digits_and_rules_may_repeat() -> None:
    assert not repeats("0.33333333333333333333333")
    assert not repeats("| --- | --- | --- | --- | --- | --- |\n" + "=" * 40)
    assert repeats("na" * 12)


def test_every_kind_says_what_it_is() -> None:
    assert len({kind.key for kind in KINDS}) == len(KINDS) == 9
    assert all(kind.help.endswith(".") for kind in KINDS)
