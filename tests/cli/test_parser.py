"""One command line: --home, --json and --debug before and after every command, and what opens the window."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from studio.catalogue import phrase
from studio.cli.commands import app, run
from studio.cli.opening import COMMANDS, WindowRequest, opening
from studio.cli.parser import StudioCommand
from studio.cli.terminal import asked
from studio.generate.sampling import Sampling
from studio.synth.plan import Plan

REFUSED = {
    "train": ["none.jsonl"],
    "resume": ["none"],
    "sweep": ["none.jsonl", "--over", "rank=2,4"],
    "forecast": ["none"],
    "evaluate": ["none"],
    "report": ["none"],
    "chat": ["none", "--prompt", "x"],
    "export": ["none"],
    "import": ["none"],
    "serve": ["none"],
    "models show": ["none"],
    "models delete": ["none"],
    "models convert": ["none", "--bits", "4"],
    "models download": ["/"],
    "data show": ["none.jsonl"],
    "data save": ["none.jsonl", "out"],
    "data export": ["none.jsonl", "out"],
    "data join": ["out", "none.jsonl"],
    "data upload": ["none", "a/b"],
    "data make": ["none.jsonl"],
    "data made": ["none"],
    "data key": ["no address"],
    "data download": ["/"],
}
"""What each command refuses at once."""


def commands(group: Any, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name)


ALL = [" ".join(each) for each in commands(typer.main.get_command(app))]


def test_every_command_is_walked_and_known_to_the_window() -> None:
    assert set(COMMANDS) == {name.split()[0] for name in ALL}
    assert set(ALL) == {
        *REFUSED,
        "runs",
        "selftest",
        "demo",
        "data list",
        "data steps",
        "checkpoints",
        "models list",
        "models search",
    }


@pytest.mark.parametrize("name", ALL)
def test_each_takes_the_three_options_before_and_after_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Path | None, bool, bool]] = []

    def note(command: Any, context: Any) -> None:
        seen.append((asked.home, asked.as_json, asked.debug))

    monkeypatch.setattr(StudioCommand, "invoke", note)
    words, options = name.split(), ["--home", str(tmp_path), "--json", "--debug"]
    lines = [[*words[:n], *options, *words[n:], *REFUSED.get(name, [])] for n in range(len(words) + 1)]
    for line in (*lines, [*words, *REFUSED.get(name, []), *options]):
        assert run(line) == 0, line
        assert seen.pop() == (tmp_path, True, True), line
    assert run([*words, *REFUSED.get(name, [])]) == 0
    assert seen.pop() == (None, False, False)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_one_json_document_and_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("key\n"))
    code = run(["--home", str(tmp_path), *name.split(), *REFUSED[name], "--json"])
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert code == told["exit_code"] == 2, err
    assert " ".join(told["error"].split()) in " ".join(err.split())
    assert "Traceback" not in err


def test_bad_command_lines_are_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    for line in (["train"], ["trian"], ["runs", "--nope"], [], ["data"], ["data", "save"]):
        assert run([*line, "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["exit_code"] == 2, line


def test_results_without_a_run_are_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (["runs"], ["data", "steps"], ["--version"]):
        assert run(["--home", str(tmp_path), "--json", *line]) == 0
        json.loads(capsys.readouterr().out)


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--debug", "--home", str(tmp_path), "resume", "none"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_the_window_opens_with_a_file_and_its_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows").touch()
    Path("train").touch()
    assert opening([]) == WindowRequest()
    assert opening(["--home", "D", "rows"]) == opening(["rows", "--home=D"]) == WindowRequest("rows", "D")
    assert opening(["gone.jsonl", "--debug"]) == WindowRequest("gone.jsonl", debug=True)
    assert opening(["./train"]) == WindowRequest("./train")
    for line in (["train"], ["rowz"], ["rows", "rows"], ["--home", "D", "runs"], ["--json"], ["--home"]):
        assert opening(line) is None, line


def test_a_file_named_like_a_command_and_a_mistyped_command_get_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*line: str) -> str:
        run(list(line))
        return " ".join(capsys.readouterr().err.split())

    monkeypatch.chdir(tmp_path)
    for name in ("train", "save", "rows.jsonl"):
        Path(name).touch()
    assert "For the file of that name: `studio ./train`" in said("train")
    assert "For the file of that name: `studio data ./save`" in said("data", "save")
    assert "No such command 'dowload', and no file of that name. Did you mean 'download'?" in said(
        "data", "dowload", "a/b"
    )
    assert str(phrase("file.missing", file=str(tmp_path / "nothing"))) in said("data", "nothing")
    assert "The window opens one dataset" in said("rows.jsonl", "rows.jsonl")


def test_bad_rows_that_there_are_not_are_said_and_their_target_is_refused(
    tmp_path: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = toy_data.read_bytes()
    assert run(["data", str(toy_data), "--bad", str(toy_data)]) == 2
    assert "never touched" in " ".join(capsys.readouterr().err.split())
    assert toy_data.read_bytes() == before
    assert run(["data", str(toy_data), "--bad", str(tmp_path / "bad.jsonl")]) == 0
    assert "Every row can train, so nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "bad.jsonl").exists()


@pytest.mark.parametrize(("command", "described"), [("chat", Sampling), ("data make", Plan)])
def test_options_have_the_defaults_and_bounds_of_the_fields(
    command: str, described: type[BaseModel], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found: Any = typer.main.get_command(app)
    for name in command.split():
        found = found.commands[name]
    defaults = {each.name: each.default for each in found.params}
    for name, field in described.model_fields.items():
        if name in defaults and field.default and name != "maker":
            assert defaults[name] == field.default, name
    line = ["--home", str(tmp_path), *command.split(), *REFUSED[command], "--temperature", "3"]
    assert run(line) == 2
    assert "--temperature" in capsys.readouterr().err
