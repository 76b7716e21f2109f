"""Whatever writes: the source is never touched, and neither is anything else that is not ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.errors import TargetError
from studio.files import check_target
from studio.recipe.files import read_recipe, write_recipe
from studio.recipe.recipe import Recipe
from tests.conftest import write_rows

CAP = ("--step", "cap rows=5 how=first")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "in" / "rows.jsonl", 30)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder, by name."""
    found = sorted(path for path in folder.rglob("*") if "home" not in path.parts)
    return {
        str(path.relative_to(folder)): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "folder"
        for path in found
    }


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command says that is refused, and changes nothing in the folder."""
    before = tree(folder)
    assert run([*map(str, arguments)]) == 2
    assert tree(folder) == before
    return " ".join(capsys.readouterr().err.split())


def done(*arguments: object) -> None:
    assert run([*map(str, arguments)]) == 0


def notes(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")


def subfolder(folder: Path) -> None:
    (folder / "sub").mkdir()


def repository(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main")


def hidden(folder: Path) -> None:
    (folder / ".env").write_text("KEY=1")


def dangling(folder: Path) -> None:
    (folder / "link").symlink_to("nowhere")


def edited_card(folder: Path) -> None:
    with (folder / "README.md").open("a") as card:
        card.write("\nCollected by Ada.\n")


def own_golden(folder: Path) -> None:
    (folder / "golden.jsonl").write_text('{"prompt": "Hi", "ideal": "Ho"}\n')


@pytest.mark.parametrize(
    "add",
    [notes, subfolder, repository, hidden, dangling, edited_card, own_golden],
    ids=lambda add: add.__name__,
)
def test_a_dataset_is_not_saved_over_what_is_not_its_own(
    add: Callable[[Path], None], rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    done("data", "save", rows, out)
    add(out)
    said = refused(tmp_path, capsys, "data", "save", rows, out, *CAP)
    assert "choose another folder" in said
    said = refused(tmp_path, capsys, "data", "join", out, rows)
    assert "choose another folder" in said


def test_an_edited_golden_set_is_not_replaced(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, golden = tmp_path / "set", ("--step", "reserve_golden count=3")
    done("data", "save", rows, out, *golden)
    done("data", "save", rows, out, *golden)
    own_golden(out)
    assert "golden.jsonl" in refused(tmp_path, capsys, "data", "save", rows, out, *golden)


def test_what_the_finder_leaves_does_not_count(rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    done("data", "save", rows, out)
    for name in (".DS_Store", "._rows.parquet", "Icon\r"):
        (out / name).write_bytes(b"\0")
    done("data", "save", rows, out, *CAP)


@pytest.mark.parametrize(
    "text",
    [
        '{"schema_version": 3, "my": "own tool"}',
        '{"schema_version": 1, "files": []}',
        '{"schema_version"',
        "[]",
    ],
)
def test_a_folder_of_another_tool_is_left_alone(
    text: str, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "dataset.json").write_text(text)
    (other / "weights.bin").write_bytes(b"1")
    said = refused(tmp_path, capsys, "data", "save", rows, other)
    assert "is not a dataset saved by Tuning Studio, so it is not replaced" in said


def test_no_dataset_is_saved_onto_itself_or_what_it_was_made_of(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done("data", "save", rows, first)
    done("data", "save", first, second, *CAP)
    (tmp_path / "link").symlink_to(first)
    for target in (
        first,
        second,
        f"{first}/",
        f"{first}/../second",
        tmp_path / "link",
        first / "sub",
        tmp_path,
    ):
        said = refused(tmp_path, capsys, "data", "save", second, target)
        assert "a source is never touched" in said
    assert "never touched" in refused(tmp_path, capsys, "data", "export", second, rows, "--replace")
    mixed = ("--step", f"mix path={first}")
    assert "never touched" in refused(tmp_path, capsys, "data", "save", rows, first, *mixed)
    assert "never touched" in refused(tmp_path, capsys, "data", "save", rows, first, "--like", first)
    assert "never touched" in refused(tmp_path, capsys, "data", "join", first, rows, first)


def test_no_file_is_written_over_its_source(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    link, hard = tmp_path / "link.jsonl", tmp_path / "hard.jsonl"
    link.symlink_to(rows)
    hard.hardlink_to(rows)
    with rows.open("a") as file:
        file.write('{"prompt": "half\n')
    monkeypatch.chdir(rows.parent)
    for target in (rows, link, hard, "rows.jsonl", "../in/rows.jsonl"):
        for replace in ((), ("--replace",)):
            assert "never touched" in refused(
                tmp_path, capsys, "data", "export", rows, target, *replace, *CAP
            )
    for target in (rows, link, hard, "rows.jsonl"):
        refused(tmp_path, capsys, "data", rows, "--bad", target)
    for source in (link, hard):
        assert "never touched" in refused(tmp_path, capsys, "data", "export", source, rows, "--replace")
    for folder in (rows.parent, tmp_path, "."):
        assert "never touched" in refused(tmp_path, capsys, "data", "export", rows, folder, "--replace")
    assert "never touched" in refused(
        tmp_path, capsys, "data", "export", rows.parent, rows.parent / "new.jsonl"
    )


def test_a_file_that_exists_is_replaced_only_when_asked(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    assert "--replace" in refused(tmp_path, capsys, "data", "export", rows, out)
    done("data", "export", rows, out, "--replace")
    assert len(out.read_text().splitlines()) == 30


def test_an_export_replaces_only_what_was_exported(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, divided = tmp_path / "mlx", ("--step", "split")
    out.mkdir()
    (out / "train.jsonl").write_text('{"text": "by hand"}\n')
    assert "train.jsonl" in refused(tmp_path, capsys, "data", "export", rows, out, "--replace")
    (out / "train.jsonl").unlink()
    done("data", "export", rows, out, *divided)
    done("data", "export", rows, out, *divided)
    with (out / "valid.jsonl").open("a") as file:
        file.write('{"text": "added by hand"}\n')
    assert "valid.jsonl" in refused(tmp_path, capsys, "data", "export", rows, out, "--replace", *divided)


def test_a_report_of_bad_rows_replaces_only_such_a_report(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rows.open("a") as file:
        file.write('{"prompt": "half\n')
    report, mine = tmp_path / "bad.jsonl", tmp_path / "mine.jsonl"
    done("data", rows, "--bad", report)
    done("data", rows, "--bad", report)
    write_rows(mine, 3)
    assert "Choose another name" in refused(tmp_path, capsys, "data", rows, "--bad", mine)


def test_made_rows_are_written_over_nothing_else(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, out = tmp_path / "made", tmp_path / "more.jsonl"
    for folder in (rows.parent, tmp_path, rows / "in"):
        assert "never touched" in refused(
            tmp_path, capsys, "data", "make", rows, "--maker", "noise", "--out", folder
        )
    made.mkdir()
    notes(made)
    make = ("data", "make", rows, "--maker", "noise", "--sources", 3, "--out", made)
    assert "notes.txt" in refused(tmp_path, capsys, *make)
    (made / "notes.txt").unlink()
    done(*make)
    done("data", "made", made, "--accept", "all", "--out", out)
    done("data", "made", made, "--out", out)
    for target in (rows, made / "made.jsonl", made / "making.json", made / "reviews.jsonl"):
        refused(tmp_path, capsys, "data", "made", made, "--out", target)
    mine = write_rows(tmp_path / "mine.jsonl", 2)
    refused(tmp_path, capsys, "data", "made", made, "--out", mine)


def test_a_recipe_is_written_over_no_dataset_and_no_model(rows: Path, tiny_model: Path) -> None:
    recipe = Recipe().with_values({"data.path": str(rows), "model": str(tiny_model)})
    for target in (rows, tiny_model / "config.json"):
        with pytest.raises(TargetError, check=lambda error: error.code.startswith("target.")):
            write_recipe(target, recipe)
    write_recipe(rows.with_name("recipe.toml"), recipe)
    assert read_recipe(rows.with_name("recipe.toml")).model == str(tiny_model)


def test_another_case_is_the_same_name_where_the_disk_says_so(rows: Path) -> None:
    upper = rows.with_name("ROWS.JSONL")
    if not upper.exists():
        pytest.skip("this disk tells upper from lower case")
    with pytest.raises(TargetError):
        check_target(upper, [rows])
