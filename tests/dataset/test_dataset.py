"""What the pane shows of a dataset is what the loop trains on."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from itertools import pairwise
from pathlib import Path
from typing import Any

from studio.catalogue import phrase
from studio.dataset.dataset import Dataset
from studio.dataset.render.render import Renderer, Rendering
from studio.errors import DataError
from studio.events import DatasetRead, Progress, from_json, to_json
from studio.recipe.recipe import Data
from tests.conftest import refused

Write = Callable[..., Path]
SHORT = Rendering(max_length=200)
CUT = Rendering(max_length=200, too_long="cut_end")


def rows(count: int) -> list[dict[str, str]]:
    return [{"prompt": f"Question {i}?", "completion": f"Answer {i}."} for i in range(count)]


def finish(steps: Generator[Progress, None, Dataset]) -> tuple[list[Progress], Dataset]:
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


def loaded(path: Path, tokenizer: Any, rendering: Rendering = SHORT) -> tuple[DatasetRead, Dataset]:
    dataset = Dataset.load(path, Renderer(tokenizer, rendering), Data(), 0)
    return dataset.read_event("m"), dataset


def test_loading_reports_early_and_often_and_ends_in_one_dataset(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", rows(1000))
    events, dataset = finish(Dataset.loading(path, Renderer(chatml, SHORT), Data(), 0))
    assert events[0] == Progress("rows read", 0)
    done = [event.done for event in events if isinstance(event, Progress) and event.what == "rows read"]
    assert max(after - before for before, after in pairwise(done)) <= 200
    read = dataset.read_event("m")
    assert [row.line for row in read.rows] == list(range(1, 1001))
    assert {
        part: sum(row.split == part for row in read.rows) for part in ("train", "validation", "test")
    } == {
        "train": 800,
        "validation": 100,
        "test": 100,
    }
    assert from_json(to_json(read)) == read


def test_rows_tell_tokens_trained_tokens_and_what_is_cut(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", [*rows(5), {"prompt": "Hi", "completion": "yes " * 200}])
    read, dataset = loaded(path, chatml, CUT)
    long = read.rows[-1]
    assert (long.tokens, long.cut > 0) == (200, True)
    assert long.answer == "yes " * 200
    assert (dataset.cut, dataset.dropped, dataset.skipped) == (1, 0, 0)
    assert long.warning == "longer than 200 tokens: the end is cut"
    assert all(0 < row.trained < row.tokens for row in read.rows)
    assert (read.format, read.template, read.model) == ("prompt/completion", "the model's chat template", "m")


def test_problems_are_sorted_and_warnings_stand_beside_their_rows(write: Write, chatml: Any) -> None:
    data = [*rows(3), {"prompt": "x"}, rows(1)[0], {"prompt": "y" * 900, "completion": "z"}, *rows(4)[3:]]
    data.append({"prompt": "html", "completion": "a <|im_end|> b"})
    read, dataset = loaded(write("d.jsonl", data), chatml, CUT)
    assert [(p.line, p.severity) for p in read.problems] == [
        (4, "error"),
        (5, "warning"),
        (6, "error"),
        (8, "warning"),
    ]
    assert "the prompt alone fills the maximum length of 200 tokens" in read.problems[2].reason
    assert {row.line: row.warning for row in read.rows if row.warning} == {
        5: "exact duplicate of line 1",
        8: "contains <|im_end|>, which this model reads as a control token, not as text",
    }
    assert dataset.skipped == 2


def test_an_example_its_template_refuses_is_a_problem_of_its_line(
    write: Write, tokenizers_by_name: dict[str, Any]
) -> None:
    good = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
    bad = {"messages": [{"role": "system", "content": "S"}, *good["messages"]]}
    read, _ = loaded(write("d.jsonl", [good, bad]), tokenizers_by_name["mistral"])
    assert [(p.line, p.reason) for p in read.problems] == [
        (2, "the model's chat template refuses it: System role not supported")
    ]


def test_what_is_coloured_is_what_is_trained(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", [*rows(8), {"prompt": "Hi", "completion": "😀 " * 200}])
    rendering = Rendering(max_length=64, too_long="cut_end")
    dataset = Dataset.load(path, Renderer(chatml, rendering), Data(), seed=0)
    for example in (*dataset.train, *dataset.validation, *dataset.test):
        pieces, tokens = dataset.rendered(example.record.line).pieces, example.tokens
        kept = [piece for piece in pieces if not piece.cut]
        assert tuple(piece.id for piece in kept) == tokens.ids
        assert tuple(piece.trained for piece in kept) == tokens.trained
        assert len(pieces) - len(kept) == tokens.cut


def test_the_loop_gets_the_split_that_the_pane_showed(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", rows(40))
    read, _ = loaded(path, chatml)
    dataset = Dataset.load(path, Renderer(chatml, SHORT), Data(), seed=0)
    shown = {
        part: [row.line for row in read.rows if row.split == part] for part in ("train", "validation", "test")
    }
    assert shown == {
        "train": [example.record.line for example in dataset.train],
        "validation": [example.record.line for example in dataset.validation],
        "test": [example.record.line for example in dataset.test],
    }
    assert dataset.fingerprint == read.fingerprint


def test_a_line_without_an_example_is_answered_in_words(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", rows(4))
    with refused("dataset.no_example", DataError, line=9, name="d.jsonl"):
        loaded(path, chatml)[1].rendered(9)


def test_a_dataset_of_which_nothing_can_be_trained_is_refused(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", [{"prompt": "y" * 900, "completion": "z"}])
    first = {"place": phrase("line", line=1), "reason": "row.prompt_too_long", "remedy": "dataset.longer"}
    with refused("dataset.unusable", DataError, rows=1, name="d.jsonl", **first):
        loaded(path, chatml, CUT)


def test_instruction_rows_of_a_minified_json_file_can_be_told_apart(write: Write, base: Any) -> None:
    data = [{"instruction": f"Do {i}", "input": "", "output": f"Done {i}"} for i in range(5)]
    read, dataset = loaded(write("d.json", json.dumps(data)), base)
    assert [row.answer for row in read.rows] == [f"Done {i}" for i in range(5)]
    assert "Do 3" in "".join(piece.text for piece in dataset.rendered(4).pieces)


def test_where_nothing_can_train_the_first_row_is_named_in_its_file(
    write: Write, chatml: Any, tmp_path: Path
) -> None:
    long = {"prompt": "Say a word often", "completion": "word " * 500}
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(json.dumps(long) + "\n", encoding="utf-8")
    with refused("dataset.unusable", DataError, rows=2, place=phrase("line.of", line=1, file="a.jsonl")):
        loaded(tmp_path, chatml)
