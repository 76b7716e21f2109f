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

from studio.data.history.shaped import Shaped
from studio.data.records import Record
from studio.data.saving.hub import upload
from studio.data.saving.saved import save
from studio.errors import DataError
from tests.conftest import finish

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


@pytest.mark.parametrize(
    ("refusing", "words"),
    [(401, "does not accept the token"), (403, "may not write to ann/set"), (404, "has no ann/set")],
    indirect=["refusing"],
)
def test_a_refusal_is_a_sentence(refusing: Hub, folder: Path, words: str) -> None:
    with pytest.raises(DataError, match=words):
        upload(folder, "ann/set", "hf_x", endpoint=refusing.address)


def test_no_network_is_a_sentence(folder: Path) -> None:
    hub = Hub()
    hub.server_close()
    with pytest.raises(DataError, match="The Hub cannot be reached"):
        upload(folder, "ann/set", "hf_x", endpoint=hub.address)


def test_the_hub_switched_off_is_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="switched off by HF_HUB_OFFLINE"):
        upload(folder, "ann/set", "hf_x")


def test_what_cannot_be_uploaded_is_refused_before_anything_is_sent(folder: Path, tmp_path: Path) -> None:
    for place, name, token, words in (
        (tmp_path, "ann/set", "hf_x", "is not a saved dataset"),
        (folder, "set", "hf_x", "Name it as owner/dataset"),
        (folder, "ann/se t", "hf_x", "is not a name on the Hub"),
        (folder, "ann/set", "  ", "There is no token"),
    ):
        with pytest.raises(DataError, match=words):
            upload(place, name, token, endpoint="http://127.0.0.1:9")
