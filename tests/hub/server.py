"""A real HTTP server on this machine that serves datasets as the Hugging Face Hub does."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Where it listens, the files of its one dataset, and what it was asked. `fault` is (status, code)."""

    name: str
    files: dict[str, bytes]
    url: str = ""
    fault: tuple[int, str] | None = None
    held: threading.Event | None = None  # half of a file is sent, then it waits for this
    half: threading.Event = field(default_factory=threading.Event)
    ranges: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def tree(self, folder: str) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": path, "size": len(body), "oid": _digest(body)}
            for path, body in self.files.items()
            if path.startswith(folder)
        ]

    def info(self) -> dict[str, Any]:
        siblings = [{"rfilename": path, "size": len(body)} for path, body in self.files.items()]
        return {"id": self.name, "sha": COMMIT, "private": False, "gated": False, "siblings": siblings}


def _digest(body: bytes) -> str:
    return hashlib.sha1(body).hexdigest()


@contextmanager
def hub_server(hub: Hub) -> Iterator[Hub]:
    """Serve this dataset until the block ends."""
    api = f"/api/datasets/{hub.name}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            hub.tokens.add((self.headers.get("Authorization") or "").removeprefix("Bearer "))
            if hub.fault is not None:
                self._say(hub.fault[0], b"{}", {"X-Error-Code": hub.fault[1]})
            elif not path.startswith((api, f"/datasets/{hub.name}/")):
                self._say(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            elif found := re.match(rf"{api}/tree/[^/]+/?(.*)", path):
                if listed := hub.tree(found[1]):
                    self._say(200, json.dumps(listed).encode())
                else:
                    self._say(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            elif path in (api, f"{api}/revision/{COMMIT}", f"{api}/revision/main"):
                self._say(200, json.dumps(hub.info()).encode())
            elif found := re.match(rf"/datasets/{hub.name}/resolve/[^/]+/(.*)", path):
                self._file(found[1])
            else:
                self._say(404, b"{}", {"X-Error-Code": "RevisionNotFound"})

        do_HEAD = do_GET

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if hub.fault is None and self.path.startswith(f"{api}/paths-info/"):
                paths = json.loads(asked)["paths"]
                self._say(200, json.dumps([each for each in hub.tree("") if each["path"] in paths]).encode())
            else:
                self._say(404, b"{}")

        def _file(self, path: str) -> None:
            if path not in hub.files:
                self._say(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
                return
            body = hub.files[path]
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_digest(body)}"', "Accept-Ranges": "bytes"}
            asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
            if asked is None:
                self._say(200, body, headers)
                return
            hub.ranges.append(self.headers["Range"])
            first, last = int(asked[1]), min(int(asked[2] or len(body) - 1), len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            self._say(206, body[first : last + 1], headers)

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
            if hub.held is None or "/resolve/" not in self.path or len(body) < 10_000:
                self.wfile.write(body)
                return
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            hub.half.set()
            hub.held.wait(30)
            self.wfile.write(body[len(body) // 2 :])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
