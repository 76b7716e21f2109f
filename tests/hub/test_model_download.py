"""Models come from the Hub by its real client, from a real server on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import from_plain, phrase
from studio.events import AccessWanted, Event, Log
from studio.events.models import FileArrived, ModelDownloaded
from studio.hub.failure import TOKENS, HubError
from studio.jobs.models import ListModelsJob
from studio.jobs.online import DownloadModelJob
from studio.models.hub.asked import AskedModel, recognize_model
from studio.models.hub.download import download
from studio.models.hub.fetch import fetch_model
from studio.paths import Paths
from tests.app.keychain import Keychain
from tests.conftest import refused
from tests.hub.models import BASE, GATED, PACKED, PICKLED, READABLE_BY, SMOL
from tests.hub.server import COMMIT, Hub, Served

WEIGHTS = "model.safetensors"


def brought(name: str, **asked: Any) -> tuple[list[Event], ModelDownloaded]:
    *before, last = DownloadModelJob(name, **asked).run_events(None)
    assert isinstance(last, ModelDownloaded)
    return before, last


def said_of(asked: AskedModel) -> list[Any]:
    """What a download says when it is done in this process."""
    said: list[Any] = []
    fetch_model(asked, "", said.append)
    return said


def first_byte(asked: str) -> int:
    return int(asked.removeprefix("bytes=").removesuffix("-"))


def of_starter(hub: Hub) -> Served:
    return next(each for each in hub.models if each.name == SMOL)


def test_a_model_arrives_in_the_cache_of_hugging_face_with_what_it_needs_and_no_more(
    hub: Hub, tmp_path: Path
) -> None:
    before, last = brought(SMOL)
    folder = Path(last.folder)
    assert (last.name, last.revision, folder.name) == (SMOL, COMMIT, COMMIT)
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", WEIGHTS, "tokenizer.json", "README.md", "LICENSE"} <= names
    assert not names & {"modeling_own.py", "pytorch_model.bin", "trainer_state.json"}
    assert all(path.read_bytes() == of_starter(hub).files[path.name] for path in folder.iterdir())
    told = {each.file: each for each in before if isinstance(each, FileArrived)}
    assert {file: (each.done, each.total) for file, each in told.items()} == {
        path.name: (path.stat().st_size, path.stat().st_size) for path in folder.iterdir()
    }
    assert not list((tmp_path / "hf").rglob("*.incomplete"))
    assert hub.elsewhere == {""}
    (found,) = ListModelsJob(Paths.under(tmp_path / "home"), weigh=False).run_events(None)
    listed = {each.name: each for each in found.models}  # type: ignore[attr-defined]
    assert (listed[SMOL].problem, listed[SMOL].place) == (None, str(folder))


def test_what_huggingface_hub_itself_finds_there_is_the_model(inside: Hub, tmp_path: Path) -> None:
    from huggingface_hub import scan_cache_dir, snapshot_download

    done = said_of(AskedModel(BASE))[-1]["done"]
    assert snapshot_download(BASE, local_files_only=True) == done["folder"]
    assert [each.repo_id for each in scan_cache_dir(tmp_path / "hf" / "hub").repos] == [BASE]


@pytest.mark.long
def test_a_download_that_was_paused_goes_on_with_the_bytes_that_are_there(hub: Hub) -> None:
    hub.held = threading.Event()
    events = download(AskedModel(SMOL))
    for event in events:
        if isinstance(event, FileArrived) and event.file == WEIGHTS and event.done >= 5 * 10**6:
            events.close()
    hub.held.set()
    before, last = brought(SMOL)
    there = next(each for each in before if isinstance(each, FileArrived) and each.file == WEIGHTS)
    assert there.done >= 5 * 10**6
    assert [first_byte(asked) for asked in hub.ranges] == [there.done]
    assert (Path(last.folder) / WEIGHTS).read_bytes() == of_starter(hub).files[WEIGHTS]


@pytest.mark.long
def test_a_download_goes_on_after_everything_was_killed(hub: Hub, tmp_path: Path) -> None:
    hub.held = threading.Event()
    code = (
        f"from studio.jobs.online import DownloadModelJob as J\nfor e in J({SMOL!r}).run_events(None): pass"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    while not any(each.stat().st_size >= 5 * 10**6 for each in (tmp_path / "hf").rglob("*.incomplete")):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    hub.held.set()
    _, last = brought(SMOL)
    assert first_byte(hub.ranges[0]) >= 5 * 10**6
    assert (Path(last.folder) / WEIGHTS).read_bytes() == of_starter(hub).files[WEIGHTS]


def test_a_file_that_came_damaged_comes_anew_once(inside: Hub) -> None:
    inside.damaged = {WEIGHTS: 1, "config.json": 1}
    done = said_of(AskedModel(BASE))[-1]["done"]
    served = next(each for each in inside.models if each.name == BASE)
    assert all(path.read_bytes() == served.files[path.name] for path in Path(done["folder"]).iterdir())
    assert inside.damaged == {WEIGHTS: 0, "config.json": 0}


def test_a_file_that_comes_damaged_twice_is_refused_by_its_name(inside: Hub, tmp_path: Path) -> None:
    inside.damaged = {WEIGHTS: 2}
    failed = said_of(AskedModel(BASE))[-1]["failed"]
    assert from_plain(failed) == phrase("hub.corrupt", name=BASE, file=WEIGHTS)
    assert not list((tmp_path / "hf").rglob(WEIGHTS))
    done = said_of(AskedModel(BASE))[-1]["done"]
    assert (Path(done["folder"]) / WEIGHTS).is_file()


@pytest.mark.long
def test_a_file_that_was_damaged_here_is_brought_again(hub: Hub) -> None:
    _, last = brought(BASE)
    file = (Path(last.folder) / WEIGHTS).resolve()
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"!")
    hub.asked.clear()
    _, again = brought(BASE)
    assert (again, (Path(again.folder) / WEIGHTS).read_bytes()) == (last, whole)
    assert sum(path.startswith("/cdn/") for path in hub.asked) >= 1


@pytest.mark.parametrize(
    ("name", "fault", "code", "values"),
    [
        ("ada/nothing", None, "hub.no_model", {"name": "ada/nothing"}),
        (PICKLED, None, "hub.no_weights", {"name": PICKLED}),
        (BASE, (401, ""), "hub.not_given", {"name": BASE}),
        (BASE, (403, ""), "hub.not_given", {"name": BASE}),
        (BASE, (429, ""), "hub.wait", {}),
        (BASE, (503, ""), "hub.answers", {"status": 503, "name": BASE}),
        (f"{BASE}@v9", None, "hub.no_revision", {"name": BASE, "revision": "v9"}),
        (
            PACKED,
            None,
            "hub.several_files",
            {"name": PACKED, "names": "tiny-q4_0.gguf, tiny-q8_0.gguf"},
        ),
    ],
)
def test_what_cannot_be_had_is_told_by_its_code(
    inside: Hub, name: str, fault: tuple[int, str] | None, code: str, values: dict[str, Any]
) -> None:
    inside.fault = fault
    said = said_of(recognize_model(name))
    assert from_plain(said[-1]["failed"]) == phrase(code, **values)


@pytest.mark.parametrize(("offline", "code"), [("1", "hub.offline"), ("0", "hub.out_of_reach")])
def test_without_a_network_it_is_told_whether_that_is_a_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: str, code: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with refused(code, HubError):
        list(DownloadModelJob(BASE).run_events(None))


def test_a_token_that_the_hub_does_not_know_is_refused_with_the_page_for_another(hub: Hub) -> None:
    hub.fault, hub.message = (401, ""), "Invalid credentials in Authorization header"
    with refused("hub.token_refused", HubError, page=TOKENS):
        list(DownloadModelJob(BASE, token="hf_old").run_events(None))


@pytest.mark.long
def test_a_gated_model_names_its_page_and_comes_with_a_token_which_is_kept(
    hub: Hub, keychain: Keychain
) -> None:
    told: list[Event] = []
    with refused("hub.gated", HubError, page=f"{hub.url}/{GATED}"):
        told.extend(DownloadModelJob(GATED).run_events(None))
    assert told[-1] == AccessWanted(f"{hub.url}/{GATED}")
    _, last = brought(GATED, token=READABLE_BY)
    assert (Path(last.folder) / WEIGHTS).is_file()
    assert list(keychain.kept.values()) == [READABLE_BY]
    assert hub.elsewhere == {""}


def test_a_model_that_was_renamed_comes_under_its_new_name(hub: Hub) -> None:
    hub.moved = {"ada/former": BASE}
    before, last = brought("ada/former")
    assert last.name == BASE
    assert Log(str(phrase("hub.moved", name="ada/former", now=BASE))) in before


def test_one_of_several_gguf_files_is_brought_where_it_is_chosen(inside: Hub) -> None:
    done = said_of(AskedModel(PACKED, file="tiny-q4_0.gguf"))[-1]["done"]
    assert (Path(done["folder"]).name, done["files"]) == ("tiny-q4_0.gguf", 1)
    failed = said_of(AskedModel(PACKED, file="tiny-q2.gguf"))[-1]["failed"]
    assert failed["code"] == "hub.no_file"


def test_the_disk_is_looked_at_before_anything_comes(inside: Hub) -> None:
    of_starter(inside).sizes = {WEIGHTS: 10**16}
    assert said_of(AskedModel(SMOL))[-1]["failed"]["code"] == "hub.no_space"
    assert not any(path.startswith("/cdn/") for path in inside.asked)


@pytest.mark.long
def test_a_server_that_falls_silent_is_asked_again_for_the_rest(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "1")
    hub.silences = 1
    _, last = brought(SMOL)
    assert (Path(last.folder) / WEIGHTS).read_bytes() == of_starter(hub).files[WEIGHTS]
    assert [first_byte(asked) >= 5 * 10**6 for asked in hub.ranges] == [True]


@pytest.mark.long
def test_a_server_that_stays_silent_is_called_slow(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "1")
    hub.silences = 99
    with refused("hub.slow", HubError, address=hub.url):
        list(DownloadModelJob(SMOL).run_events(None))


@pytest.mark.long
def test_the_cache_is_where_the_environment_says(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    _, last = brought(BASE)
    assert Path(last.folder).is_relative_to(tmp_path / "elsewhere")
