"""Small files in the shapes of popular public datasets and of bug reports, each with its expected reading."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from studio.dataset.read.load import Reading, read
from studio.dataset.read.mapping import Mapping, UnknownColumns

WILD = Path(__file__).with_name("wild")


class Expected(NamedTuple):
    """The format, the lines of the records, each problem's line and words, the first prompt and answer."""

    format: str
    lines: list[int]
    problems: list[tuple[int, str]]
    prompt: str
    answer: str


def chat(lines: list[int], problems: list[tuple[int, str]], prompt: str, answer: str) -> Expected:
    return Expected("chat", lines, problems, prompt, answer)


def asked(lines: list[int], problems: list[tuple[int, str]], prompt: str, answer: str) -> Expected:
    return Expected("prompt/completion", lines, problems, prompt, answer)


EXPECTED = {
    # Instructions
    "alpaca.json": Expected(
        *("instruction", [2, 7], [(12, '"output" is empty')]),
        *("Name two fruits that grow on trees.", "Apples and pears."),
    ),
    "dolly.jsonl": Expected(
        *("instruction", [1, 2], []),
        "How tall is the old lighthouse?\n\nThe old lighthouse was built in 1871 and is 34 metres tall.",
        "It is 34 metres tall.",
    ),
    "code_alpaca.jsonl": Expected(
        *("instruction", [1, 2], []),
        *("Write a function that doubles a number.", "def double(x):\n    return 2 * x"),
    ),
    # Conversations
    "oasst_trees.jsonl": chat([1], [(2, "no turn by the assistant")], "How much light?", "Six hours a day."),
    "sharegpt.json": chat([2, 23], [(40, '"conversations" is empty')], "Shorter?", "Harbour"),
    "sharegpt_tools.jsonl": chat([1], [], "2.1", "The tide is at 2.1 metres."),
    "slim_orca.jsonl": chat([1], [], "Is 51 prime?", "51 = 3 * 17, so no."),
    "ultrachat.jsonl": chat([1, 3], [(2, "no turn by the assistant")], "Why?", "It saves warmth."),
    "ultrachat_200k.jsonl": chat([1], [], "And shoes?", "Sturdy ones."),
    "anthropic_messages.jsonl": chat([1], [], "When do I prune roses?", "In late winter."),
    "openai_chat.jsonl": chat(
        [1],
        [(2, "no turn by the assistant"), (3, "turn 2 (assistant) is null")],
        *("Sure?", "Yes, from noon on."),
    ),
    "openai_tools.jsonl": chat([1], [], "4 degrees", "It is 4 degrees in Oslo."),
    "capybara.jsonl": chat([1], [], "Is it alive?", "Yes."),
    "no_robots.jsonl": chat([1], [], "Write a haiku about mud.", "Boots sink without sound"),
    "lima.jsonl": chat([1], [], "How do bees find home?", "By the sun, and by landmarks."),
    "glaive_chat.jsonl": chat([1], [], "Tell me a joke", "A fish walked into a wall. Dam."),
    # Pairs
    "ultrafeedback.jsonl": Expected(
        "preference", [1], [(2, "nothing to prefer")], "Name a noble gas.", "Argon."
    ),
    "hh_rlhf.jsonl": Expected(
        "preference",
        [1],
        [(2, "differ before their last turn")],
        "How long?",
        "Let it stand for half an hour.",
    ),
    "orca_dpo_pairs.jsonl": Expected("preference", [1], [], "How many legs has a spider?", "Eight."),
    "stack_pairs.jsonl": Expected("preference", [1], [], "How do I undo a commit?", "Use `git revert`."),
    # Questions, problems, summaries
    "anthropic_prompts.jsonl": asked([1, 2], [], "Is ice lighter than water?", " Yes, it floats."),
    "squad.jsonl": asked(
        *([1], [(2, '"answers" is empty')]),
        "When was the bridge opened?\n\nThe stone bridge was opened in 1902 by the mayor.",
        "1902",
    ),
    "trivia.jsonl": asked([1], [], "Which planet has the largest storm?", "Jupiter"),
    "gsm8k.jsonl": asked(
        *([1], [(2, '"answer" is a number (9), not text')]),
        "Ana has 3 boxes of 4 pears and eats 2. How many are left?",
        "She has 3*4=<<3*4=12>>12 pears.\nShe eats 2, so 12-2=<<12-2=10>>10 are left.\n#### 10",
    ),
    "math.jsonl": asked([1], [], "Find $x$ if $2x = 8$.", "Divide by 2: $x = \\boxed{4}$."),
    "metamath.jsonl": asked([1], [], "How much is 7 more than 5?", "5 + 7 = 12. The answer is: 12"),
    "open_orca.jsonl": asked([1, 2], [], "Why is the sky blue?", "Air scatters blue light most."),
    "kto.jsonl": asked([1], [(2, "marked as one that is not wanted")], "Name a river.", "The Elbe."),
    "flan.jsonl": asked([1], [], "Translate to French: cheese", "fromage"),
    "xsum.jsonl": asked(
        *([1], [(2, '"document" is empty')]),
        "The ferry to the island stopped on Monday. A rope had caught in its screw.",
        "A rope stopped the island's ferry.",
    ),
    "cnn_dailymail.jsonl": asked(
        *([1], [], "The town opened its new library. Hundreds came."),
        "New library opened .\nHundreds came .",
    ),
    "samsum.jsonl": asked([1], [], "Mia: are you coming?\r\nTom: at six", "Tom will come at six."),
    # Classes
    "sst2.tsv": Expected("classification", [2, 3, 4], [], "a warm and funny film ", "1"),
    "sst2.csv": Expected("classification", [2, 3], [(4, '"label" is empty')], "slow, but kind", "1"),
    "imdb.csv": Expected(
        *("classification", [2, 3], []),
        *('I laughed.<br /><br />Then I cried, and "sang".', "positive"),
    ),
    "emotion.jsonl": Expected("classification", [1, 2], [], "i feel light today", "joy"),
    # Plain text
    "oasst_guanaco.jsonl": Expected(
        *("text", [1, 2], [], ""),
        "### Human: What is a fjord?### Assistant: A long, narrow inlet between cliffs.",
    ),
    "wikisql.jsonl": Expected(
        *("text", [1, 2], [], ""),
        "table: 1-100-1\ncolumns: Boat, Crew, Year\nQ: Which boat has a crew of 5?\n"
        "A: SELECT Boat FROM 1-100-1 WHERE Crew = 5",
    ),
    "handbook.md": Expected("text", [1, 5], [], "", "# Boats\n\nKeep them dry."),
    # Bug reports
    "keyerror_text.jsonl": Expected(
        "text", [1, 3], [(2, 'only unknown fields ("txt")')], "", "The first row is fine."
    ),
    "dropped_invalid.jsonl": chat(
        [1, 2],
        [
            (2, "ends with a turn that is never answered"),
            (3, "no turn by the assistant"),
            (4, 'turn 1 is by "narrator"'),
        ],
        *("One?", "Two."),
    ),
    "excel_utf16.csv": asked([2, 3], [], "Was ist Schnee?", "Gefrorenes Wasser"),
    "notepad_utf16_no_mark.jsonl": asked([1, 2], [], "Où est le chat ?", "Sur le toit."),
    "latin1.jsonl": asked([1, 2], [(0, "read as Windows-1252")], "¿Qué hora es?", "Las dos."),
    "broken_lines.jsonl": asked(
        [1, 10],
        [
            (3, "not JSON"),
            (4, "not JSON: expecting property name enclosed in double quotes at character 2"),
            (5, "something follows the object at character 39"),
            (6, '"prompt" appears twice'),
            (7, "holds a NUL byte"),
            (8, '"completion" is a number (nan), not text'),
            (9, "something follows the object at character 40"),
        ],
        *("One?", "1"),
    ),
    "ragged.csv": asked(
        [2, 3, 7],
        [
            (4, "4 cells where the header has 3"),
            (5, '"prompt" is empty'),
        ],
        *("Is tin soft?", "Yes"),
    ),
    "wrapped.json": asked([4], [(8, '"answer" is null')], "Is coal a rock?", "Yes."),
    "cut_off.json": asked([2, 3], [(4, "nothing after it could be read")], "Left?", "Right."),
    "compressed.jsonl.gz": asked([1, 2], [], "Zipped?", "Yes."),
}


def outcome(reading: Reading) -> Expected:
    first = reading.records[0]
    lines = [record.line for record in reading.records]
    problems = [(problem.line, problem.reason) for problem in reading.problems]
    return Expected(reading.format, lines, problems, first.prompt, first.answer)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_from_the_wild_is_read_as_expected(name: str) -> None:
    found, expected = outcome(read(WILD / name)), EXPECTED[name]
    assert found._replace(problems=[]) == expected._replace(problems=[])
    assert [line for line, _ in found.problems] == [line for line, _ in expected.problems]
    for (_, reason), (_, words) in zip(found.problems, expected.problems, strict=True):
        assert words in reason


CODES = {
    "alpaca.json": ["row.empty"],
    "oasst_trees.jsonl": ["row.no_answer"],
    "sharegpt.json": ["row.no_turns"],
    "ultrachat.jsonl": ["row.no_answer"],
    "openai_chat.jsonl": ["row.no_answer", "row.null"],
    "ultrafeedback.jsonl": ["row.sides_equal"],
    "hh_rlhf.jsonl": ["row.sides_differ"],
    "squad.jsonl": ["row.empty"],
    "gsm8k.jsonl": ["row.not_text"],
    "kto.jsonl": ["row.unwanted"],
    "xsum.jsonl": ["row.empty"],
    "sst2.csv": ["row.empty"],
    "keyerror_text.jsonl": ["row.unknown_fields_for"],
    "dropped_invalid.jsonl": ["row.unanswered", "row.no_answer", "row.unknown_role"],
    "latin1.jsonl": ["file.encoding"],
    "broken_lines.jsonl": [
        "row.not_json_at",
        "row.not_json_at",
        "row.trailing",
        "row.repeated_name",
        "row.nul",
        "row.not_text",
        "row.trailing",
    ],
    "ragged.csv": ["row.too_many_cells", "row.empty"],
    "wrapped.json": ["row.null"],
    "cut_off.json": ["row.last_not_json"],
}
"""By what each problem is told apart, in the order of the problems; files that have none are left out."""


@pytest.mark.parametrize("name", EXPECTED)
def test_problems_are_told_apart_by_codes(name: str) -> None:
    assert [problem.code for problem in read(WILD / name).problems] == CODES.get(name, [])


MAPPED = {
    "excel_semicolons.csv": (Mapping(prompt="Frage", answer="Antwort"), "Wie heißt der Fluss?", "Die Spree"),
    "unknown.csv": (Mapping(prompt="Aufgabe", answer="Lösungstext"), "Was ist 3 mal 3?", "Neun"),
}


@pytest.mark.parametrize("name", MAPPED)
def test_columns_with_names_of_their_own_are_asked_about_with_a_guess_that_reads_them(name: str) -> None:
    mapping, prompt, answer = MAPPED[name]
    with pytest.raises(UnknownColumns) as asked_about:
        read(WILD / name)
    assert asked_about.value.guess == mapping
    first = read(WILD / name, mapping).records[0]
    assert (first.prompt, first.answer) == (prompt, answer)


def test_every_file_has_its_expectation() -> None:
    assert {path.name for path in WILD.iterdir()} == {*EXPECTED, *MAPPED}


def test_what_a_conversation_says_of_weights_tools_and_system_is_kept() -> None:
    weighed = read(WILD / "openai_chat.jsonl").records[0]
    assert [m.trained for m in weighed.messages if m.role == "assistant"] == [False, True]
    called = read(WILD / "openai_tools.jsonl").records[0]
    assert called.messages[1].calls
    assert "weather" in called.tools
    assert read(WILD / "open_orca.jsonl").records[0].messages[0].content == "You are a helpful teacher."
