"""What a server may do to the one who asks: reply without an end, send elsewhere, repeat a key."""

from __future__ import annotations

import errno
import itertools
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import Phrase, phrase
from studio.cli.commands import run
from studio.generate.keys import ServerError, checked, keep_key, server_key
from studio.generate.server import QuestionRefused, Replied, Server, connected
from tests.conftest import finish, refused
from tests.jobs.openai_server import Answer, completion, openai_server

KEY = "sk-SECRETKEY123-and-more"


def replied(server: Server) -> Replied:
    with connected(server) as ask:
        return finish(ask([{"role": "user", "content": "Hello"}], 16, 0.0, 0))


def asked(answer: Answer, **fields: Any) -> Replied:
    with openai_server(lambda body, number: answer) as served:
        return replied(Server(served.url, "llama", wait=0.001, **fields))


def fault(error: ServerError) -> str:
    """The code of what was amiss at the last attempt."""
    assert isinstance(error.said, Phrase)
    why = dict(error.said.values)["fault"]
    assert isinstance(why, Phrase)
    return why.code


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def test_a_machine_that_no_way_leads_to_is_told_from_a_server_that_does_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As macOS refuses the local network until the person lets the app use it."""

    def connect(self: socket.socket, address: object) -> None:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with refused("server.out_of_reach", ServerError, server="http://192.168.1.7:8080/v1") as raised:
        replied(Server("http://192.168.1.7:8080/v1", "llama", wait=0.001))
    assert "Local Network" in str(raised.value)


def test_a_reply_that_drips_ends_when_its_time_is_over() -> None:
    """One that came byte by byte outlived any time for a single read."""
    over = threading.Event()

    def drip(out: Any) -> None:
        out.write(HEAD)
        while not over.wait(0.02):
            out.write(b" ")
            out.flush()

    try:
        with refused("server.no_reply", ServerError, attempts=5, fault="server.too_slow"):
            asked(drip, timeout=0.3)
    finally:
        over.set()


def test_a_header_that_drips_ends_too() -> None:
    over = threading.Event()

    def drip(out: Any) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            out.write(b"x")
            out.flush()

    try:
        with refused("server.no_reply", ServerError, fault=phrase("server.too_slow", seconds="0.3")):
            asked(drip, timeout=0.3)
    finally:
        over.set()


@pytest.mark.parametrize("status", [b"200 OK", b"400 Bad Request", b"500 Oh"])
def test_a_reply_without_an_end_is_broken_off(status: bytes) -> None:
    sent: list[int] = []

    def flood(out: Any) -> None:
        out.write(b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n\r\n")
        for _ in itertools.count():
            out.write(b" " * 65536)
            sent.append(65536)

    with refused("server.too_large", ServerError, size="1.0 MB"):
        asked(flood, largest=1_000_000)
    assert sum(sent) < 50_000_000


def test_a_large_reply_within_the_limit_is_read() -> None:
    assert asked(completion("x" * 900_000), largest=1_000_000).text == "x" * 900_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_is_asked_is_not_sent_on_to_another_server(status: int) -> None:
    with (
        openai_server(lambda body, number: "from the other") as other,
        openai_server(
            lambda body, number: (status, {}, {"Location": f"{other.url}/chat/completions?k=v"})
        ) as served,
        pytest.raises(ServerError, check=lambda error: error.code == "server.elsewhere") as raised,
    ):
        replied(Server(served.url, "llama", KEY))
    assert other.asked == []
    where = str(dict(raised.value.said.values)["where"])
    assert where.startswith(other.url)
    assert "k=v" not in where


def test_a_redirect_on_the_same_server_is_asked_the_same() -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        return (307, {}, {"Location": "/v1/chat/completions"}) if number == 1 else "there"

    with openai_server(answer) as served:
        assert replied(Server(served.url, "llama")).text == "there"
    assert served.asked[0] == served.asked[1]


def test_redirects_without_an_end_have_one() -> None:
    with pytest.raises(ServerError, check=lambda error: fault(error) == "server.endless"):
        asked((308, {}, {"Location": "/v1/chat/completions"}))


ECHOES = [
    f"bad key Bearer {KEY}",
    f"bad key {KEY[:15]}…",
    f"bad key '{KEY}' in {{'Authorization': 'Bearer {KEY}'}}",
    "x" * 190 + KEY,
]


@pytest.mark.parametrize("message", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418])
def test_no_sentence_repeats_the_key(status: int, message: str) -> None:
    with pytest.raises(ServerError) as raised:
        asked((status, {"error": {"message": message}}, {}), key=KEY)
    assert "SECRET" not in str(raised.value)
    assert "[key]" in str(raised.value)
    assert KEY not in repr(Server("http://a", "b", KEY))


def test_nor_does_one_after_all_attempts() -> None:
    with refused(
        "server.no_reply", ServerError, fault=phrase("server.answered", status=500, reason=" (“no [key]”)")
    ) as raised:
        asked((500, {"error": {"message": f"no {KEY}"}}, {}), key=KEY)
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (completion("Yes"), Replied("Yes", "stop")),
        (completion("Ye", "length"), Replied("Ye", "length")),
        (completion(None, "content_filter"), Replied("", "content_filter")),
        (completion("", reasoning_content="Hm"), Replied("", "stop", "reasoning_content")),
        (completion(None, refusal="I cannot."), Replied("", "stop", "refusal")),
        (completion([{"type": "text", "text": "Y"}, {"type": "text", "text": "es"}]), Replied("Yes", "stop")),
        (b'{"choices": [{"message": {"content": "Yes"}}]}', Replied("Yes")),
    ],
)
def test_a_reply_says_how_it_ended(answer: bytes, expected: Replied) -> None:
    assert asked(answer) == expected


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"[]",
        b"null",
        b'{"choices": {}}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": 3}]}',
        b"[" * 10_000,
    ],
)
def test_what_is_no_reply_is_said_to_be_none(reply: bytes) -> None:
    with pytest.raises(ServerError, check=lambda error: fault(error) == "server.no_completion"):
        asked(reply)


def test_a_question_that_is_refused_is_told_from_a_server_that_refuses() -> None:
    with refused("server.refused", QuestionRefused, reason=" (“context length exceeded”)"):
        asked((400, {"error": {"message": "context length exceeded"}}, {}))
    with pytest.raises(ServerError) as raised:
        asked((401, {}, {}))
    assert not isinstance(raised.value, QuestionRefused)


BAD_ADDRESSES = [
    "http://host/v1?api_key=SECRET",
    "http://host/v1?",
    "https://host/v1#SECRET",
    "https://SECRET@host/v1",
    "https://me:SECRET@host/v1",
    "https://me:SECRET@[::1/v1",
    "//host/v1?key=SECRET",
    "ftp://host/v1",
    "localhost:11434",
    "http://",
    "http://host:99999/v1",
    "http://ho st/v1",
    "",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_cannot_be_is_told_without_what_is_secret_in_it(address: str) -> None:
    with pytest.raises(ServerError) as raised:
        replied(Server(address, "llama"))
    assert "SECRET" not in str(raised.value)
    with pytest.raises(ServerError) as raised:
        keep_key(address, "sk-1")
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    "key", ["schlüssel-SECRET", "SECRET key", "SECRET\nHost: b", "SECRET\x00", "🔑SECRET"]
)
def test_a_key_that_is_none_is_told_in_a_sentence(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_SERVER_KEY", key.replace("\0", "\x01"))
    for ask in (
        lambda: checked(key),
        lambda: keep_key("http://host/v1", key),
        lambda: server_key("http://host/v1", typed=True),
        lambda: replied(Server("http://127.0.0.1:9/v1", "llama", key)),
    ):
        with pytest.raises(ServerError, check=lambda error: error.code == "key.none") as raised:
            ask()
        assert "SECRET" not in str(raised.value)
    assert checked(" sk-1\n") == "sk-1"


@pytest.mark.parametrize(
    ("belongs", "address", "typed", "goes"),
    [
        ("", "http://host/v1", True, True),
        ("", "http://host/v1", False, False),
        ("http://host/v1", "http://host/v1", False, True),
        ("http://HOST:80/v1/", "http://host/v1/chat/completions", False, True),
        ("http://host/v1", "https://host/v1", True, False),
        ("http://host/v1", "http://host:8080/v1", True, False),
        ("http://host/v1", "http://host.evil/v1", True, False),
        ("http://host/v1", "http://host/other", True, False),
    ],
)
def test_the_environments_key_goes_to_its_own_address(
    belongs: str, address: str, typed: bool, goes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring.core
    from keyring.backends.null import Keyring

    monkeypatch.setattr(keyring.core, "_keyring_backend", Keyring())
    monkeypatch.setenv("STUDIO_SERVER_KEY", KEY)
    monkeypatch.setenv("STUDIO_SERVER_URL", belongs)
    assert server_key(address, typed=typed) == (KEY if goes else "")


def test_the_command_line_repeats_no_key_of_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_SECRETSECRET")
    assert run(["data", "nowhere-hf_SECRETSECRET.jsonl", "--debug"]) == 2
    shown = capsys.readouterr().err
    assert "nowhere-[key]" in shown
    assert "SECRET" not in shown


def test_the_log_repeats_no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.logs import WithoutKeys

    monkeypatch.setenv("STUDIO_SERVER_KEY", KEY)
    with pytest.raises(ValueError, match="SECRET") as raised:
        int(KEY)
    fault = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("studio", logging.ERROR, "", 0, "asked with %s", (KEY,), fault)
    line = WithoutKeys().format(record)
    assert "asked with [key]" in line
    assert "SECRET" not in line
