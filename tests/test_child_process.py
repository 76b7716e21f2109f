"""A process of ours that is spoken with: it says what it was asked, and is gone when nobody wants it."""

from __future__ import annotations

import gc
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.catalogue import phrase
from studio.child_process import WRITE, Child, _command
from studio.dataset.record import Message
from studio.dataset.render.isolated_child import question

TEMPLATE = {
    "plain": "{% for message in messages %}{{ message.content }}{% endfor %}",
    "with_tools": "",
    "tokens": {},
    "closing": [],
    "description": phrase("template.alpaca").plain(),
    "own": True,
}


def asked(text: str) -> list[dict[str, Any]]:
    return [question("prompt", (Message("user", text),), "", False)]


def answer(child: Child) -> Any:
    line = next(filter(None, child.lines(1.0)))
    return json.loads(line)["text"]


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def child() -> Child:
    child = Child(WRITE)
    child.send(TEMPLATE)
    return child


def test_lines_are_whole_however_long_and_however_many_wait(child: Child) -> None:
    texts = ["a", "b" * 3_000_000, "\N{WAVING HAND SIGN}\nc"]
    for text in texts:
        child.send(asked(text))
    assert [answer(child) for _ in texts] == texts
    child.end()


def test_it_says_nothing_while_it_says_nothing(child: Child) -> None:
    lines = child.lines(0.01)
    assert [next(lines) for _ in range(3)] == [None, None, None]
    child.send(asked("a"))
    assert next(filter(None, lines))
    child.end()
    assert not psutil.pid_exists(child.pid)


def test_it_leaves_when_its_input_ends_and_tells_what_ended_it(child: Child) -> None:
    child.send(asked("a"))
    assert answer(child) == "a"
    assert child.leave(30) == 1
    killed = Child(WRITE)
    psutil.Process(killed.pid).send_signal(signal.SIGSEGV)
    assert list(filter(None, killed.lines(1.0))) == []
    assert killed.leave(30) == -signal.SIGSEGV


def test_it_is_ended_when_nobody_holds_it_any_more() -> None:
    held = Child(WRITE)
    pid = held.pid
    del held
    gc.collect()
    assert not psutil.pid_exists(pid)


def test_what_it_writes_to_its_standard_error_is_heard() -> None:
    heard: list[str] = []
    child = Child("--no-such-switch", hear=heard.append)
    assert list(filter(None, child.lines(1.0))) == []
    assert child.leave(30) == 2
    assert any("--no-such-switch" in line for line in heard)


def test_it_leaves_with_a_process_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import os; from studio.child_process import WRITE, Child\n"
        "child = Child(WRITE); print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout
    wait_for(lambda: not psutil.pid_exists(int(said)))


def test_the_bundled_app_is_its_own_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _command() == [sys.executable, "-P", "-m", "studio"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert _command() == [sys.executable]
