"""The server as anything on this machine meets it: who may ask, what is too much, and how it ends."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from studio.dataset.record import Call, Message
from studio.errors import StudioError
from studio.generate.contestant import Contestant
from studio.generate.sampling import Sampling
from studio.jobs.messages import Packed, packed
from studio.jobs.replies import ReplyJob, ReplyPrompt
from studio.runs.folder import RunFolder
from studio.serve.offered import Offered, served_name
from studio.serve.server import LocalServer
from studio.serve.service import LARGEST
from tests.serve.conftest import Serving, serving

ASK = {"model": "starter", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
MANY = {"type": "array", "items": {"type": "integer"}, "minItems": 999}
LONG: Any = {
    "model": "starter",
    "messages": [{"role": "user", "content": "Count."}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "numbers", "schema": MANY}},
    "stream": True,
}
"""A reply that cannot end soon."""
KEY = "a-key-of-ours"


@pytest.fixture(scope="module")
def keyed(served_run: RunFolder) -> Iterator[Serving]:
    """A server that asks for a key."""
    with serving(served_run, ["starter"], KEY) as found:
        yield found


def ask(server: LocalServer, path: str, body: Any = None, method: str = "", **headers: str) -> Any:
    """The status and the document of one request; header names have _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    connection.request(method or ("POST" if data is not None else "GET"), path, data, sent)
    response = connection.getresponse()
    status, document = response.status, json.loads(response.read())
    connection.close()
    return status, document.get("error", {}).get("code"), document


def raw_request(server: LocalServer, body: Any) -> bytes:
    """A chat request as bytes, for a socket whose owner does not wait for the end."""
    sent = json.dumps(body)
    host = f"Host: 127.0.0.1:{server.port}"
    return (
        f"POST /v1/chat/completions HTTP/1.1\r\n{host}\r\nContent-Length: {len(sent)}\r\n\r\n{sent}".encode()
    )


def wait(until: Callable[[], bool]) -> None:
    """Wait for what another thread brings about."""
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_only_who_has_the_key_is_answered(keyed: Serving) -> None:
    client = keyed.client
    assert client.chat.completions.create(**ASK).usage.completion_tokens <= 4
    for wrong in ("other", KEY[:-1], f"{KEY}x", "ключ"):
        header = {"Authorization": f"Bearer {wrong}".encode()}
        assert ask(keyed.server, "/v1/models", **header)[:2] == (401, "invalid_api_key")
    with pytest.raises(openai.AuthenticationError) as raised:
        client.with_options(api_key="other").models.list()
    assert KEY not in str(raised.value.body)
    assert ask(keyed.server, "/v1/models")[:2] == (401, "invalid_api_key")
    assert ask(keyed.server, "/v1/models", Authorization=f"Basic {KEY}")[:2] == (401, "invalid_api_key")
    assert ask(keyed.server, "/health")[0] == 200


def test_pages_of_a_browser_have_no_access(served: Serving) -> None:
    server = served.server
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1:1", "192.168.0.5", ""):
        assert ask(server, "/v1/models", Host=host)[:2] == (403, "host_not_allowed"), host
    for origin in ("https://evil.example", "null", f"https://127.0.0.1:{server.port}", "http://localhost:1"):
        found = ask(server, "/v1/chat/completions", ASK, Origin=origin)
        assert found[:2] == (403, "origin_not_allowed"), origin
    for host in ("127.0.0.1", "localhost", "LOCALHOST"):
        own = f"{host}:{server.port}"
        assert ask(server, "/v1/models", Host=own, Origin=f"http://{own}")[0] == 200
    assert ask(server, "/v1/chat/completions", ASK, "OPTIONS", Origin="http://evil.example")[0] == 403


def test_what_is_no_request_is_refused_with_a_body(served: Serving) -> None:
    server, path = served.server, "/v1/chat/completions"
    assert ask(server, "/v1/nothing")[:2] == (404, "not_found")
    assert ask(server, path)[:2] == (405, "method_not_allowed")
    assert ask(server, "/v1/models", ASK)[:2] == (405, "method_not_allowed")
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        assert ask(server, path, body)[:2] == (400, "invalid_json"), body[:9]
    for body in ([], "text", 3):
        assert ask(server, path, body)[:2] == (400, "invalid_value")
    assert ask(server, path, {})[:2] == (400, "missing_required_parameter")
    assert ask(server, path, b" " * (LARGEST + 1))[:2] == (413, "request_too_large")
    assert ask(server, path, {**ASK, "temperature": float("nan")})[:2] == (400, "invalid_value")
    lone = {**ASK, "messages": [{"role": "user", "content": "\ud800 Hello"}]}
    assert ask(server, path, lone)[0] == 200


def test_who_goes_away_stops_the_reply_and_who_is_slow_keeps_nobody_waiting(served: Serving) -> None:
    server, client = served.server, served.client
    before = server.figures
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(raw_request(server, LONG))
        wait(lambda: server.figures.answering == 1)
        assert client.chat.completions.create(**ASK).usage.completion_tokens <= 4
        assert slow.recv(12) == b"HTTP/1.1 200"
    with client.chat.completions.create(**LONG) as stream:
        next(iter(stream))
    wait(lambda: server.figures.answering == 0)
    with socket.create_connection(("127.0.0.1", server.port)) as gone:
        gone.sendall(raw_request(server, {**LONG, "stream": False}))
        wait(lambda: server.figures.answering == 1)
    wait(lambda: server.figures.answering == 0)
    assert server.figures.answered == before.answered + 4


def test_a_taken_port_is_said_in_a_sentence(served: Serving) -> None:
    second = LocalServer(Offered(served.run.path.parent), lambda *_: lambda: None, port=served.server.port)
    with pytest.raises(StudioError, match=f"Port {second.port} is taken by another program"):
        second.start()
    second.stop()


def test_it_stops_at_once_also_in_the_middle_of_a_reply(served_run: RunFolder) -> None:
    with serving(served_run, ["starter"]) as found:
        stream = iter(found.client.chat.completions.create(**LONG))
        next(stream)
        found.server.stop()
        assert not found.server.runs
        with pytest.raises(openai.APIError, match="The server was stopped"):
            list(stream)
        with pytest.raises(openai.APIConnectionError):
            found.client.models.list()


def test_a_model_of_the_hubs_cache_is_called_as_on_the_hub() -> None:
    cached = "/c/models--Qwen--Qwen3-0.6B/snapshots/0123abc"
    assert [served_name(model) for model in (cached, "/models/mine", "starter")] == [
        "Qwen/Qwen3-0.6B",
        "mine",
        "starter",
    ]


def test_a_request_reaches_an_engine_in_another_process_as_it_is(served_run: RunFolder) -> None:
    turns = (Message("user", "Hello"), Message("assistant", "", calls=(Call("sky", "{}", "1"),)))
    prompts = (ReplyPrompt(turns, tools="[]"), ReplyPrompt(text="Gold"), ReplyPrompt(ids=(5, 6)))
    sampling = Sampling.model_validate({"temperature": 0.5, "stop": ("a", "b"), "seed": 3})
    job = ReplyJob(served_run, Contestant(kind="tuned", step=2), prompts, sampling, 7, 2, 0, '{"a": 1}', True)
    assert Packed(json.loads(json.dumps(packed(job)))).unpacked() == job
