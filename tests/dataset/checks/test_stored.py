"""Every check finds in a file that is only indexed what it finds in the same file held in memory."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest

from studio.dataset import number_column
from studio.dataset.checks.check import Subject, golden_rows
from studio.dataset.checks.registry import CHECKS, check_all, previewing
from studio.dataset.number_column import NumberColumn, first_of_equal, sorted_places
from studio.dataset.read.load import read
from studio.dataset.record import Record
from studio.dataset.store.reader import Store
from studio.dataset.store.records import StoredRecords, subject_of, usable
from studio.dataset.store.scanner import scan
from studio.errors import DataError
from studio.events import finished
from studio.paths import resource

WILD = sorted(
    path
    for path in (Path(__file__).parents[1] / "wild").iterdir()
    if path.suffix in (".jsonl", ".csv", ".tsv", ".gz")
)
STARTER = [resource(f"starter/{name}") for name in ("messy.jsonl", "chat.jsonl", "sentiment.csv")]


def stored(path: Path, folder: Path) -> Store | None:
    """The file by its index; None for one whose rows cannot be found by their bytes."""
    try:
        list(scan(path, folder))
    except DataError:
        return None
    return Store(path, folder)


def both(path: Path, folder: Path, golden: Sequence[Record] = ()) -> tuple[Subject, Subject]:
    """The file as it is in memory, and by its index."""
    store = stored(path, folder)
    if store is None:
        pytest.skip("cannot be read page by page")
    whole = read(path)
    held = Subject(whole.records, problems=whole.problems, format=whole.format, golden=golden)
    return held, subject_of(store, whole.format, golden)


@pytest.mark.parametrize("path", [*WILD, *STARTER], ids=lambda path: path.name)
def test_every_check_says_the_same_of_a_file_in_memory_and_by_its_index(path: Path, tmp_path: Path) -> None:
    try:
        read(path)
    except DataError:
        pytest.skip("holds nothing to check")
    golden = golden_rows(read(resource("starter/golden.jsonl")).records)
    held, indexed = both(path, tmp_path / "index", golden)
    assert finished(check_all(indexed)) == finished(check_all(held))


def many(path: Path) -> Path:
    """3,000 rows of every fault: near and exact duplicates, contradictions, a test's questions, strays."""
    chance = random.Random(3)
    words = [word for word in resource("starter/general.txt").read_text().lower().split() if word.isalpha()]
    rows = []
    for number in range(2_800):
        asked, answer = (chance.choices(words, k=size) for size in (12, 30))
        if number % 7 == 3:
            asked, answer = rows[chance.randrange(len(rows))]
            answer = [*answer[:9], "changed", *answer[10:]] if number % 2 else answer
        if number % 50 == 9:
            answer = [f"write to person{number}@mail.org", "<|im_end|>"]
        if number % 90 == 4:
            answer = (
                ["n/a"] if number % 4 else ["Der alte Leuchtturm auf der Klippe wurde von Fischern gebaut."]
            )
        rows.append((asked, answer))
    rows += [
        (["What is the capital of France?"], [place]) for place in ("Paris.", "It is Paris", "Lyon")
    ] * 60
    lines = [
        {"instruction": " ".join(a), "output": " ".join(b), "doc_id": n // 3} for n, (a, b) in enumerate(rows)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def spilled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns go to disk, and are sorted in stretches, from a few rows on."""
    monkeypatch.setattr(number_column, "_SORTED", 100)
    monkeypatch.setattr(NumberColumn.__init__, "__defaults__", (64,))


@pytest.mark.long
@pytest.mark.usefixtures("spilled")
def test_checks_of_many_rows_on_disk_say_the_same(tmp_path: Path) -> None:
    path = many(tmp_path / "many.jsonl")
    golden = golden_rows(read(path).records[100:140:4])
    held, indexed = both(path, tmp_path / "index", golden)
    findings = finished(check_all(indexed))
    assert findings == finished(check_all(held))
    counts = {finding.check: finding.count for finding in findings}
    for check in ("near duplicates", "leakage", "duplicates", "contradictions", "personal data", "empty"):
        assert counts[check] > 5, check


@pytest.mark.long
def test_a_check_alone_finds_what_it_finds_among_all(tmp_path: Path) -> None:
    _, indexed = both(many(tmp_path / "many.jsonl"), tmp_path / "index")
    together = finished(check_all(indexed))
    for finding in together:
        alone = finished(CHECKS[finding.check].find(indexed))
        assert (len(alone.lines), alone.evidence) == (finding.count, finding.evidence)


def test_a_preview_reads_only_the_rows_it_shows(tmp_path: Path) -> None:
    held, indexed = both(resource("starter/messy.jsonl"), tmp_path / "index")
    for check in CHECKS:
        assert finished(previewing(indexed, check)) == finished(previewing(held, check))


def test_records_by_their_index_are_a_sequence(tmp_path: Path) -> None:
    path = resource("starter/messy.jsonl")
    store = stored(path, tmp_path / "index")
    assert store is not None
    records = StoredRecords(store, "instruction", usable(store))
    whole = read(path).records
    assert tuple(records) == tuple(records[:]) == whole
    assert (records[3], records[5:7][1]) == (whole[3], whole[6])
    assert list(records.at([7, 2, 7])) == [whole[7], whole[2], whole[7]]
    assert records.lines.tolist() == [record.line for record in whole]


def test_columns_hold_the_same_in_memory_and_on_disk() -> None:
    numbers = [hash(str(place % 50)) for place in range(1000)]
    in_memory, on_disk = NumberColumn("q"), NumberColumn("q", held=64)
    for number in numbers:
        in_memory.append(number)
        on_disk.append(number)
    assert len(on_disk) == len(in_memory) == 1000
    assert in_memory.numbers().tolist() == on_disk.numbers().tolist() == numbers
    assert first_of_equal(on_disk.numbers()).tolist() == [place % 50 for place in range(1000)]


@pytest.mark.usefixtures("spilled")
def test_sorted_places_bring_equal_keys_together() -> None:
    column = NumberColumn("q")
    column.extend(hash(str(place % 50)) for place in range(1000))
    keys = column.numbers()
    stretches = [keys[places].tolist() for places in sorted_places(keys)]
    assert len(stretches) == 16
    assert sorted(chain(*stretches)) == sorted(keys.tolist())
    assert all(stretch == sorted(stretch) for stretch in stretches)
    assert len(set().union(*map(set, stretches))) == sum(len(set(stretch)) for stretch in stretches)
