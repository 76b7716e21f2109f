"""`studio data` on a file too big to hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run
from studio.cli.data import show_large
from studio.cli.terminal import asked
from studio.dataset.read import memory_check
from studio.dataset.store import source
from studio.jobs.scan import ScanJob
from studio.paths import Paths
from tests.conftest import write_rows


def test_a_big_file_is_counted_and_its_bad_rows_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(tmp_path / "big.jsonl", 300)
    text = path.read_text()
    path.write_text(text + text.splitlines()[0] + '\n{"instruction": "x", "output": ""}\n')
    show_large(ScanJob(path, tmp_path / "scans"), tmp_path / "bad.jsonl")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("big.jsonl: 302 rows, instruction, ")
    assert said[1:6] == [
        "  300 train",
        "  1 train, but deserve a look",
        "  1 of these are exact duplicates",
        "  1 cannot train",
        "  1 of these are empty",
    ]
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 302
    monkeypatch.setattr(asked, "as_json", True)
    show_large(ScanJob(path, tmp_path / "scans"), None)
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["bad"], told["format"]) == (302, 1, "instruction")


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    code = run(["data", *map(str, arguments), "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept in the person's own folder."""
    monkeypatch.setattr(Paths, "for_user", lambda: Paths.under(tmp_path / "home"))


@pytest.mark.long
@pytest.mark.usefixtures("home")
def test_the_health_of_a_file_too_big_to_hold_is_that_of_its_rows(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(tmp_path / "big.jsonl", 300)
    path.write_text(path.read_text() + '{"instruction": "Who?", "output": "ann@mail.org"}\n' * 2 + "{\n")
    (tmp_path / "golden.jsonl").write_text('{"prompt": "Say the number 3", "ideal": "3"}\n')
    shares = ("--set", "validation_share=0", "--set", "test_share=0")
    held = shown(capsys, path, "--health", "--model", tiny_model, *shares)
    monkeypatch.setattr(source, "LARGE", 1000)
    monkeypatch.setattr(memory_check, "memory_words", lambda path: "Too big.")
    indexed = shown(capsys, path, "--health", "--model", tiny_model, *shares)
    assert (indexed["rows"], indexed["bad"]) == (303, 1)
    found, same = ({each["check"]: each for each in told["health"]} for told in (indexed, held))
    assert (found["malformed"]["lines"], found["duplicates"]["lines"]) == ([303], [302])
    assert found["leakage"]["lines"] == [4]
    assert found | {"lengths": same["lengths"]} == same  # which are of characters, not tokens


@pytest.mark.long
@pytest.mark.usefixtures("home")
def test_the_health_of_a_big_file_is_that_after_the_steps_of_the_recipe(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(tmp_path / "big.jsonl", 100)
    path.write_text(path.read_text() + path.read_text().splitlines(keepends=True)[0])
    history = json.dumps([{"kind": "delete", "line": 101}, {"kind": "split", "seed": 1}])
    asked = (path, "--health", "--model", tiny_model, "--set", f"data.history={history}")
    held = shown(capsys, *asked)["health"]
    monkeypatch.setattr(source, "LARGE", 1000)
    monkeypatch.setattr(memory_check, "memory_words", lambda path: "Too big.")
    found = {each["check"]: each["count"] for each in shown(capsys, *asked)["health"]}
    assert found["duplicates"] == 0
    assert found["leakage"] == next(each["count"] for each in held if each["check"] == "leakage")


@pytest.mark.long
@pytest.mark.usefixtures("home")
def test_one_row_of_a_big_file_is_shown_token_by_token(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(tmp_path / "big.jsonl", 300)
    path.write_text(path.read_text() + '{"instruction": "Who?"}\n')
    held = shown(capsys, path, "--line", 250, "--model", tiny_model)
    monkeypatch.setattr(source, "LARGE", 1000)
    assert shown(capsys, path, "--line", 250, "--model", tiny_model) == held
    for line, code in ((301, "command.unusable_example"), (302, "dataset.no_example")):
        asked = ["data", str(path), "--line", str(line), "--model", str(tiny_model), "--json"]
        assert run(asked) == 2
        assert json.loads(capsys.readouterr().out)["code"] == code


@pytest.mark.long
@pytest.mark.usefixtures("home")
def test_columns_of_a_big_file_are_mapped_as_those_of_a_small_one(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "big.jsonl"
    rows = [
        {"Frage": f"Wie viel ist {n} und {n}?", "Antwort": f"Das ist {n + n}.", "doc_id": n}
        for n in range(99)
    ]
    rows += [{"Frage": "Wer?", "Antwort": "ann@mail.org"}, {"Frage": "Wer?", "Antwort": "ann@mail.org"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"Frage": "Nichts", "Antwort": None}]))
    asked = ("--model", tiny_model, "--set", "columns=prompt=Frage, answer=Antwort")
    step = ("--step", "fix check=personal_data", "--step", "drop_duplicates")
    said: list[Any] = []
    for name in ("small", "big"):
        line = shown(capsys, path, "--line", 7, *asked)
        saved = shown(capsys, "save", path, tmp_path / name, *step, *asked)
        said.append((line, saved["fingerprint"], saved["history"]))
        monkeypatch.setattr(source, "LARGE", 1000)
    assert said[0] == said[1]
    told = shown(capsys, path, *asked)
    assert (told["rows"], told["bad"], told["duplicates"], told["format"]) == (102, 1, 1, "prompt/completion")
    monkeypatch.setattr(memory_check, "memory_words", lambda path: "Too big.")
    health = {each["check"]: each for each in shown(capsys, path, "--health", *asked)["health"]}
    assert health["empty"]["lines"] == [102]
    assert '"Antwort"' in health["empty"]["evidence"][0]["quote"]
    assert run(["data", str(path)]) == 2
    assert "are not those of a dataset" in capsys.readouterr().err
