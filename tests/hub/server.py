"""A real HTTP server on this machine that serves datasets and models as the Hugging Face Hub does.

`tests/hub/models.py` serves some models, also by hand.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_STORED = (".safetensors", ".gguf", ".bin", ".model")
"""Files that lie in large file storage, and come from another host."""
_SILENCE = 3.0  # seconds
_LARGE = 10**6  # bytes of a file that may be held, or come haltingly


@dataclass
class Served:
    """A repository: its files, what its page says, and the token that alone may read it where it is gated."""

    name: str
    files: dict[str, bytes]
    kind: str = "model"
    facts: dict[str, Any] = field(default_factory=dict)
    readable_by: str = ""
    sizes: dict[str, int] = field(default_factory=dict)  # as told, where that is not the truth

    @property
    def api(self) -> str:
        return f"/api/{self.kind}s/{self.name}"

    @property
    def place(self) -> str:
        return f"/{self.name}" if self.kind == "model" else f"/{self.kind}s/{self.name}"

    def tree(self, folder: str) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": path, "size": len(body), "oid": git_digest(body)}
            for path, body in self.files.items()
            if path.startswith(folder)
        ]

    def info(self) -> dict[str, Any]:
        siblings = [self._sibling(path, body) for path, body in self.files.items()]
        about = {"id": self.name, "sha": COMMIT, "private": False, "siblings": siblings, "tags": []}
        return {**about, "gated": "manual" if self.readable_by else False, **self.facts}

    def _sibling(self, path: str, body: bytes) -> dict[str, Any]:
        size = self.sizes.get(path, len(body))
        told: dict[str, Any] = {"rfilename": path, "size": size, "blobId": git_digest(body)}
        if is_stored(path):
            told["lfs"] = {"sha256": hashlib.sha256(body).hexdigest(), "size": size, "pointerSize": 134}
        return told


@dataclass
class Hub:
    """Where it listens, what it holds, what it was asked, and what goes wrong.

    `name` and `files` are a dataset; `models` are beside it. `fault` is (status, code) for every request.
    `damaged` says how often a file comes with a wrong byte, `silences` how often half of one comes and then
    nothing for a while, `moved` which names have become others. `put` is what was uploaded, by path.
    """

    name: str = "user/none"
    files: dict[str, bytes] = field(default_factory=dict)
    models: list[Served] = field(default_factory=list)
    url: str = ""
    fault: tuple[int, str] | None = None
    message: str = ""  # what comes with a fault
    held: threading.Event | None = None  # half of a file is sent, then it waits for this
    half: threading.Event = field(default_factory=threading.Event)
    damaged: dict[str, int] = field(default_factory=dict)
    silences: int = 0
    moved: dict[str, str] = field(default_factory=dict)
    page: int = 100  # models of a search in one answer
    ranges: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)  # tokens that the other host was given
    asked: list[str] = field(default_factory=list)
    put: dict[str, bytes] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    made: list[dict[str, Any]] = field(default_factory=list)

    @property
    def repositories(self) -> list[Served]:
        return [Served(self.name, self.files, "dataset"), *self.models]

    def search(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """The models that a query of the Hub's own form finds, in its order."""
        found = [each.info() for each in self.models]
        for words in query.get("search", ()):
            found = [each for each in found if words.lower() in each["id"].lower()]
        for tag in query.get("filter", ()):
            found = [each for each in found if tag in each["tags"]]
        for tag in query.get("pipeline_tag", ()):
            found = [each for each in found if each.get("pipeline_tag") == tag]
        if by := query.get("sort"):
            found.sort(key=lambda each: each.get(by[0]) or 0, reverse=True)
        return found


def git_digest(body: bytes) -> str:
    return hashlib.sha1(f"blob {len(body)}\0".encode() + body).hexdigest()


def is_stored(path: str) -> bool:
    return path.endswith(_STORED)


@contextmanager
def hub_server(hub: Hub) -> Iterator[Hub]:
    """Serve these repositories until the block ends."""
    handler = type("Handler", (_Answers,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


class _Answers(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, query = unquote(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query)
        self.hub.asked.append(path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        (self.hub.elsewhere if path.startswith("/cdn/") else self.hub.tokens).add(token)
        if self.hub.fault is not None:
            status, code = self.hub.fault
            self._say(status, b"{}", {"X-Error-Code": code, "X-Error-Message": self.hub.message})
        elif path == "/api/models":
            self._search(query)
        elif path.startswith("/cdn/"):
            self._stored(path)
        elif moved := next((each for each in self.hub.moved if f"/{each}" in path), None):
            self._say(307, b"", {"Location": self.path.replace(moved, self.hub.moved[moved], 1)})
        elif served := self._served(path):
            self._of_repository(served, path, token)
        else:
            self._refuse("RepoNotFound")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(path)
        self.hub.tokens.add((self.headers.get("Authorization") or "").removeprefix("Bearer "))
        served = self._served(path)
        if self.hub.fault is not None:
            self._say(self.hub.fault[0], b'{"error": "no"}', {"X-Error-Code": self.hub.fault[1]})
        elif served and path.startswith(f"{served.api}/paths-info/"):
            paths = json.loads(asked)["paths"]
            self._tell([each for each in served.tree("") if each["path"] in paths])
        else:
            self._take(path, asked)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.stored[self.path.rpartition("/")[2]] = body
        self._say(200, b"")

    def _served(self, path: str) -> Served | None:
        return next(
            (
                each
                for each in self.hub.repositories
                if path == each.api or path.startswith((f"{each.api}/", f"{each.place}/"))
            ),
            None,
        )

    def _search(self, query: dict[str, list[str]]) -> None:
        found, start = self.hub.search(query), int(query.get("cursor", ["0"])[0])
        end = start + min(self.hub.page, int(query.get("limit", [str(self.hub.page)])[0]))
        more = urlencode({**query, "cursor": [str(end)]}, doseq=True)
        following = {"Link": f'<{self.hub.url}/api/models?{more}>; rel="next"'} if end < len(found) else {}
        self._tell(found[start:end], following)

    def _of_repository(self, served: Served, path: str, token: str) -> None:
        api = served.api
        barred = served.readable_by and token != served.readable_by
        if path == f"{api}/auth-check":
            self._refuse("GatedRepo", 403) if barred else self._tell({})
        elif found := re.match(rf"{re.escape(api)}/tree/[^/]+/?(.*)", path):
            listed = served.tree(found[1])
            self._tell(listed) if listed else self._refuse("EntryNotFound")
        elif path in (api, f"{api}/revision/{COMMIT}", f"{api}/revision/main"):
            self._tell(served.info())
        elif found := re.match(rf"{re.escape(served.place)}/resolve/([^/]+)/(.*)", path):
            if found[1] not in ("main", COMMIT):
                self._refuse("RevisionNotFound")
            elif barred:
                self._refuse("GatedRepo", 403)
            else:
                self._file(served, found[2])
        else:
            self._refuse("RevisionNotFound")

    def _file(self, served: Served, path: str) -> None:
        if path not in served.files:
            self._say(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
            return
        body, commit = served.files[path], {"X-Repo-Commit": COMMIT}
        if served.kind == "model" and is_stored(path):
            digest = hashlib.sha256(body).hexdigest()
            linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(body))}
            there = f"{self.hub.url.replace('127.0.0.1', 'localhost')}/cdn/{served.name}/{path}"
            self._say(302, b"", {**commit, **linked, "Location": there})
        else:
            self._send_part(path, body, {**commit, "ETag": f'"{git_digest(body)}"'})

    def _stored(self, path: str) -> None:
        """What the other host gives, which large files are redirected to."""
        for served in self.hub.models:
            name = path.removeprefix(f"/cdn/{served.name}/")
            if name in served.files:
                digest = hashlib.sha256(served.files[name]).hexdigest()
                self._send_part(name, served.files[name], {"ETag": f'"{digest}"'})
                return
        self._refuse("EntryNotFound")

    def _send_part(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        if self.command == "GET" and self.hub.damaged.get(path):
            self.hub.damaged[path] -= 1
            body = body[:-1] + bytes([body[-1] ^ 1])
        headers = {**headers, "Accept-Ranges": "bytes"}
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if asked is None:
            self._say(200, body, headers)
            return
        self.hub.ranges.append(self.headers["Range"])
        first, last = int(asked[1]), min(int(asked[2] or len(body) - 1), len(body) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        self._say(206, body[first : last + 1], headers)

    def _take(self, path: str, asked: bytes) -> None:
        """What an upload asks."""
        if path == "/api/repos/create":
            made = json.loads(asked)
            self.hub.made.append(made)
            owner = f"{made['organization']}/" if made.get("organization") else ""
            self._tell({"url": f"{self.hub.url}/{owner}{made['name']}", "name": made["name"]})
        elif path == "/api/validate-yaml":
            self._tell({"errors": [], "warnings": []})
        elif "/preupload/" in path:
            files = [
                {"path": each["path"], "shouldIgnore": False}
                | {"uploadMode": "lfs" if is_stored(each["path"]) else "regular"}
                for each in json.loads(asked)["files"]
            ]
            self._tell({"files": files})
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [
                {**each, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{each['oid']}"}}}
                for each in json.loads(asked)["objects"]
            ]
            self._tell({"transfer": "basic", "objects": objects})
        elif "/commit/" in path:
            for line in map(json.loads, asked.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    self.hub.put[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    self.hub.put[value["path"]] = self.hub.stored[value["oid"]]
            of = path.removeprefix("/api/models").partition("/commit/")[0]
            self._tell({"commitUrl": f"{self.hub.url}{of}/commit/{COMMIT}", "commitOid": COMMIT})
        else:
            self._say(404, b"{}")

    def _refuse(self, code: str, status: int = 404) -> None:
        self._say(status, b"{}", {"X-Error-Code": code})

    def _tell(self, document: Any, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(document).encode()
        self._say(200, text, {"Content-Type": "application/json", **(headers or {})})

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self._send(body)
        except OSError:
            self.close_connection = True  # whoever asked has gone

    def _send(self, body: bytes) -> None:
        is_file = "/resolve/" in self.path or self.path.startswith("/cdn/")
        if not is_file or len(body) < _LARGE or (self.hub.held is None and not self.hub.silences):
            self.wfile.write(body)
            return
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.hub.half.set()
        if self.hub.held is not None:
            self.hub.held.wait(30)
        else:
            self.hub.silences -= 1
            threading.Event().wait(_SILENCE)
        self.wfile.write(body[len(body) // 2 :])

    def log_message(self, *_: object) -> None:
        pass
