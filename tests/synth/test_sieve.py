"""What is refused of what a model made; and what must not be."""

from __future__ import annotations

import pytest

from studio.dataset.documents.passages import Passage
from studio.dataset.record import Message, Record
from studio.errors import DataError
from studio.synth.filter import Known, RowFilter, grounded
from studio.synth.generate import sources
from studio.synth.generators import GENERATORS, Draft, GenerationSource, noisy
from studio.synth.plan import Plan
from tests.conftest import refused
from tests.synth.files import KETTLE, SUNDIAL

DIAL = GenerationSource("dial.txt, line 1", passage=Passage("dial.txt", "line 1", SUNDIAL))


def record(prompt: str, answer: str, line: int = 1) -> Record:
    return Record(line, (Message("user", prompt), Message("assistant", answer)))


def refusal(maker: str, prompt: str, answer: str, source: GenerationSource, *rest: Record) -> str:
    row_filter = RowFilter(GENERATORS[maker], Plan())
    for each in rest:
        row_filter.know(each)
    return row_filter.refusal(Draft(record(prompt, answer).messages), source)


GNOMON = "What is the rod of a sundial called?"


@pytest.mark.parametrize(
    ("prompt", "answer", "reason"),
    [
        (GNOMON, "The rod is called the gnomon.", ""),
        (GNOMON, "Gnomon", ""),
        ("  ", "The gnomon.", "empty"),
        ("?!", "The gnomon.", "empty"),
        (GNOMON, "", "empty"),
        (GNOMON, "the gnomon " * 500, "too long"),
        ("The rod is called the gnomon.", "the rod is called the gnomon", "copied the prompt"),
        ("What is the rod in the passage called?", "The gnomon.", "speaks of the passage"),
        (GNOMON, "It is a needle made of Babylonian bronze.", "not grounded in the passage"),
        (GNOMON, "The rod is called the gnomon since 1734.", "not grounded in the passage"),
    ],
)
def test_a_row_from_a_passage(prompt: str, answer: str, reason: str) -> None:
    assert refusal("passages", prompt, answer, DIAL) == reason


def test_what_is_known_already_is_refused_and_what_only_looks_like_it_is_not() -> None:
    known = record("Which way does the shadow of a sundial move in the north of the world?", "Clockwise.")
    answer = "The shadow moves clockwise."
    again = "which way does the shadow of a sundial move, in the north of the world"
    assert refusal("passages", again, answer, DIAL, known) == "an exact duplicate"
    assert refusal("passages", f"{again} today", answer, DIAL, known) == "a near duplicate"
    other = "Why do the hands of clocks turn the way they do, and not the other?"
    assert refusal("passages", other, answer, DIAL, known) == ""
    row_filter = RowFilter(GENERATORS["passages"], Plan())
    draft = Draft(record(GNOMON, "The rod is called the gnomon.").messages)
    assert [row_filter.refusal(draft, DIAL) for _ in range(2)] == ["", "an exact duplicate"]


def test_short_texts_are_near_only_when_they_are_equal() -> None:
    known = Known()
    known.add("What is a cat?")
    assert not known.near("What is a bat?")
    assert known.equal("what is a CAT")


def test_no_near_duplicate_is_missed_and_none_is_invented() -> None:
    """Against a comparison of every pair, over texts that share between none and all of their words."""
    stems = [[f"w{n}x{i}" for i in range(24)] for n in range(6)]
    texts = [
        " ".join([*stem[:kept], *(f"o{kept}y{i}" for i in range(24 - kept))])
        for stem in stems
        for kept in range(0, 25, 2)
    ]
    texts += [" ".join([*stem, f"tail{n}"]) for n, stem in enumerate(stems)]
    known = Known()
    for number, text in enumerate(texts):
        expected = any(jaccard(text, other) >= 0.8 for other in texts[:number])
        assert known.near(text) == expected
        known.add(text)


def jaccard(one: str, other: str) -> float:
    first, second = (set(zip(t.split(), t.split()[1:], strict=False)) for t in (one, other))
    return len(first & second) / len(first | second)


def test_a_grounded_answer_may_bend_its_words() -> None:
    assert grounded("Steam forced through the plates makes the air vibrating.", KETTLE)
    assert not grounded("Electric kettles switch themselves off by a bimetal.", KETTLE)
    assert grounded("水が沸く", "山の上では水が低い温度で沸く。")
    assert not grounded("鳥が飛ぶ", "山の上では水が低い温度で沸く。")


def test_a_paraphrase_must_be_other_words_but_a_slip_only_other_letters() -> None:
    before = record("How tall is the tower of Pisa today?", "56 metres.")
    source = GenerationSource("line 1", before)
    assert (
        refusal("paraphrase", "how tall is the tower of Pisa, today", "56 metres.", source)
        == "copied the prompt"
    )
    assert (
        refusal("paraphrase", "What height does Pisa's tower have now?", "56 metres.", source, before) == ""
    )
    assert refusal("noise", "How tall is teh tower of Pisa today?", "56 metres.", source, before) == ""
    assert (
        refusal("noise", "How tall is the tower of Pisa today?", "56 metres.", source, before)
        == "copied the prompt"
    )
    assert refusal("answer", before.prompt, "It is 56 metres.", source, before) == ""
    assert refusal("answer", before.prompt, "56 metres", source, before) == "an exact duplicate"
    long = record("Tell it", "word " * 3000)
    assert (
        refusal("paraphrase", "Tell me all of it now please", long.answer, GenerationSource("line 2", long))
        == ""
    )


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("Name the language of this country.", "Which language is spoken in this country?", True),
        ("Add 17 and 25.", "What is the sum of 17 and 25?", True),
        ("Why?", "For what reason?", True),
        ("Nenne die Hauptstadt von Norwegen.", "Wie heißt Norwegens Hauptstadt?", True),
        ("Add 17 and 25.", "What is the sum of 17 and 52?", False),
        ("Which word is the opposite of rough?", "Which kind of animal is a sheep?", False),
        ("Name the home of an eagle.", "White is the colour of a canary.", False),
    ],
)
def test_other_words_must_ask_the_same(before: str, after: str, same: bool) -> None:
    source = GenerationSource("line 1", record(before, "It."))
    assert (refusal("paraphrase", after, "It.", source) == "") == same


def test_a_question_for_a_long_answer_must_speak_of_what_it_says() -> None:
    source = GenerationSource("line 1", record("?", SUNDIAL))
    assert refusal("question", "How does a sundial work?", SUNDIAL, source) == ""
    assert refusal("question", "How is bread baked?", SUNDIAL, source) == "about something else"
    assert refusal("question", "Who came to dinner?", "Aunt Anna.", source) == ""


def test_slips_are_the_same_for_the_same_seed_and_spare_numbers() -> None:
    text = "Please send 250 euros to anna@example.org before the meeting on Wednesday morning."
    assert noisy(text, 0.3, 1) == noisy(text, 0.3, 1) != noisy(text, 0.3, 2)
    for seed in range(200):
        changed = noisy(text, 0.2, seed)
        assert changed != text
        assert "250" in changed
        assert "anna@example.org" in changed
    assert noisy("12 34", 1.0, 0) == "12 34"
    assert noisy("Straße, bitte!", 1.0, 3) == noisy("Straße, bitte!", 1.0, 3)


RECORDS = (
    record("Why does a kettle whistle?", "Steam.", 1),
    Record(2, text="No request at all."),
    Record(3, (Message("user", "Call it"), Message("tool", "{}"), Message("assistant", "Done"))),
    record("Which rod throws the shadow of a sundial?", "The gnomon.", 4),
    record("Who?", "Me.", 5),
)
PASSAGES = (Passage("a.txt", "line 1", SUNDIAL), Passage("a.txt", "line 1", KETTLE))


@pytest.mark.parametrize(
    ("maker", "names"),
    [
        ("paraphrase", ["line 1", "line 4", "line 5"]),
        ("passages", ["a.txt, line 1", "a.txt, line 1 (2)"]),
        ("question", ["a.txt, line 1", "a.txt, line 1 (2)"]),
        ("answer", ["line 1", "line 4"]),
        ("seeds", ["draw 1", "draw 2", "draw 3"]),
    ],
)
def test_what_a_maker_starts_from(maker: str, names: list[str]) -> None:
    found = sources(Plan.model_validate({"maker": maker}), RECORDS, PASSAGES)
    assert [source.name for source in found] == names


def test_a_question_is_answered_from_the_passage_that_fits_it() -> None:
    found = sources(Plan(maker="answer"), RECORDS, PASSAGES)
    assert [source.passage for source in found] == [PASSAGES[1], PASSAGES[0]]


def test_fewer_sources_are_drawn_by_the_seed_and_none_is_a_sentence() -> None:
    plan = Plan(maker="noise", sources=2, seed=3)
    first, again = (sources(plan, RECORDS, ()) for _ in range(2))
    assert first == again
    assert len(first) == 2
    assert len(sources(Plan(maker="seeds", sources=7), RECORDS, ())) == 7
    with refused("synth.not_both", DataError, title="Answer from a passage"):
        sources(Plan(maker="answer"), RECORDS, ())
