"""`studio data …`: a dataset is shaped, saved, trained on and taken elsewhere without a window."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run
from studio.dataset.identity import digest
from studio.dataset.read.load import read
from studio.dataset.save.parquet import write_parts
from studio.dataset.steps.journal import StepJournal
from studio.dataset.steps.steps import Delete, Edit
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train.dataset_cache import DatasetCache
from tests.conftest import finish, write_rows

PROJECT = Path(__file__).parents[2]

type StudioCommand = Callable[..., Any]


@pytest.fixture
def studio(capsys: pytest.CaptureFixture[str]) -> StudioCommand:
    def document(*arguments: object) -> Any:
        code = run([*map(str, arguments), "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return document


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def code(*arguments: object) -> str:
        """What a program is told of a refusal; a person is told the same in words."""
        assert run([*map(str, arguments), "--json"]) == 2
        told = capsys.readouterr()
        document = json.loads(told.out)
        assert " ".join(document["error"].split()) in " ".join(told.err.split())
        return str(document["code"])

    return code


def test_a_dataset_without_a_command_is_shown(studio: StudioCommand, toy_data: Path) -> None:
    assert studio("data", toy_data) == studio("data", "show", toy_data)
    assert studio("data", toy_data)["examples"] == 60


def test_one_row_is_shown_token_by_token(
    studio: StudioCommand, refusal: Callable[..., str], capsys: pytest.CaptureFixture[str], toy_data: Path
) -> None:
    shown = studio("data", toy_data, "--line", 3)
    text = "".join(piece["text"] for piece in shown["pieces"])
    assert shown["turns"][-1]["text"] in text
    assert any(piece["trained"] for piece in shown["pieces"])
    assert run(["data", str(toy_data), "--line", "3"]) == 0
    out = capsys.readouterr().out
    learned = "".join(piece["text"] for piece in shown["pieces"] if piece["trained"])
    assert f"⟦{learned}⟧" in out
    assert refusal("data", toy_data, "--line", 99) == "dataset.no_example"


def test_steps_are_listed_with_their_fields(
    studio: StudioCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = studio("data", "steps")
    assert listed["filter"]["title"] == "Filter rows"
    assert "min_characters" in listed["filter"]["properties"]
    assert run(["data", "steps"]) == 0
    shown = capsys.readouterr().out
    assert all(kind in shown for kind in listed)
    assert "how=  first | random (else first)" in shown


def test_a_dataset_is_shaped_saved_and_trained_on(
    studio: StudioCommand, toy_data: Path, tiny_model: Path, tmp_path: Path
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


def test_a_history_is_done_again_to_new_rows(studio: StudioCommand, toy_data: Path, tmp_path: Path) -> None:
    first = studio("data", "save", toy_data, tmp_path / "one", "--step", "cap rows=40", "--step", "split")
    again = studio("data", "save", toy_data, tmp_path / "two", "--like", tmp_path / "one")
    assert again["fingerprint"] == first["fingerprint"]
    more = write_rows(tmp_path / "more.jsonl", 90)
    other = studio("data", "save", more, tmp_path / "three", "--like", tmp_path / "one", "--step", "shuffle")
    assert [line.split(": ")[0] for line in other["history"]] == [
        "Keep at most 40 rows, the first",
        "Split 80 / 10 / 10 (seed 0)",
        "Shuffle (seed 0)",
    ]


def test_changes_by_hand_are_saved_with_the_dataset_and_the_source_is_not_touched(
    studio: StudioCommand, toy_data: Path, tmp_path: Path
) -> None:
    before, source = toy_data.read_bytes(), read(toy_data)
    journal = StepJournal.of(tmp_path / "home" / "overlays", source.fingerprint)
    journal.add(Edit(line=1, digest=digest(source.records[0]), field="answer", value="Edited."))
    journal.add(Delete(line=2, digest=digest(source.records[1])))
    saved = studio("data", "save", toy_data, tmp_path / "kept", "--edits", "--home", tmp_path / "home")
    assert saved["undivided"] == 59
    assert read(tmp_path / "kept").records[0].answer == "Edited."
    assert studio("data", "save", toy_data, tmp_path / "plain")["undivided"] == 60
    assert toy_data.read_bytes() == before


def test_tokens_are_counted_by_the_model_and_columns_read_from_the_source(
    studio: StudioCommand, tiny_model: Path, tmp_path: Path
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


def test_leakage_is_fixed_in_the_parts_that_a_run_would_have(studio: StudioCommand, tmp_path: Path) -> None:
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
    studio: StudioCommand, toy_data: Path, tmp_path: Path
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
    assert refusal(*save, "sort") == "step.other_kind_of"
    assert refusal(*save, "cap row=3") == "step.no_field"
    assert refusal(*save[:-1], "--like", tmp_path) == "saved.missing"
    assert refusal(*save, "cap rows=none") == "step.wrong"
    assert run([*map(str, save), '{"kind": ']) == 2
    assert refusal(*save, "filter contains=Zebra") == "step.leaves_none"
    assert refusal(*save, "mix path=nowhere.jsonl") == "file.missing"
    assert refusal("data", "upload", tmp_path, "ann/set") == "saved.missing"
    assert not (tmp_path / "out").exists()
    assert refusal(*save, "") == "step.no_kind"


def test_columns_of_ones_own_are_told_and_done_again_to_new_rows(
    studio: StudioCommand, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, start in (("old", 0), ("new", 100)):
        rows = [{"frage": f"Was ist {start + n} plus eins?", "antwort": f"{start + n + 1}"} for n in range(9)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(["data", str(tmp_path / "old.jsonl")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("Here that is --set 'data.columns=prompt=frage, answer=antwort'.")
    columns = ("--set", "data.columns=prompt=frage, answer=antwort")
    studio("data", "save", tmp_path / "old.jsonl", tmp_path / "one", *columns, "--step", "shuffle")
    studio("data", "save", tmp_path / "new.jsonl", tmp_path / "two", "--like", tmp_path / "one")
    assert {record.answer for record in read(tmp_path / "two").records} == {f"{n}" for n in range(101, 110)}


def test_a_history_with_other_rows_mixed_in_is_done_again_in_another_folder(
    studio: StudioCommand, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"prompt": f"Name {n}", "completion": f"{n}"} for n in range(20)]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    first = studio("data", "save", toy_data, "one", "--step", "mix path=more.jsonl weight=0.2")
    monkeypatch.chdir(toy_data.parent)
    assert first["undivided"] == 72
    again = studio("data", "save", toy_data, tmp_path / "two", "--like", tmp_path / "one")
    assert again["fingerprint"] == first["fingerprint"]


def test_the_fingerprint_is_the_same_in_another_process_and_place_and_changes_with_the_content(
    studio: StudioCommand, toy_data: Path, tmp_path: Path
) -> None:
    steps = ("drop_duplicates", "split", "reserve_golden count=5", "cap rows=40 how=random", "shuffle seed=3")
    asked = [part for step in steps for part in ("--step", step)]
    here = studio("data", "save", toy_data, tmp_path / "here", *asked)["fingerprint"]
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "rows.jsonl"
    copy.write_bytes(toy_data.read_bytes())
    command = [sys.executable, "-m", "studio", "data", "save", copy, tmp_path / "there", *asked, "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    there = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=PROJECT)
    assert json.loads(there.stdout)["fingerprint"] == here
    copy.write_text(copy.read_text().replace("1", "7"))
    assert studio("data", "save", copy, tmp_path / "changed", *asked)["fingerprint"] != here


def test_a_stopped_save_leaves_nothing_and_says_no_more(
    toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*rows: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return write_parts(*rows)  # type: ignore[arg-type]

    monkeypatch.setattr("studio.dataset.save.parquet.write_parts", interrupted)
    assert run(["data", "save", str(toy_data), str(tmp_path / "kept")]) == 130
    assert capsys.readouterr().err.splitlines()[-1].strip() == "Stopped."
    assert [path.name for path in tmp_path.iterdir()] == [toy_data.name]


def test_several_files_are_joined_into_one_dataset(studio: StudioCommand, tmp_path: Path) -> None:
    for part, rows in (("train", 12), ("test", 3)):
        write_rows(tmp_path / f"{part}.jsonl", rows)
    (tmp_path / "more.csv").write_text("prompt,completion\nSay more,More.\nSay less,\n")
    names = ("train.jsonl", "more.csv", "test.jsonl")
    joined = studio("data", "join", tmp_path / "all", *(tmp_path / name for name in names))
    assert [joined[part] for part in ("train", "validation", "test", "golden")] == [13, 0, 3, 0]
    assert joined["remarks"] == ["Left out: 1 row that could not be read."]
    assert studio("data", tmp_path / "all")["fingerprint"] == joined["fingerprint"]


def test_an_export_over_another_leaves_no_file_of_both(
    studio: StudioCommand, refusal: Callable[..., str], toy_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mlx"
    studio("data", "export", toy_data, out, "--step", "split")
    assert refusal("data", "export", toy_data, out) == "target.earlier_export"
    assert len((out / "train.jsonl").read_text().splitlines()) == 48
    studio("data", "export", toy_data, out, "--replace")
    assert [path.name for path in out.glob("[!.]*")] == ["train.jsonl"]


def test_golden_rows_never_train_and_are_what_an_evaluation_asks(
    studio: StudioCommand, toy_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    out, home = tmp_path / "kept", tmp_path / "home"
    saved = studio("data", "save", toy_data, out, "--step", "split", "--step", "reserve_golden")
    assert saved["golden"] == 9  # of 100 asked for: a fifth of what trains is the most
    golden = {json.loads(line)["prompt"] for line in (out / "golden.jsonl").read_text().splitlines()}
    fast = ["--set", "loop.steps=2", "--set", "rank=2", "--set", "batch_size=4", "--home", home]
    trained = studio("train", out, "--model", tiny_model, *fast)
    described = json.loads((Path(trained["folder"]) / "run.json").read_text())
    assert described["fingerprint"] == saved["fingerprint"]
    data = finish(DatasetCache().open(Recipe().with_values({"data.path": str(out)})))
    trains = {example.record.prompt for part in (data.train, data.validation) for example in part}
    assert len(golden) == 9
    assert not golden & trains
    evaluated = studio("evaluate", trained["run"], "--home", home, "--measures", "golden_exact")
    assert evaluated["golden"] == "9 prompts from golden.jsonl"
    assert {answer["prompt"] for answer in evaluated["answers"]} == golden


def test_every_dataset_that_was_saved_or_trained_on_is_listed_with_its_runs(
    studio: StudioCommand, tmp_path: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ("--home", tmp_path / "home")
    assert studio("data", "list", *home) == []
    studio("data", "save", toy_data, tmp_path / "kept", *home)
    RunFolder.create(tmp_path / "home" / "runs", "first", {"recipe": {"data": {"path": str(toy_data)}}})
    saved, used = studio("data", "list", *home)
    assert (saved["name"], saved["rows"], saved["runs"], saved["is_there"]) == ("kept", 60, [], True)
    assert saved["bytes"] > 1000
    assert (used["path"], used["runs"]) == (str(toy_data), ["first"])
    toy_data.unlink()
    assert run(["data", "list", *map(str, home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ROWS", "SIZE", "STEPS", "RUNS", "KIND", "DATASET"]
    assert lines[2].endswith(f"{toy_data}  (missing)")
