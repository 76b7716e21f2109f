"""Making more and the Hub from the command line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import keyring
import pytest
import typer
from keyring.backend import KeyringBackend

from studio.catalogue import phrase
from studio.cli.commands import run
from studio.cli.parser import Group
from studio.cli.synth import register
from studio.dataset.read.load import read
from studio.errors import DataError
from studio.generate.keys import server_key
from studio.synth.folder import SyntheticFolder
from tests.conftest import refused, write_rows


def command(*arguments: object) -> None:
    group = typer.Typer(cls=Group)
    register(group)
    group([str(argument) for argument in arguments], standalone_mode=False)


def test_rows_are_made_reviewed_and_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, more, out = write_rows(tmp_path / "toy.jsonl", 12), tmp_path / "more", tmp_path / "out.jsonl"
    command("make", data, "--maker", "noise", "--sources", 5, "--out", more, "--json")
    made = json.loads(capsys.readouterr().out)
    assert (made["folder"], made["asked"], made["rows"]) == (str(more), 5, 5)
    command("make", "--resume", more)
    assert "5 rows from 5 sources" in capsys.readouterr().out
    command("made", more, "--accept", "all", "--reject", "2", "--undo", "5", "--out", out)
    shown = capsys.readouterr().out
    assert "5 rows from 5 sources: 3 accepted, 1 rejected, 1 pending" in shown
    command("made", more, "--accept", "5", "--reject", "2-3", "--out", out, "--json")
    shown = json.loads(capsys.readouterr().out)
    assert shown["states"] == {"accepted": 3, "rejected": 2}
    assert [row["state"] for row in shown["made"]] == [
        "accepted",
        "rejected",
        "rejected",
        "accepted",
        "accepted",
    ]
    assert len(read(out).records) == 3
    command("made", more, "--edit", 2, "--answer", "It is two.", "--out", out)
    assert read(out).records[1].answer == "It is two."
    with refused("synth.no_row", DataError, row=77):
        command("made", more, "--edit", 77)


@pytest.mark.parametrize(
    ("arguments", "code", "values"),
    [
        (("make", "--maker", "rewrite"), "value.choice", {"title": phrase("field.option", name="maker")}),
        (
            ("make", "--maker", "noise", "--noise", "7"),
            "value.at_most",
            {"title": phrase("field.option", name="noise"), "limit": 1},
        ),
        (("make", "--server", "https://me:secret@host/v1"), "value.reason", {"reason": "address.password"}),
        (("make",), "synth.no_examples", {"title": "Paraphrase"}),
        (("made", "nowhere"), "synth.missing", {}),
        (("download", "not a name"), "command.no_dataset_name", {"name": "'not a name'"}),
    ],
)
def test_what_cannot_be_is_said(arguments: tuple[str, ...], code: str, values: dict[str, Any]) -> None:
    with refused(code, DataError, **values):
        command(*arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "values"),
    [
        (("make", "--document", "gone.pdf"), "document.none_read", {"faults": "file.missing"}),
        (("download", "user/toys", "--rows", "x"), "hub.no_range", {"text": "x"}),
    ],
)
def test_what_is_not_there_or_no_range_is_said(
    arguments: tuple[str, ...], code: str, values: dict[str, str]
) -> None:
    with refused(code, DataError, **values):
        command(*arguments)


class Keychain(KeyringBackend):
    """A keychain that ends with the test."""

    priority = -1  # nobody else picks it

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def test_a_key_is_kept_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sk-1\n"))
    before = keyring.get_keyring()
    keyring.set_keyring(Keychain())
    try:
        command("key", "http://localhost:1/v1/")
        assert server_key("http://localhost:1/v1") == "sk-1"
        assert server_key("http://localhost:2/v1") == ""
    finally:
        keyring.set_keyring(before)


def test_a_row_that_there_is_not_cannot_be_accepted(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "toy.jsonl", 3)
    command("make", data, "--maker", "noise", "--out", tmp_path / "more")
    for rows, code in (("9", "synth.no_row"), ("x", "command.no_rows")):
        with refused(code, DataError):
            command("made", tmp_path / "more", "--accept", rows)


def test_rows_that_are_not_there_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    data, more = write_rows(tmp_path / "toy.jsonl", 6), tmp_path / "more"
    command("make", data, "--maker", "noise", "--out", more)
    with refused("synth.no_row", DataError, row=7):
        command("made", more, "--accept", "1-999999999999")
    with refused("command.no_rows", DataError, part="'5-2'"):
        command("made", more, "--accept", "5-2")
    assert {review.state for _, review in SyntheticFolder(more).reviewed()} == {"pending"}


def test_held_out_rows_are_no_source_of_rows_to_train_on(tmp_path: Path) -> None:
    data, kept, more = write_rows(tmp_path / "toy.jsonl", 40), tmp_path / "kept", tmp_path / "more"
    steps = ("--step", "split", "--step", "reserve_golden count=4")
    assert run(["data", "save", str(data), str(kept), *steps]) == 0
    command("make", kept, "--maker", "noise", "--out", more)
    saved = read(kept)
    held = {record.answer for record in saved.records if saved.given[record.line] != "train"}
    made = {row.record(0).answer for row in SyntheticFolder(more).rows()}
    assert len(held) == 12
    assert len(made) == 28
    assert not held & made
