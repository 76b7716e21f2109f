"""Checks of the dataset as a whole, all checks together, and the events that tell of them."""

from __future__ import annotations

import pytest

from studio.dataset.checks.check import Subject, golden_rows
from studio.dataset.checks.registry import CHECKS, check_all
from studio.dataset.read.load import read
from studio.dataset.record import Record
from studio.errors import DataError
from studio.events import Checked, Evidence, Progress, finished, from_json, to_json
from studio.paths import resource
from tests.conftest import refused
from tests.dataset.checks.conftest import answers, fixed, found, preview, rows

ENGLISH = "The old lighthouse on the cliff was built by fishermen more than a century ago."
GERMAN = "Der alte Leuchtturm auf der Klippe wurde vor über hundert Jahren von Fischern gebaut."
FRENCH = "Le vieux phare sur la falaise a été construit par des pêcheurs il y a plus d'un siècle."
CODE = "def build(tower):\n    return [stone.lay(level) for level in tower.levels for stone in level.stones]"


def test_a_few_rows_in_another_language_are_flagged():
    records = rows(*[("Tell me about it, please.", ENGLISH)] * 60, ("Was weißt du darüber?", GERMAN))
    result = found("language", records)
    assert result.lines == (61,)
    assert result.evidence[0].quote.startswith("de")
    assert "en 98%" in result.summary


def test_a_stray_is_found_among_many_rows_told_by_their_frequent_words():
    many = [(f"Tell me about house {place}, please.", ENGLISH) for place in range(1500)]
    assert found("language", rows(*many, ("Was weißt du darüber?", GERMAN), *many[:5])).lines == (1501,)


def test_translations_second_languages_code_and_short_rows_are_not():
    many = [("Tell me about it, please.", ENGLISH)] * 60
    order = ("Please translate the following sentence about a lighthouse into French.", FRENCH)
    assert found("language", rows(*many, order)).lines == ()
    assert found("language", rows(*many, *[("Was weißt du?", GERMAN)] * 6)).lines == ()
    assert found("language", rows(*many, ("Write a loop.", CODE), ("Wie heißt du?", "Anna"))).lines == ()


def test_a_row_far_longer_or_shorter_than_the_rest_is_flagged():
    usual = [ENGLISH[: 60 + place % 20] for place in range(40)]
    assert found("lengths", answers(*usual, ENGLISH * 40)).lines == (41,)
    assert found("lengths", answers(*usual)).lines == ()
    assert found("lengths", answers(*usual[:10], ENGLISH * 40)).lines == ()  # too few to say what is usual
    assert found("lengths", answers(*usual), tokens={7: 9000} | dict.fromkeys(range(8, 41), 20)).lines == (7,)


def test_rows_of_many_lengths_are_all_usual():
    assert found("lengths", answers(*("word " * (1 + place * place // 3) for place in range(80)))).lines == ()


def test_rare_labels_and_a_single_label_are_told():
    labelled = [("Text", "good")] * 50 + [("Text", "bad")] * 30 + [("Text", "unclear")] * 2
    result = found("labels", rows(*labelled), format="classification")
    assert result.lines == (81, 82)
    assert "unclear (2)" in result.summary
    assert found("labels", rows(*labelled[:80]), format="classification").lines == ()
    assert found("labels", rows(*labelled)).lines == ()  # not a classification
    assert found("labels", rows(*labelled[:9]), format="classification").severity == "bad"


@pytest.mark.parametrize(("count", "severity"), [(49, "bad"), (50, "look"), (199, "look"), (200, "")])
def test_few_rows_are_told_by_how_few_they_are(count, severity):
    assert found("few rows", answers(*["Yes."] * count)).severity == severity


@pytest.mark.parametrize(
    "name", ["instructions.jsonl", "chat.jsonl", "preferences.jsonl", "sentiment.csv", "general.txt"]
)
def test_the_samples_raise_no_false_alarm(name):
    reading = read(resource(f"starter/{name}"))
    golden = golden_rows(read(resource("starter/golden.jsonl")).records)
    subject = Subject(reading.records, problems=reading.problems, format=reading.format, golden=golden)
    loud = [finding for finding in finished(check_all(subject)) if finding.severity != "good"]
    assert [finding.check for finding in loud if finding.lines] == []


def test_all_checks_of_a_messy_file_survive_the_way_to_the_window():
    reading = read(resource("starter/messy.jsonl"))
    subject = Subject(reading.records, problems=reading.problems, format=reading.format)
    findings = finished(check_all(subject))
    assert [finding.check for finding in findings] == list(CHECKS)
    by_name = {finding.check: finding for finding in findings}
    assert by_name["duplicates"].evidence == (Evidence(32, 1, "Tell me what 5 plus 5 is."),)
    assert by_name["echo"].lines == (38,)
    assert by_name["lengths"].lines == (35,)
    assert by_name["refusals"].severity == "good"
    event = Checked("a", "b", len(reading.records), findings)
    assert from_json(to_json(event)) == event


def test_checks_report_as_they_go_so_that_they_can_be_stopped():
    steps = check_all(Subject(answers(*(f"Number {place}." for place in range(3000)))))
    reported = [next(steps) for _ in range(5)]
    steps.close()
    assert all(isinstance(one, Progress) for one in reported)


def test_a_preview_shows_what_a_fix_will_do_and_mends_nothing():
    records = [*rows(("Who?", "jane@acme.org")), Record(2, text="Nothing.")]
    subject = Subject(records)
    ((line, before, after),) = preview(subject, "personal data")
    assert (line, before.answer, after.answer) == (1, "jane@acme.org", "[e-mail]")
    assert subject.records == records
    assert fixed(subject, "personal data") == (after, records[1])


def test_a_finding_without_a_fix_changes_nothing():
    subject = Subject(answers("Yes."))
    assert fixed(subject, "few rows") == tuple(subject.records)
    assert preview(subject, "few rows") == ()


def test_a_check_that_does_not_exist_is_named():
    with refused("check.unknown", DataError, name="spelling"):
        fixed(Subject(()), "spelling")
