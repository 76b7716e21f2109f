"""Rows of one conversation, document or passage stay on one side of a split, and the check sees where not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run
from studio.dataset.checks.check import Subject
from studio.dataset.checks.registry import CHECKS
from studio.dataset.groups import BY_QUESTION, grouped
from studio.dataset.read.load import read
from studio.dataset.read.saved import read_saved
from studio.dataset.record import Record
from studio.dataset.split import split
from studio.dataset.steps.steps import Split, step_from, steps_written
from studio.events import finished
from tests.conftest import finish

type Rows = list[tuple[str, dict[str, Any]]]
"""Rows, each with the name of what it belongs to."""

WORDS = [
    "harbour",
    "lantern",
    "meadow",
    "copper",
    "violet",
    "thunder",
    "orchard",
    "pebble",
    "saddle",
    "marble",
]


def sentence(number: int, length: int = 12) -> str:
    drawn = random.Random(number)
    return " ".join(drawn.choice(WORDS) for _ in range(length)) + f" {number}."


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def conversation(number: int, exchanges: int = 4) -> list[dict[str, str]]:
    return [
        turn(role, sentence(100 * number + 2 * place + (role == "assistant")))
        for place in range(exchanges)
        for role in ("user", "assistant")
    ]


def prefixes(count: int = 20, *, system: Callable[[int], str] = lambda place: "") -> Rows:
    """Conversations unwound turn by turn; the system's words may differ from row to row."""
    rows: Rows = []
    for number in range(count):
        turns = conversation(number)
        for place, end in enumerate(range(2, len(turns) + 1, 2)):
            said = [turn("system", system(place))] if system(place) else []
            rows.append((f"{number}", {"messages": [*said, *turns[:end]]}))
    return rows


def windows() -> Rows:
    """Conversations of which each row sees the last two exchanges only."""
    return [
        (f"{number}", {"messages": conversation(number)[start : start + 4]})
        for number in range(20)
        for start in (0, 2, 4)
    ]


def other_answers() -> Rows:
    """A question alone, and the conversation that it begins, where another answer was given."""
    rows: Rows = []
    for number in range(30):
        turns = conversation(number)
        rows.append((f"{number}", {"messages": [turns[0], turn("assistant", sentence(7000 + number))]}))
        rows.append((f"{number}", {"messages": turns}))
    return rows


def pairs() -> Rows:
    """Preference pairs on each turn of a conversation."""
    return [
        (name, {"chosen": row["messages"], "rejected": [*row["messages"][:-1], turn("assistant", "No.")]})
        for name, row in prefixes()
    ]


def chunks(column: str, value: Callable[[int, int], Any]) -> Callable[[], Rows]:
    def rows() -> Rows:
        return [
            (f"{number}", {column: value(number, part), "text": sentence(1000 * number + part, 30)})
            for number in range(12)
            for part in range(5)
        ]

    return rows


def of_a_passage(embedded: bool) -> Callable[[], Rows]:
    def rows() -> Rows:
        made: Rows = []
        for number in range(12):
            passage = sentence(number, 40)
            for part in range(4):
                question, answer = sentence(10_000 + 10 * number + part, 5), sentence(50_000 + number, 3)
                asked = {"question": question, "context": passage}
                if embedded:
                    asked = {"question": f"Read this:\n{passage}\n\n{question}"}
                made.append((f"{number}", {**asked, "answer": answer}))
        return made

    return rows


def about_short_passages() -> Rows:
    """Conversations about a passage that stands in a column beside them."""
    return [(name, {**row, "context": f"Town {name} lies by the sea."}) for name, row in prefixes()]


def one_large_document() -> Rows:
    """Chunks of which more than a third are of one document."""
    return [
        (f"{number}", {"title": f"Volume {number}", "text": sentence(1000 * number + part, 30)})
        for number in range(12)
        for part in range(30 if number == 5 else 4)
    ]


KINDS: dict[str, Callable[[], Rows]] = {
    "prefixes": prefixes,
    "prefixes with a system turn": lambda: prefixes(system=lambda place: "Be brief."),
    "prefixes with a system turn in some": lambda: prefixes(system=lambda place: "Be brief." * (place % 2)),
    "windows": windows,
    "another answer": other_answers,
    "pairs": pairs,
    "passage in a column": of_a_passage(embedded=False),
    "passage in the prompt": of_a_passage(embedded=True),
    "doc_id": chunks("doc_id", lambda number, part: number),
    "document_id": chunks("document_id", lambda number, part: f"d{number}"),
    "Conversation ID": chunks("Conversation ID", lambda number, part: f"c{number}"),
    "conversationId": chunks("conversationId", lambda number, part: f"c{number}"),
    "title": chunks("title", lambda number, part: f"The {WORDS[number % 10]} of {number}"),
    "source": chunks("source", lambda number, part: f"manual-{number}.pdf"),
    "url": chunks("url", lambda number, part: f"https://example.org/{number}"),
    "id": chunks("id", lambda number, part: f"doc{number}"),
    "id with a part": chunks("id", lambda number, part: f"Xy{chr(97 + number)}z_{part}"),
    "float": chunks("doc_id", lambda number, part: float(number)),
    "one large document": one_large_document,
    "short passages": about_short_passages,
    "meta": chunks("meta", lambda number, part: {"doc_id": number, "part": part}),
}


def written(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for _, row in rows), encoding="utf-8")
    return path


def divided(records: Sequence[Record], rows: Rows, seed: int) -> int:
    """How many of the things that rows belong to stand on more than one side."""
    parts = split(records, 0.1, 0.1, seed)
    sides: dict[str, set[str]] = {}
    for name in ("train", "validation", "test"):
        for record in getattr(parts, name):
            sides.setdefault(rows[record.line - 1][0], set()).add(name)
    assert all(abs(len(getattr(parts, name)) - 0.1 * len(records)) <= 5 for name in ("validation", "test"))
    return sum(len(found) > 1 for found in sides.values())


@pytest.mark.parametrize("kind", KINDS)
def test_what_belongs_together_stays_on_one_side(kind: str, tmp_path: Path) -> None:
    for seed in range(3):
        rows = random.Random(seed).sample(made := KINDS[kind](), len(made))
        records = read(written(tmp_path / f"{seed}.jsonl", rows)).records
        assert len(records) == len(rows)
        assert divided(records, rows, seed) == 0
        names = [{rows[record.line - 1][0] for record in group} for group in grouped(records)]
        assert all(len(found) == 1 for found in names)  # and nothing else is put together


def test_many_chunks_of_files_named_in_a_column_stay_together(tmp_path: Path) -> None:
    rows: Rows = [
        (f"{number}", {"source": f"manual {number}.pdf", "text": sentence(1000 * number + part, 30)})
        for number in range(10)
        for part in range(30)
    ]
    records = read(written(tmp_path / "rows.jsonl", rows)).records
    assert [len(group) for group in grouped(records)] == [30] * 10
    parts = split(records, 0.1, 0.1, 0)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (240, 30, 30)


def test_each_text_file_of_a_folder_is_a_document(tmp_path: Path) -> None:
    for number in range(12):
        parts = (sentence(1000 * number + part, 30) for part in range(5))
        (tmp_path / f"{number:02}.txt").write_text("\n\n".join(parts), encoding="utf-8")
    records = read(tmp_path).records
    assert [len(group) for group in grouped(records)] == [5] * 12


def test_a_saved_dataset_keeps_together_what_its_source_did(tmp_path: Path) -> None:
    rows = KINDS["title"]()
    source = written(tmp_path / "rows.jsonl", rows)
    assert run(["data", "save", str(source), str(tmp_path / "saved"), "--json"]) == 0
    _, parts = finish(read_saved(tmp_path / "saved"))
    assert parts[""] == read(source).records
    assert not any("Volume" in origin or "The" in origin for record in parts[""] for origin in record.origins)
    assert divided(parts[""], rows, 0) == 0


def test_the_check_names_the_rows_that_belong_to_a_row_of_the_test(tmp_path: Path) -> None:
    for kind in ("prefixes", "windows", "another answer", "passage in the prompt", "doc_id", "title"):
        rows = KINDS[kind]()
        records = read(written(tmp_path / "rows.jsonl", rows)).records
        tested = {len(records) - 1: "test"}
        name = rows[len(records) - 2][0]
        same = [line for line, (other, _) in enumerate(rows, 1) if other == name and line not in tested]
        parts = {record.line: tested.get(record.line, "train") for record in records}
        found = finished(CHECKS["leakage"].find(Subject(records, parts)))
        assert found.lines == tuple(same)


@pytest.mark.long
def test_a_split_by_the_command_line_leaks_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(tmp_path / "rows.jsonl", prefixes(40))
    saved = tmp_path / "saved"
    assert run(["data", "save", str(source), str(saved), "--step", "split seed=4"]) == 0
    assert "labels balanced" not in capsys.readouterr().out
    assert run(["data", str(saved), "--health", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["splits"] == {"train": 128, "validation": 16, "test": 16}
    assert next(f for f in shown["health"] if f["check"] == "leakage")["severity"] == "good"


def greetings() -> Rows:
    """Conversations that all begin alike."""
    hello = [turn("user", "Hi"), turn("assistant", "Hello! How can I help you today, my friend?")]
    return [(name, {"messages": [*hello, *row["messages"]]}) for name, row in prefixes()]


def instructions() -> Rows:
    """Prompts that all begin with the same long instruction."""
    order = sentence(1, 40)
    return [
        (f"{n}", {"prompt": f"{order}\n\n{sentence(n, 5)}", "completion": sentence(n + 500, 3)})
        for n in range(100)
    ]


def collections() -> Rows:
    """Rows of three collections, named in a column."""
    return [
        (f"{n}", {"source": f"set {n % 3}", "prompt": sentence(n), "completion": sentence(n + 500)})
        for n in range(90)
    ]


def numbered() -> Rows:
    """Rows whose ids are numbers after the name of a collection."""
    return [
        (f"{n}", {"id": f"{WORDS[n % 2]}_{n}", "prompt": sentence(n), "completion": sentence(n + 500)})
        for n in range(90)
    ]


@pytest.mark.parametrize("kind", [greetings, instructions, collections, numbered], ids=lambda f: f.__name__)
def test_what_very_many_rows_share_links_none(kind: Callable[[], Rows], tmp_path: Path) -> None:
    rows = kind()
    records = read(written(tmp_path / "rows.jsonl", rows)).records
    assert len(grouped(records)) == len({name for name, _ in rows})
    assert divided(records, rows, 0) == 0


def test_rows_that_have_nothing_in_common_are_divided_as_they_always_were(tmp_path: Path) -> None:
    rows: Rows = [("", {"prompt": sentence(n), "completion": sentence(n + 999)}) for n in range(200)]
    records = read(written(tmp_path / "rows.jsonl", rows)).records
    for seed in range(3):
        assert split(records, 0.1, 0.2, seed) == split(records, 0.1, 0.2, seed, grouping=BY_QUESTION)


def test_labels_are_balanced_only_where_there_are_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def saved(name: str, answer: Callable[[int], str]) -> tuple[str, dict[str, int]]:
        rows: Rows = [("", {"prompt": sentence(n), "completion": answer(n)}) for n in range(1944)]
        source = written(tmp_path / f"{name}.jsonl", rows)
        assert run(["data", "save", str(source), str(tmp_path / name), "--step", "split", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        return document["history"][0], {part: document[part] for part in ("train", "validation", "test")}

    texts, shares = saved("texts", lambda n: "Yes." if n % 9 == 0 else sentence(n // 2 + 9000, 4))
    assert (texts, shares["validation"], shares["test"]) == (
        *("Split 80 / 10 / 10 (seed 0): 1,944 → 1,944 rows", 194, 194),
    )
    labels, shares = saved("labels", lambda n: WORDS[n % 3])
    assert (labels, shares["validation"], shares["test"]) == (
        *("Split 80 / 10 / 10 (seed 0, labels balanced): 1,944 → 1,944 rows", 194, 194),
    )


def test_a_person_is_not_asked_how_rows_are_kept_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert "grouping" not in Split.asked()
    assert run(["data", "steps"]) == 0
    assert "grouping" not in capsys.readouterr().out


def test_a_history_of_an_earlier_release_keeps_its_own_way() -> None:
    old, new = {"kind": "split", "seed": 1}, Split(seed=1).model_dump(mode="json")
    assert [step.grouping for step in steps_written([old, new]) if isinstance(step, Split)] == [1, 2]
    assert step_from(old) == Split(seed=1)
