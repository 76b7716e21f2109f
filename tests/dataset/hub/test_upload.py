"""An upload through the real client to a server on this machine, and the sentences for what can go wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from studio.cli.commands import run
from studio.dataset.hub.upload import leaving, upload, uploading
from studio.dataset.manifest import Manifest
from studio.dataset.record import Record
from studio.dataset.save.folder import save
from studio.dataset.steps.result import Shaped
from studio.errors import DataError
from studio.events import Log
from studio.hub.failure import TOKENS, HubError
from studio.hub.upload import Leaving, listed_files
from studio.jobs.hub import UploadJob
from tests.conftest import finish, refused

EARLIER = "part-00009.parquet"


class Hub(ThreadingHTTPServer):
    """Answers as the Hub does to what an upload asks; `status` refuses everything."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status = status
        self.files: dict[str, bytes] = {}
        self.deleted: list[str] = []
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, format: str, *arguments: Any) -> None: ...

    def do_GET(self) -> None:
        if "/tree/" in self.path:
            self._answer([{"type": "file", "path": EARLIER, "size": 1, "oid": "0" * 40}])
        else:
            self._answer({"id": "ann/set", "sha": "0" * 40, "siblings": [], "private": True})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        if self.path.endswith("/preupload/main"):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            self._answer({"files": files})
        elif self.path.endswith("/commit/main"):
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "deletedFile":
                    self.server.deleted.append(line["value"]["path"])
                if line["key"] == "file":
                    self.server.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            self._answer(
                {"commitUrl": f"{self.server.address}/datasets/ann/set/commit/1", "commitOid": "1" * 40}
            )
        else:
            self._answer({"url": f"{self.server.address}/datasets/ann/set", "name": "ann/set"})

    def _answer(self, document: Any) -> None:
        text = json.dumps(document if self.server.status == 200 else {"error": "no"}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    finish(save(tmp_path / "set", Shaped((Record(1, text="One."),), {}, (), ()), format="text"))
    return tmp_path / "set"


def serving(status: int = 200) -> Iterator[Hub]:
    hub = Hub(status)
    thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hub
    hub.shutdown()
    hub.server_close()
    thread.join()


@pytest.fixture
def hub() -> Iterator[Hub]:
    yield from serving()


@pytest.fixture
def refusing(request: pytest.FixtureRequest) -> Iterator[Hub]:
    yield from serving(request.param)


def test_the_whole_folder_arrives_and_replaces_the_parts_of_an_earlier_one(hub: Hub, folder: Path) -> None:
    address = upload(folder, "ann/set", " hf_secret\n", endpoint=hub.address)
    assert address == f"{hub.address}/datasets/ann/set"
    assert hub.files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert hub.deleted == [EARLIER]
    assert {token for _, token in hub.asked} == {"Bearer hf_secret"}
    assert hub.asked[0][0] == "/api/repos/create"


def test_nothing_else_in_the_folder_goes_up_and_all_that_does_is_listed_first(
    hub: Hub, folder: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "notes about clients.txt").write_text("private")
    (folder / ".env").write_text("KEY=1")
    (folder / "part-99999.parquet").write_bytes(b"no part of it")
    (folder / "golden.jsonl").write_text("not written by the app: no row is golden")
    (folder / "drafts").mkdir()
    listed = leaving(folder)
    assert hub.asked == []
    upload(folder, "ann/set", "hf_x", endpoint=hub.address)
    assert hub.files == before
    assert {each.name: each.bytes for each in listed} == {name: len(data) for name, data in hub.files.items()}


def test_many_parts_are_listed_together() -> None:
    parts = [Leaving(f"part-{number:05}.parquet", 1_000_000) for number in range(40)]
    words = listed_files([Leaving("dataset.json", 2000), *parts])
    assert words.startswith("dataset.json (2.0 KB), part-00000.parquet (1.0 MB)")
    assert words.endswith("35 more, up to part-00039.parquet (35 MB)")


def test_golden_rows_go_up_with_their_dataset(hub: Hub, tmp_path: Path) -> None:
    records = (Record(1, text="One."), Record(2, text="Two."))
    shaped = Shaped(records, {1: "train", 2: "golden"}, (), ())
    finish(save(tmp_path / "set", shaped, format="text"))
    upload(tmp_path / "set", "ann/set", "hf_x", endpoint=hub.address)
    assert "golden.jsonl" in hub.files


@pytest.mark.parametrize(
    "file", ["../diary.parquet", "/etc/hostname", "sub/part-00000.parquet", "..", "gone.parquet"]
)
def test_a_manifest_that_lists_other_files_sends_none(hub: Hub, folder: Path, file: str) -> None:
    (folder.parent / "diary.parquet").write_bytes(b"private")
    document = json.loads((folder / "dataset.json").read_text())
    document["files"][0]["file"] = file
    (folder / "dataset.json").write_text(json.dumps(document))
    with refused("upload.lacks", DataError, folder=str(folder), file=file):
        upload(folder, "ann/set", "hf_x", endpoint=hub.address)
    assert hub.asked == []


def test_what_the_uploading_process_refuses_is_refused_by_its_code(hub: Hub, folder: Path) -> None:
    (folder / "part-00000.parquet").unlink()
    with refused("upload.lacks", HubError, folder=str(folder), file="part-00000.parquet"):
        finish(uploading(folder, "ann/set", "hf_x"))
    assert hub.asked == []


@pytest.mark.parametrize("name", ["README.md", "part-00000.parquet"])
def test_a_link_to_another_file_is_not_followed(hub: Hub, folder: Path, name: str) -> None:
    (folder.parent / "diary.txt").write_text("private")
    (folder / name).unlink()
    (folder / name).symlink_to(folder.parent / "diary.txt")
    with refused("upload.lacks", DataError, folder=str(folder), file=name):
        upload(folder, "ann/set", "hf_x", endpoint=hub.address)
    assert hub.asked == []


def test_no_path_of_this_machine_is_published_or_stands_in_the_manifest(hub: Hub, tmp_path: Path) -> None:
    """Also of a dataset saved by an earlier version, whose manifest holds whole paths."""
    home = tmp_path / "Users" / "ann" / "Clients"
    home.mkdir(parents=True)
    data, more, out = home / "secret client.jsonl", home / "more.jsonl", tmp_path / "Users" / "ann" / "set"
    data.write_text('{"text": "One."}\n')
    more.write_text('{"text": "Two."}\n')
    assert run(["data", "save", str(data), str(out), "--step", f"mix path='{more}' weight=0"]) == 0
    written = (out / "dataset.json").read_text()
    assert str(tmp_path) not in written
    assert str(tmp_path) not in (out / "README.md").read_text()
    manifest = Manifest.read(out)
    assert [source.path for source in manifest.sources] == [str(data), str(more)]  # found all the same
    assert manifest.history[0]["path"] == str(more)
    old = json.loads(written)
    old["sources"][0]["path"], old["history"][0]["path"] = str(data), str(more)
    for document in (written, json.dumps(old)):
        (out / "dataset.json").write_text(document)
        upload(out, "ann/set", "hf_x", endpoint=hub.address)
        assert "Clients" not in b"".join(hub.files.values()).decode("latin-1")
        assert json.loads(hub.files["dataset.json"])["sources"][0]["path"] == "secret client.jsonl"


def test_a_dataset_that_moves_with_its_source_still_finds_it(tmp_path: Path) -> None:
    data = tmp_path / "one" / "rows.jsonl"
    data.parent.mkdir()
    data.write_text('{"text": "One."}\n')
    assert run(["data", "save", str(data), str(tmp_path / "one" / "set")]) == 0
    (tmp_path / "one").rename(tmp_path / "two")
    source = Manifest.read(tmp_path / "two" / "set").sources[0]
    assert source.path == str(tmp_path / "two" / "rows.jsonl")


@pytest.mark.parametrize(
    ("refusing", "code", "values"),
    [
        (401, "upload.token_refused", {"page": TOKENS}),
        (403, "upload.may_not_write", {"name": "ann/set", "owner": "ann", "page": TOKENS}),
        (404, "upload.not_made", {"name": "ann/set"}),
        (429, "upload.wait", {}),
        (500, "upload.refused", {"status": 500}),
    ],
    indirect=["refusing"],
)
def test_what_the_hub_refuses_is_told_with_the_page_that_helps(
    refusing: Hub, folder: Path, code: str, values: dict[str, str]
) -> None:
    with refused(code, HubError, **values) as raised:
        upload(folder, "ann/set", "hf_x", endpoint=refusing.address)
    assert raised.value.page == values.get("page", "")


def test_no_network_is_a_sentence(folder: Path) -> None:
    hub = Hub()
    hub.server_close()
    with refused("upload.out_of_reach", HubError):
        upload(folder, "ann/set", "hf_x", endpoint=hub.address)


def test_the_hub_switched_off_is_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with refused("upload.offline", HubError):
        upload(folder, "ann/set", "hf_x")


def test_what_cannot_be_uploaded_is_refused_before_anything_is_sent(folder: Path, tmp_path: Path) -> None:
    for place, name, token, code in (
        (tmp_path, "ann/set", "hf_x", "upload.not_saved"),
        (folder, "set", "hf_x", "upload.no_name"),
        (folder, "ann/se t", "hf_x", "upload.refused_name"),
        (folder, "ann/set", "  ", "upload.no_token"),
    ):
        with refused(code, DataError):
            upload(place, name, token, endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize(("private", "seen"), [(True, "only you and its owner's"), (False, "everybody")])
def test_an_upload_says_what_leaves_before_anything_does(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, private: bool, seen: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    (folder / "notes.txt").write_text("private")
    events = UploadJob(folder, "ann/set", private, token="hf_x").run_events(None)
    first = next(events)
    events.close()
    assert hub.asked == []
    assert isinstance(first, Log)
    assert first.text.startswith(f"What goes to ann/set on the Hub, for {seen}")
    assert all(name in first.text for name in ("dataset.json (", "README.md (", "part-00000.parquet ("))
    assert "notes" not in first.text
