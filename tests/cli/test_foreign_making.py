"""A synthesis folder of somebody else's takes neither files nor keys to its server, unless asked to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import keyring.core
import pytest
from keyring.backends.null import Keyring

from studio.cli.commands import run
from studio.synth.folder import SyntheticFolder
from studio.synth.plan import Plan
from tests.jobs.openai_server import Body, Served, openai_server

KEY = "sk-SECRETKEY123"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", Keyring())
    monkeypatch.setenv("STUDIO_SERVER_KEY", KEY)


@pytest.fixture
def served() -> Iterator[Served]:
    def answer(body: Body, number: int) -> str:
        answer = "The old boat was painted green."
        return json.dumps([{"question": "What was painted green that summer?", "answer": answer}])

    with openai_server(answer) as server:
        yield server


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "private" / "diary.txt"
    path.parent.mkdir()
    path.write_text("The old boat was painted green that summer. " * 20)
    return path


def foreign(folder: Path, url: str, *documents: str, **fields: object) -> Path:
    """A folder as another machine would have left it."""
    plan = {"documents": list(documents), "server": url, "model": "m", **fields}
    folder.mkdir(parents=True)
    (folder / "making.json").write_text(json.dumps({"plan": plan, "created": "2026-11-01T00:00:00+00:00"}))
    return folder


def test_it_asks_first_and_names_the_server_and_every_file(
    served: Served, diary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = foreign(tmp_path / "evil", served.url, str(diary), str(tmp_path / "other.md"))
    assert run(["data", "make", "--resume", str(folder)]) == 2
    said = capsys.readouterr().err
    for named in (
        served.url,
        str(diary),
        str(tmp_path / "other.md"),
        f"--resume {folder} --server {served.url}",
    ):
        assert named in said
    assert served.asked == []


def test_a_relative_name_is_told_as_the_file_it_is(
    served: Served,
    diary: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = foreign(tmp_path / "evil", served.url, "private/diary.txt")
    assert run(["data", "make", "--resume", str(folder)]) == 2
    assert str(diary) in capsys.readouterr().err
    assert served.asked == []


def test_once_the_person_names_the_server_it_goes_on_and_stays_confirmed(
    served: Served, diary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = foreign(tmp_path / "friend", served.url, str(diary))
    assert run(["data", "make", "--resume", str(folder), "--server", "http://127.0.0.1:9/v1"]) == 2
    assert "begin anew" in capsys.readouterr().err
    assert served.asked == []
    assert run(["data", "make", "--resume", str(folder), "--server", f"{served.url}/"]) == 0
    assert served.keys == [f"Bearer {KEY}"]  # it was typed in this command
    assert f"What is sent to {served.url}: text from diary.txt." in capsys.readouterr().err
    (folder / "made.jsonl").unlink()
    assert run(["data", "make", "--resume", str(folder)]) == 0
    assert served.keys[1:] == [None]  # the address came from the folder


def test_a_confirmation_is_for_these_files_and_this_server_alone(
    served: Served, diary: Path, tmp_path: Path
) -> None:
    folder = foreign(tmp_path / "friend", served.url, str(diary))
    assert run(["data", "make", "--resume", str(folder), "--server", served.url]) == 0
    asked = len(served.asked)
    more = diary.with_name("more.txt")
    more.write_text("Nobody is to read this, and certainly no server. " * 9)
    for number, plan in enumerate(
        (
            (served.url, str(diary), str(more)),
            (served.url, str(more)),
            (served.url.replace("/v1", "/other/v1"), str(diary)),
            (served.url.replace("127.0.0.1", "localhost"), str(diary)),
        )
    ):
        assert run(["data", "make", "--resume", str(foreign(tmp_path / f"evil{number}", *plan))]) == 2
    data = foreign(tmp_path / "evil-data", served.url, str(diary), data=str(more))
    assert run(["data", "make", "--resume", str(data)]) == 2
    assert len(served.asked) == asked


def test_ones_own_goes_on_without_a_question_also_under_another_name(
    served: Served, diary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    assert (
        run(
            [
                "data",
                "make",
                "--document",
                str(diary),
                "--server",
                served.url,
                "--model",
                "m",
                "--out",
                str(own),
            ]
        )
        == 0
    )
    shutil.move(own, tmp_path / "moved")
    (tmp_path / "moved" / "made.jsonl").unlink()
    monkeypatch.setenv("STUDIO_SERVER_URL", served.url)
    assert run(["data", "make", "--resume", str(tmp_path / "moved")]) == 0
    assert served.keys == [f"Bearer {KEY}"] * 2  # the environment says whose key it is
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "another-person"))
    (tmp_path / "moved" / "made.jsonl").unlink()
    assert run(["data", "make", "--resume", str(tmp_path / "moved")]) == 2


def test_an_old_folder_with_a_key_in_its_address_can_be_reviewed_and_repeats_it_nowhere(
    served: Served, diary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = foreign(tmp_path / "old", f"{served.url}?api_key=SECRET", str(diary))
    assert run(["data", "made", str(folder)]) == 0
    assert run(["data", "make", "--resume", str(folder)]) == 2
    assert run(["data", "make", "--resume", str(folder), "--server", f"{served.url}?api_key=SECRET"]) == 2
    assert run(["data", "make", "--document", str(diary), "--server", f"{served.url}?api_key=SECRET"]) == 2
    assert run(["data", "make", "--document", str(diary), "--server", "http://SECRET@host/v1"]) == 2
    said = "".join(capsys.readouterr())
    assert "SECRET" not in said
    assert said.count("use the API key instead") == 4
    assert served.asked == []


def test_no_path_of_this_machine_stands_in_a_made_row(diary: Path, tmp_path: Path, starter: Path) -> None:
    """Rows are exported and uploaded."""
    data = tmp_path / "private" / "rows.jsonl"
    data.write_text('{"prompt": "Name the old boat of the summer", "completion": "Green"}\n')
    model = starter / "model"
    command = [
        "data",
        "make",
        str(data),
        "--maker",
        "paraphrase",
        "--model",
        str(model),
        "--max-tokens",
        "16",
    ]
    assert run([*command, "--out", str(tmp_path / "out")]) == 0
    assert str(tmp_path) not in (tmp_path / "out" / "made.jsonl").read_text()
    with_path = Plan(maker="noise", data=str(data), model=str(model))
    assert SyntheticFolder.create(tmp_path / "new", with_path).plan() == with_path


def test_slips_of_the_keyboard_ask_no_server_and_so_nobody_for_one(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"prompt": "Name the old boat of the summer", "completion": "Green"}\n')
    folder = foreign(tmp_path / "noise", served.url, data=str(data), maker="noise", noise=1.0)
    assert run(["data", "make", "--resume", str(folder)]) == 0
    assert "What is sent" not in capsys.readouterr().err
    assert served.asked == []
