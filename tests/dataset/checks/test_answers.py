"""Checks of single answers: empty, echoed, refused, begun with another model's phrase."""

from __future__ import annotations

import pytest

from studio.catalogue import phrase
from studio.dataset.checks.check import Subject
from studio.dataset.read.load import read
from studio.dataset.record import Message, Record
from studio.events import Problem
from studio.paths import resource
from tests.dataset.checks.conftest import answers, fixed, found, preview, rows


def test_rows_that_cannot_be_read_and_empty_answers_are_told_apart():
    problems = read(resource("starter/messy.jsonl")).problems
    broken, empty = found("malformed", (), problems=problems), found("empty", (), problems=problems)
    assert broken.lines == (4, 8, 11, 20, 26, 29)
    assert empty.lines == (14, 17)
    assert "not JSON" in broken.evidence[0].quote


@pytest.mark.parametrize("answer", ["...", " — ", "N/A", "null", "TODO", "[object Object]", "\u200b"])
def test_answers_that_say_nothing_are_flagged(answer):
    assert found("empty", answers("Yes.", answer, "No.")).lines == (2,)


@pytest.mark.parametrize("answer", ["No", "0", "👍", "None of them.", "x = null", "+", "4.", "да", "无"])
def test_short_answers_that_say_something_are_not(answer):
    assert found("empty", answers("Yes.", answer, "No.")).lines == ()


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is 7 divided by 0?", "undefined"),
        ("What is the slope of a vertical line?", "Undefined."),
        ("What is tan(90°)?", "undefined"),
        ("What does typeof x give in JavaScript where x was never declared?", "undefined"),
        ("let x; console.log(x)", "undefined"),
        ("What does a Python function return that has no return statement?", "None"),
        ("Which keyword stands for no value in Java?", "null"),
        ("What does SQL show for a cell without a value?", "NULL"),
        ("What is 0/0 in floating point arithmetic?", "NaN"),
        ("Was ergibt 5 geteilt durch 0?", "undefined"),
        ("How many moons does Venus have?", "None"),
        ("Which of these animals lay eggs: dog, cat, horse?", "none"),
        ("List the allergies that the patient mentions: he feels well.", "N/A"),
        ("Give the phone number, or null.\n\nCall me.", "null"),
        ("Is there a prime between 24 and 28?", "None."),
    ],
)
def test_a_word_for_nothing_is_an_answer_where_it_is_asked_for(prompt, answer):
    assert found("empty", rows(("What is it?", "A bird."), (prompt, answer))).lines == ()


@pytest.mark.parametrize("answer", ["undefined", "null", "None", "nan", "N/A", "nil", "NULL."])
@pytest.mark.parametrize(
    "prompt", ["What is the capital of France?", "Describe a sunrise.", "Translate: cheese"]
)
def test_a_word_for_nothing_is_none_where_it_is_not(prompt, answer):
    assert found("empty", rows(("What is it?", "A bird."), (prompt, answer))).lines == (2,)


def test_a_placeholder_that_answers_many_rows_is_a_label():
    records = answers("none", "Paris", "none", "none", "Rome")
    assert found("empty", records).lines == ()
    assert found("empty", answers("none", "good"), format="classification").lines == ()


def test_what_programs_write_for_nothing_is_no_label_among_other_answers():
    records = answers(*(f"It is {n}." for n in range(60)), *["nan"] * 6)
    assert found("empty", records).lines == tuple(range(61, 67))
    assert found("empty", answers(*["good", "bad", "null"] * 20)).lines == ()


def test_rows_cut_or_left_out_for_their_length_are_flagged():
    long = Problem(9, phrase("row.too_long", tokens=2000, limit=1024))
    result = found("cut", answers("a", "b", "c"), cut={2: 17}, problems=[long], max_length=1024)
    assert result.lines == (2, 9)
    assert "1,024 tokens" in result.summary
    assert found("malformed", (), problems=[long]).lines == ()


def test_an_answer_that_is_the_prompt_again_is_flagged_even_in_other_case():
    records = rows(
        ("How much is 9 plus 4?", "how much is 9 plus 4"),
        ("Good morning!", "Good morning."),
        ("What is the colour of milk?", "The colour of milk is white."),
        ("Is 3 + 4 more than 5?", "Is 3 - 4 more than 5?"),
    )
    assert found("echo", records).lines == (1,)
    assert found("echo", [Record(1, text="The same text in both places, of course.")]).lines == ()


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't assist with that request.",
        "I\u2019m sorry, I cannot help with that.",
        "Sorry, but I am unable to provide that information.",
        "I cannot fulfill your request.",
        "I cannot provide such detailed information.",
        "Unfortunately, I can't answer that.",
        "My apologies, but I won't generate this.",
        "Es tut mir leid, ich kann diese Anfrage nicht bearbeiten.",
        "As an AI language model, I cannot browse the internet.",
        "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
        "Je suis désolé, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudarte con eso.",
    ],
)
def test_refusals_are_flagged_in_four_languages(answer):
    assert found("refusals", answers("Paris is.", answer)).lines == (2,)


@pytest.mark.parametrize(
    "answer",
    [
        "Sorry, I can't come to the party tonight.",
        "I cannot recommend this book highly enough.",
        "I'm sorry to hear that! Let me help you: open the settings first.",
        "I can't help smiling when it rains.",
        "I can't do this anymore, she said.",
        "I can't answer that door for you forever.",
        "I cannot provide for my family.",
        "The waiter said: I cannot help with that, it is the kitchen's job.",
        "Es tut mir leid, dass Sie warten mussten. Hier ist Ihre Antwort.",
        "Je ne peux pas attendre les vacances !",
        "No puedo creer lo bonita que es Sevilla.",
        "As an AI researcher, she cannot ignore the data.",
        "I can not only help with that, but also show you how.",
    ],
)
def test_regret_and_quoted_refusals_are_not(answer):
    assert found("refusals", answers(answer)).lines == ()


@pytest.mark.parametrize(
    ("answer", "mended"),
    [
        ("As an AI language model, I think that tea is fine.", "I think that tea is fine."),
        ("As an AI, here is a list: one, two, three.", "Here is a list: one, two, three."),
        (
            "Als KI-Sprachmodell kann ich den Satz so übersetzen: Guten Tag.",
            "Ich kann den Satz so übersetzen: Guten Tag.",
        ),
        (
            "En tant que modèle de langage, je dirais que Paris est belle.",
            "Je dirais que Paris est belle.",
        ),
        (
            "Como modelo de lenguaje, diría que Madrid es la capital.",
            "Diría que Madrid es la capital.",
        ),
    ],
)
def test_another_models_phrase_is_taken_off_the_beginning(answer, mended):
    records = answers("Fine.", answer)
    assert found("boilerplate", records).lines == (2,)
    assert [record.answer for record in fixed(Subject(records), "boilerplate")] == ["Fine.", mended]


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI researcher, I read many papers.",
        "As an air hostess, I travel a lot.",
        "As a modelling language, UML is widely used.",
        "Als KI-Experte kann ich das bestätigen.",
        "She said: as an AI, I am tired.",
    ],
)
def test_people_and_things_that_only_sound_like_a_model_are_left_alone(answer):
    assert found("boilerplate", answers(answer)).lines == ()


def test_a_row_of_which_nothing_is_left_is_dropped():
    records = answers("As an AI language model, I cannot do that.", "As an AI, no.", "Fine, thanks.")
    assert [after for _, _, after in preview(Subject(records), "boilerplate")] == [None, None]
    assert fixed(Subject(records), "boilerplate") == (records[2],)


def test_only_the_models_turns_are_looked_at():
    spoken = Message("user", "As an AI language model, what do you think?")
    record = Record(1, (spoken, Message("assistant", "Nothing in particular, I am afraid.")))
    assert found("boilerplate", [record]).lines == ()
    assert found("refusals", rows(("I cannot help with that.", "Never mind."))).lines == ()
