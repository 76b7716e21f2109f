"""A real HTTP server on this machine that speaks as an OpenAI-compatible one does, and fails as they do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Body = dict[str, Any]
type Answer = str | tuple[int, Body, dict[str, str]] | bytes | Callable[[Any], None] | None
"""The reply's text; or status, body and headers; or raw bytes; or who writes to the connection; or None: the
connection is closed.
"""


def completion(content: Any, finish: str = "stop", **message: Any) -> bytes:
    """A whole reply as the protocol has it, with what a message may hold besides."""
    said = {"role": "assistant", "content": content, **message}
    return json.dumps({"choices": [{"index": 0, "finish_reason": finish, "message": said}]}).encode()


@dataclass
class Served:
    """Where it listens, and all that it was asked."""

    url: str
    asked: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    answered: threading.Event = field(default_factory=threading.Event)


@contextmanager
def openai_server(answer: Callable[[Body, int], Answer]) -> Iterator[Served]:
    """A server that answers the n-th request (from 1) by the function, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/v1/chat/completions":
                self._send(404, b'{"error": {"message": "no such path"}}')
                return
            served.asked.append(body)
            served.keys.append(self.headers.get("Authorization"))
            said = answer(body, len(served.asked))
            match said:
                case None:
                    self.close_connection = True
                case bytes():
                    self._send(200, said)
                case str():
                    choice = {"index": 0, "message": {"role": "assistant", "content": said}}
                    self._send(200, json.dumps({"choices": [choice]}).encode())
                case status, document, headers:
                    self._send(status, json.dumps(document).encode(), headers)
                case write:
                    self.close_connection = True
                    with suppress(OSError):
                        write(self.wfile)
            served.answered.set()

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            try:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # whoever asked has gone

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        served = Served(f"http://127.0.0.1:{server.server_address[1]}/v1")
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
