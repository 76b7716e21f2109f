"""`studio chat`: with a run or without, with several at once, one prompt or a conversation from stdin."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from studio.generate.presets import Presets
from studio.generate.sampling import Sampling
from studio.paths import Paths
from studio.words import visible
from tests.cli.test_commands import Terminal
from tests.jobs.test_contestants import runs

__all__ = ["runs"]

SHORT = ("--max-tokens", 5, "--temperature", 0)


@pytest.fixture
def studio(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    home = tmp_path / "home"
    home.mkdir()
    (home / "runs").symlink_to(runs)
    return Terminal(home, capsys)


class Typed(io.StringIO):
    """Lines as if somebody typed them."""

    def isatty(self) -> bool:
        return True


def conversation(studio: Terminal, monkeypatch: pytest.MonkeyPatch, text: str, *arguments: object) -> Any:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return studio.document("chat", *arguments, *SHORT)


def test_a_conversation_is_read_from_stdin_line_by_line(
    studio: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = ("--with", "base", "--with", "tuned@2", "--with", "mix:tuned*0.5,run:wide*0.5")
    told = conversation(studio, monkeypatch, "Say 7\n\nAnd 8?\n", "first", *who, "--system", "Be brief.")
    assert (told["system"], [turn["prompt"] for turn in told["turns"]]) == ("Be brief.", ["Say 7", "And 8?"])
    assert [list(turn["answers"]) for turn in told["turns"]] == [list(told["turns"][0]["answers"])] * 2
    assert set(told["turns"][0]["answers"]) == {"base", "tuned@2", "mix:tuned*0.5,run:wide*0.5"}
    first, second = (turn["answers"]["base"]["prompt_tokens"] for turn in told["turns"])
    assert second > first, "the second turn stands behind the first"
    alone = studio.document("chat", "first", "--with", "base", "--prompt", "Say 7", *SHORT)
    assert alone["answers"]["base"]["prompt_tokens"] < first, "the system prompt is part of it"


def test_a_model_is_asked_without_any_run(
    studio: Terminal, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = studio.document("chat", "--model", tiny_model, "--prompt", "Hi", *SHORT)
    assert list(told["answers"]) == [f"model:{tiny_model}"]
    raw = studio.document("chat", "--model", tiny_model, "--prompt", "Hi", "--raw", *SHORT)
    tokens = [each["answers"][f"model:{tiny_model}"]["prompt_tokens"] for each in (told, raw)]
    assert tokens[1] < tokens[0], "raw, there is no template around it"


def test_what_is_typed_is_answered_as_it_comes(studio: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed("Say 7\nSay 8\n"))
    code, out = studio("chat", "first", *SHORT)
    monkeypatch.setattr("sys.stdin", io.StringIO("Say 7\nSay 8\n"))
    whole = studio.document("chat", "first", *SHORT)
    assert code == 0
    said = [turn["answers"]["tuned"]["text"] for turn in whole["turns"]]
    assert "".join(out.split()) == "".join(visible("".join(said)).split())
    monkeypatch.setattr("sys.stdin", Typed("Say 7\n"))
    _, out = studio("chat", "first", "--compare", *SHORT)
    assert "base: " in out
    assert "tuned: " in out


def test_a_preset_draws_and_options_change_it(studio: Terminal) -> None:
    Presets(Paths.under(studio.home).presets).save("Mine", Sampling(temperature=0.2, top_k=7, max_tokens=3))
    told = studio.document("chat", "first", "--prompt", "Hi", "--preset", "mine", "--top-k", 50)
    sampling = told["sampling"]
    assert (sampling["temperature"], sampling["top_k"], sampling["max_tokens"]) == (0.2, 50, 3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name a run to ask"),
        (["first", "--preset", "nobody"], "There is no preset called nobody"),
        (["first", "--with", "nobody"], "There is no contestant called nobody"),
        (["first", "--preset", "model"], "brings no way of drawing along"),
        (["--with", "tuned"], "tuned is part of a run, and no run is named"),
        (["first", "--with", "tuned@now"], "first is not training at this moment"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(studio: Terminal, arguments: list[str], says: str) -> None:
    code, out = studio("chat", *arguments, "--prompt", "Hi")
    assert (code, out) == (2, "") or (code == 1 and not out)
    assert says in studio.stderr


def test_nothing_to_read_is_an_empty_prompt(studio: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n  \n"))
    assert studio("chat", "first") == (2, "")
    assert "The prompt is empty" in studio.stderr
