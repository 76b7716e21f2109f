"""Each scorer says right to what is right and wrong to what is wrong, in any script and of any length."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.catalogue import Unusable
from studio.evaluate.scorers import patterns
from studio.evaluate.scorers.numbers import numbers_in
from studio.evaluate.scorers.registry import SCORERS, fitting, scorer_named
from studio.evaluate.scorers.sequences import chrf, common_subsequence, rouge_l, signatures
from studio.generate.calls import calls_of
from tests.conftest import refused


def graded(scorer: str, answer: str, value: Any, **options: Any) -> float:
    return scorer_named(scorer)[0].prepare(value, options)(answer)


WEATHER = '{"name": "weather", "arguments": {"city": "Oslo", "days": 3}}'
OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
NAMED = {"type": "object", "patternProperties": {"^n": {"type": "string", "pattern": "^[a-z]+$"}}}

RIGHT: list[tuple[str, str, Any]] = [
    ("exact", " Paris\r\n", "Paris"),
    ("exact", "a\r\nb", "a\nb"),
    ("exact", "cafe\u0301", "caf\u00e9"),
    ("normalized", "the paris!", "Paris"),
    ("normalized", "", ""),
    ("normalized", "colour", ["color", "colour"]),
    ("contains", "It is Paris, of course.", "paris"),
    ("contains", "It is 5.", "5"),
    ("contains", "x = 5, y = 3", 5),
    ("contains", "three to five: 3-5", "5"),
    ("contains", "法国的首都是巴黎。", "巴黎"),
    ("contains", "yes 👍🏽!", "👍"),
    ("contains", "It\u2019s  a\r\nlong day", "it's a long day"),
    ("contains", "C++ and Rust", "C++"),
    ("contains", "Straße", "strasse"),
    ("numeric", "So the total is 1,234.50 euros.", 1234.5),
    ("numeric", "Das macht 1.234,50 Euro", "1234.5"),
    ("numeric", "1\u202f234,5", 1234.5),
    ("numeric", "3 apples and 4 pears make 7.", "3 + 4 = 7"),
    ("numeric", "x = \u22125", -5),
    ("numeric", "5-3=2", 2),
    ("numeric", "about 6.02e23", 6.02e23),
    ("numeric", "\uff14\uff12", 42),
    ("numeric", "\u0664\u0662", 42),
    ("numeric", "12,34,567 rupees", 1234567),
    ("json", '{"a": [1, 2.5, null]}', "x"),
    ("json", '```json\r\n{"a": 1}\r\n```\n', "x"),
    ("json", '"text"', "x"),
    ("json", "1" * 5000, "x"),
    ("json_schema", '{"a": 1}', OBJECT),
    ("json_schema", '{"a": 1}', json.dumps(OBJECT)),
    ("json_schema", '{"name": "ann"}', NAMED),
    ("regex", "Order 66-A", r"\b\d+-[A-Z]$"),
    ("regex", "a\r\nb", r"^a\nb$"),
    ("regex", "yes", ["^no$", "^yes$"]),
    ("regex", "👩‍👩‍👧", r"^\X$"),
    ("tool_call", '{"arguments": {"days": 3.0, "city": "Oslo"}, "name": "weather"}', WEATHER),
    ("tool_call", f"<tool_call>\n{WEATHER}\n</tool_call>", WEATHER),
    ("tool_call", f"[TOOL_CALLS] [{WEATHER}]", WEATHER),
    ("tool_call", '{"name": "weather", "parameters": {"city": "Oslo", "days": 3}}', WEATHER),
    (
        "tool_call",
        "<function=weather>\n<parameter=city>\nOslo\n</parameter><parameter=days>3</parameter></function>",
        json.loads(WEATHER),
    ),
    (
        "tool_call",
        '[{"type": "function", "function": {"name": "weather", "arguments": '
        '"{\\"city\\": \\"Oslo\\", \\"days\\": 3}"}}]',
        [json.loads(WEATHER)],
    ),
]

WRONG: list[tuple[str, str, Any]] = [
    ("exact", "paris", "Paris"),
    ("exact", "", "Paris"),
    ("normalized", "Pariss", "Paris"),
    ("contains", "Parisian cafés", "paris"),
    ("contains", "15", "5"),
    ("contains", "5.3", "5"),
    ("contains", "it is -5 degrees", "5"),
    ("contains", "1,500", "500"),
    ("contains", "snake_case", "snake"),
    ("contains", "हिन्दी", "हिन"),
    ("contains", "", "a"),
    ("numeric", "The answer is 7, not 8.", 7),
    ("numeric", "", 7),
    ("numeric", "seven", 7),
    ("numeric", "x5", 5),
    ("numeric", "1e999", 5),
    ("json", "Sure! {}", "x"),
    ("json", "{'a': 1}", "x"),
    ("json", "", "x"),
    ("json", "NaN", "x"),
    ("json", '{"a":' * 100_000, "x"),
    ("json_schema", '{"a": "1"}', OBJECT),
    ("json_schema", '{"a": true}', OBJECT),
    ("json_schema", "none", OBJECT),
    ("json_schema", '{"name": "Ann"}', NAMED),
    ("json_schema", '{"name": 3}', NAMED),
    ("json_schema", "{}", False),
    ("json_schema", '"7"', {"pattern": r"^\p{L}+$"}),
    ("regex", "a\nb", r"^b$"),
    ("regex", "", r"."),
    ("tool_call", '{"name": "weather", "arguments": {"city": "Oslo", "days": "3"}}', WEATHER),
    ("tool_call", '{"name": "weather", "arguments": {"city": "Oslo", "days": true}}', WEATHER),
    ("tool_call", '{"name": "weather", "arguments": {"city": "Oslo"}}', WEATHER),
    ("tool_call", f"{WEATHER}\n{WEATHER}", WEATHER),
    ("tool_call", "The weather in Oslo is fine.", WEATHER),
    ("tool_call", "", WEATHER),
]


@pytest.mark.parametrize(("scorer", "answer", "value"), RIGHT)
def test_what_is_right_passes(scorer: str, answer: str, value: Any) -> None:
    assert graded(scorer, answer, value) == 1


@pytest.mark.parametrize(("scorer", "answer", "value"), WRONG)
def test_what_is_wrong_does_not_pass(scorer: str, answer: str, value: Any) -> None:
    assert graded(scorer, answer, value) == 0


def test_options_change_what_passes() -> None:
    assert graded("contains", "PARIS", "Paris", case=True) == 0
    assert graded("contains", "in Paris", "Paris", case=True) == 1
    assert [graded("numeric", "3.2", 3, tolerance=t) for t in (0.1, 0.25)] == [0, 1]
    assert [graded("numeric", "1040", 1000, relative=r) for r in (0.03, 0.05)] == [0, 1]
    assert [graded("numeric", "7 is less than 8", 7, which=w) for w in ("first", "last", "any")] == [1, 0, 1]
    swapped = '{"name": "b", "arguments": {}} {"name": "a", "arguments": {}}'
    wanted = [{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]
    assert [graded("tool_call", swapped, wanted, ordered=o) for o in (False, True)] == [1, 0]


def test_rouge_l_equals_the_published_script_on_60_pairs() -> None:
    """The values are those of rouge-score 0.1.2 without stemming; two texts without a word it calls 0."""
    pairs = json.loads((Path(__file__).parent / "rouge_l.json").read_text())
    assert len(pairs) == 60
    for answer, ideal, published in pairs:
        assert rouge_l(answer, ideal) == pytest.approx(published if answer or ideal else 1.0), (answer, ideal)


@given(st.text("abc", max_size=30), st.text("abc", max_size=30))
def test_the_common_subsequence_is_as_long_as_the_table_says(one: str, other: str) -> None:
    row = [0] * (len(other) + 1)
    for letter in one:
        before = row
        row = [0]
        for place, opposite in enumerate(other):
            row.append(before[place] + 1 if letter == opposite else max(row[-1], before[place + 1]))
    assert common_subsequence([*one], [*other]) == row[-1]


def test_scores_of_degree_say_how_near_an_answer_is_in_any_script() -> None:
    for scorer in ("f1", "rouge_l", "chrf", "bleu", "similarity"):
        for ideal, near in (
            ("the cat sat on the mat today", "the cat sat on the mat"),
            ("法国的首都是巴黎。", "法国首都是巴黎。"),
            ("เมืองหลวงคือปารีส", "เมืองหลวงคือปารี"),
            ("Столица Франции — Париж.", "Столица Франции Париж, да."),
        ):
            grades = [graded(scorer, answer, ideal) for answer in (ideal, near, "zzz", "")]
            assert grades[0] == pytest.approx(1), (scorer, ideal)
            assert grades[0] > grades[1] > 0.15 > grades[2], (scorer, ideal, grades)
            assert grades[3] == 0, (scorer, ideal)
    assert chrf("", "") == rouge_l("👍", "👍") == 1
    assert rouge_l("👍", "👎") == 0


def test_chrf_and_bleu_come_with_the_signature_that_is_printed_beside_them() -> None:
    assert signatures()["chrf"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")
    assert "tok:13a|smooth:exp" in signatures()["bleu"]


BAD: list[tuple[str, Any, dict[str, Any], str]] = [
    ("contains", "", {}, "scorer.empty_text"),
    ("contains", {"a": 1}, {}, "scorer.no_text"),
    ("contains", [], {}, "scorer.no_text"),
    ("contains", "a", {"case": "yes"}, "scorer.no_truth"),
    ("numeric", "seven", {}, "scorer.no_number"),
    ("numeric", 7, {"tolerance": -1}, "scorer.no_amount"),
    ("numeric", 7, {"relative": True}, "scorer.no_amount"),
    ("numeric", 7, {"which": "middle"}, "scorer.no_choice"),
    ("bleu", "a", {"tokenize": "mine"}, "scorer.no_choice"),
    ("json_schema", "{", {}, "scorer.no_schema"),
    ("json_schema", {"type": "integr"}, {}, "scorer.no_schema"),
    ("json_schema", 5, {}, "scorer.schema_kind"),
    ("json_schema", {"pattern": "("}, {}, "scorer.no_pattern"),
    ("regex", "(", {}, "scorer.no_pattern"),
    ("regex", 5, {}, "scorer.no_text"),
    ("regex", "", {}, "scorer.pattern_length"),
    ("tool_call", "Oslo", {}, "scorer.no_calls"),
    ("tool_call", [{"arguments": {}}], {}, "scorer.no_call"),
]


@pytest.mark.parametrize(("scorer", "value", "options", "code"), BAD)
def test_what_a_scorer_cannot_be_given_is_said_before_anything_is_scored(
    scorer: str, value: Any, options: dict[str, Any], code: str
) -> None:
    with refused(code):
        scorer_named(scorer)[0].prepare(value, options)


@pytest.mark.parametrize("scorer", ["regex", "json_schema"])
def test_a_pattern_that_would_look_for_years_is_stopped(scorer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.1)
    hopeless = "^(a|aa)+$"
    wanted = hopeless if scorer == "regex" else {"pattern": hopeless}
    answer = "a" * 60 + "b"
    with refused("scorer.slow_pattern"):
        graded(scorer, answer if scorer == "regex" else json.dumps(answer), wanted)


def test_a_schema_fetches_nothing_and_does_not_turn_in_circles() -> None:
    with refused("scorer.schema_elsewhere", reference="https://example.com/s.json"):
        graded("json_schema", "{}", {"$ref": "https://example.com/s.json"})
    with refused("scorer.endless_schema"):
        graded("json_schema", "{}", {"$ref": "#"})


@pytest.mark.parametrize("answer", ['{"a":', "[{", '{"', "<function=a>", "a ", "1,", "9", "\U0001f600", "語"])
def test_a_very_long_answer_takes_no_scorer_long(answer: str) -> None:
    """Those whose time grows with the square of the length would take minutes, and fail by the timeout."""
    long = answer * (100_000 // len(answer))
    values = {"regex": "x+y$", "json_schema": OBJECT, "tool_call": WEATHER, "numeric": 5}
    for scorer in SCORERS:
        assert 0 <= graded(scorer.key, long, values.get(scorer.key, "two words 5")) <= 1


_ANY = st.one_of(
    st.text(max_size=60),
    st.text(alphabet='{}[]":,0123456789.-+e \n\r\t<>/=`function', max_size=80),
    st.text(alphabet="一二。かなกา😀👍🏽 \u200d\ufe0fa", max_size=40),
)


@pytest.mark.long
@settings(max_examples=150)
@given(_ANY, _ANY)
def test_any_answer_has_a_grade_by_any_scorer_and_the_ideal_one_the_best(answer: str, ideal: str) -> None:
    for scorer in SCORERS:
        with contextlib.suppress(Unusable):  # what this scorer cannot be given
            assert 0 <= scorer.prepare(ideal, {})(answer) <= 1, scorer.key
    for scorer in fitting(ideal) if ideal.strip() else ():
        if scorer.key not in ("chrf", "bleu"):  # which find nothing to count in a text of one sign
            assert scorer.prepare(ideal, {})(ideal) == 1, scorer.key


def test_numbers_are_read_as_they_are_written() -> None:
    assert numbers_in("From 1,234 to 5.678.901, at 3,5 % or .5; not v2 but 2, 3-4 and 1'000.") == [
        *(1234, 5678901, 3.5, 0.5, 2, 3, 4, 1000),
    ]


def test_a_scorer_is_found_by_its_own_name_and_by_those_others_use() -> None:
    assert [scorer_named(name)[0].key for name in ("rouge-l", "equals", "is-json", "exact_match")] == [
        *("rouge_l", "exact", "json", "normalized"),
    ]
    assert scorer_named("not-contains")[1]
    with refused("scorer.near_name", near="contains"):
        scorer_named("contain")
    with refused("scorer.no_name", name="magic"):
        scorer_named("magic")


def test_only_scorers_that_say_something_are_tried_where_no_check_is_named() -> None:
    keys = {
        ideal: {each.key for each in fitting(ideal)} for ideal in ("Paris.", "42 km", '{"a": 1}', WEATHER)
    }
    assert keys["Paris."] == {
        "normalized",
        "f1",
        "exact",
        "contains",
        "rouge_l",
        "chrf",
        "bleu",
        "similarity",
    }
    assert keys["42 km"] - keys["Paris."] == {"numeric"}
    assert keys['{"a": 1}'] - keys["Paris."] >= {"json"}
    assert keys[WEATHER] - keys["Paris."] >= {"json", "tool_call"}
    assert calls_of("No call here: {x}.") == ()


def test_every_scorer_says_what_it_is() -> None:
    assert len({scorer.key for scorer in SCORERS}) == len(SCORERS)
    for scorer in SCORERS:
        assert scorer.help.endswith(".")
        assert scorer.unit in ("share", "score")
        assert 0 < scorer.passes <= 1
