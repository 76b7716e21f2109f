"""`studio data …`: a dataset is shaped, saved, trained on and taken elsewhere without a window."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run
from studio.data.digest import digest
from studio.data.history.overlay import OverlayFile
from studio.data.history.steps import Delete, Edit
from studio.data.read import read
from tests.conftest import write_rows

type Command = Callable[..., Any]


@pytest.fixture
def studio(capsys: pytest.CaptureFixture[str]) -> Command:
    def document(*arguments: object) -> Any:
        code = run([*map(str, arguments), "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return document


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def words(*arguments: object) -> str:
        assert run([*map(str, arguments)]) == 2
        return " ".join(capsys.readouterr().err.split())

    return words


def test_a_dataset_without_a_command_is_shown(studio: Command, toy_data: Path) -> None:
    assert studio("data", toy_data) == studio("data", "show", toy_data)
    assert studio("data", toy_data)["examples"] == 60


def test_steps_are_listed_with_their_fields(studio: Command, capsys: pytest.CaptureFixture[str]) -> None:
    listed = studio("data", "steps")
    assert listed["filter"]["title"] == "Filter rows"
    assert "min_characters" in listed["filter"]["properties"]
    assert run(["data", "steps"]) == 0
    shown = capsys.readouterr().out
    assert all(kind in shown for kind in listed)
    assert "how=  first | random (else first)" in shown


def test_a_dataset_is_shaped_saved_and_trained_on(
    studio: Command, toy_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "kept"
    steps = ["cap rows=50 how=random", "split seed=3", '{"kind": "reserve_golden", "count": 4}']
    saved = studio("data", "save", toy_data, out, *(part for step in steps for part in ("--step", step)))
    assert [saved[part] for part in ("train", "validation", "test", "golden")] == [36, 5, 5, 4]
    assert studio("data", out)["splits"] == {"train": 36, "validation": 5, "test": 5, "golden": 4}
    assert saved["history"][0] == "Keep at most 50 rows, at random (seed 0): 60 → 50 rows"
    assert studio("data", out)["fingerprint"] == saved["fingerprint"]
    fast = ["--set", "epochs=1", "--set", "rank=2", "--set", "batch_size=16"]
    trained = studio("train", out, "--model", tiny_model, *fast)
    manifest = json.loads((Path(trained["folder"]) / "run.json").read_text())
    assert manifest["fingerprint"] == saved["fingerprint"]


def test_a_history_is_done_again_to_new_rows(studio: Command, toy_data: Path, tmp_path: Path) -> None:
    first = studio("data", "save", toy_data, tmp_path / "one", "--step", "cap rows=40", "--step", "split")
    again = studio("data", "save", toy_data, tmp_path / "two", "--like", tmp_path / "one")
    assert again["fingerprint"] == first["fingerprint"]
    more = write_rows(tmp_path / "more.jsonl", 90)
    other = studio("data", "save", more, tmp_path / "three", "--like", tmp_path / "one", "--step", "shuffle")
    assert [line.split(": ")[0] for line in other["history"]] == [
        "Keep at most 40 rows, the first",
        "Split 80 / 10 / 10 (seed 0, labels balanced)",
        "Shuffle (seed 0)",
    ]


def test_changes_by_hand_are_saved_with_the_dataset_and_the_source_is_not_touched(
    studio: Command, toy_data: Path, tmp_path: Path
) -> None:
    before, source = toy_data.read_bytes(), read(toy_data)
    overlay = OverlayFile.of(tmp_path / "home" / "overlays", source.fingerprint)
    overlay.append(Edit(line=1, digest=digest(source.records[0]), field="answer", value="Edited."))
    overlay.append(Delete(line=2, digest=digest(source.records[1])))
    saved = studio("data", "save", toy_data, tmp_path / "kept", "--edits", "--home", tmp_path / "home")
    assert saved["undivided"] == 59
    assert read(tmp_path / "kept").records[0].answer == "Edited."
    assert studio("data", "save", toy_data, tmp_path / "plain")["undivided"] == 60
    assert toy_data.read_bytes() == before


def test_tokens_are_counted_by_the_model_and_columns_read_from_the_source(
    studio: Command, tiny_model: Path, tmp_path: Path
) -> None:
    data = tmp_path / "folds.csv"
    rows = [f"Say {'word ' * n},Done {n},{'dev' if n % 3 == 0 else 'train'}" for n in range(1, 13)]
    data.write_text("\n".join(["instruction,output,fold", *rows]))
    by_column = "split by=column column=fold test_share=0"
    saved = studio("data", "save", data, tmp_path / "kept", "--step", by_column)
    assert (saved["train"], saved["validation"], saved["test"]) == (8, 4, 0)
    lengths = "filter max_tokens=80"
    short = studio("data", "save", data, tmp_path / "short", "--step", lengths, "--model", tiny_model)
    assert 0 < short["undivided"] < 12


def test_leakage_is_fixed_in_the_parts_that_a_run_would_have(studio: Command, tmp_path: Path) -> None:
    asked = "Why are the tides of the Bay of Fundy higher than those of any other bay in the world"
    rows = [{"instruction": f"Name the number {n} in words", "output": f"It is {n}."} for n in range(40)]
    rows += [{"instruction": f"{asked}{mark}", "output": "Because of its shape."} for mark in "?!.;"]
    data = tmp_path / "leaky.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shares = ["--set", "validation_share=0.4"]
    saved = studio("data", "save", data, tmp_path / "kept", "--step", "fix check=leakage", *shares)
    assert saved["history"][0].startswith("Split 50 / 40 / 10")
    assert saved["history"][1] == "Fix “Test questions in the training rows”: 44 → 42 rows"
    found = read(tmp_path / "kept")
    homes = {found.given[r.line] for r in found.records if r.prompt.startswith(asked)}
    assert "train" not in homes or homes == {"train"}


def test_an_export_reads_back_and_leaves_golden_rows_out(
    studio: Command, toy_data: Path, tmp_path: Path
) -> None:
    golden = ["--step", "reserve_golden count=5"]
    one = studio("data", "export", toy_data, tmp_path / "out.jsonl", *golden)
    assert (one["rows"], one["remarks"]) == (55, ["5 golden rows were left out, so that they never train."])
    assert studio("data", tmp_path / "out.jsonl")["examples"] == 55
    folder = studio("data", "export", toy_data, tmp_path / "mlx", *golden, "--step", "split")
    names = ("train", "valid", "test", "golden")
    assert sorted(folder["files"]) == sorted(str(tmp_path / "mlx" / f"{name}.jsonl") for name in names)
    assert studio("data", tmp_path / "mlx")["splits"] == {"train": 43, "validation": 6, "test": 6}


def test_what_cannot_be_done_is_a_sentence(
    refusal: Callable[..., str], toy_data: Path, tmp_path: Path
) -> None:
    save = ("data", "save", toy_data, tmp_path / "out", "--step")
    assert "“sort” is not a step. The steps are fix, filter" in refusal(*save, "sort")
    assert "cap cannot be done: rows" in refusal(*save, "cap rows=none")
    assert "cannot be read" in refusal(*save, '{"kind": ')
    assert "leaves none of the 60 rows" in refusal(*save, "filter contains=Zebra")
    assert "There is no file at nowhere.jsonl" in refusal(*save, "mix path=nowhere.jsonl")
    assert "is not a saved dataset" in refusal("data", "upload", tmp_path, "ann/set")
    assert not (tmp_path / "out").exists()
