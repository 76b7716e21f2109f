"""The local server in the window: started and stopped there, and answering while a run trains."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from studio.app.serving import KEPT_AS
from studio.app.studio import Studio
from studio.generate.keys import KEYS
from studio.ui.dialogs.serve import ServeDialog
from tests.app.keychain import Keychain, own_keychain
from tests.serve.test_server import LONG


@pytest.fixture
def keychain() -> Iterator[Keychain]:
    with own_keychain() as kept:
        yield kept


def opened(studio: Studio) -> ServeDialog:
    """The dialog, on a port that is free."""
    studio.window.action("serve").trigger()
    dialog = studio.serving.dialog
    assert dialog is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        dialog.port.setText(str(free.getsockname()[1]))
    return dialog


def steps(studio: Studio) -> int:
    runs = studio.store.summaries()
    return runs[0].step if runs else 0


def asked(qtbot: QtBot, dialog: ServeDialog, **what: Any) -> Any:
    """A reply, asked for on another thread, while the window goes on."""
    found: list[Any] = []

    def ask() -> None:
        with openai.OpenAI(
            base_url=dialog.address.text(), api_key=dialog.key.text(), max_retries=0
        ) as client:
            try:
                found.append(client.completions.create(**what))
            except openai.APIError as error:
                found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    qtbot.waitUntil(lambda: bool(found))
    thread.join()
    return found[0]


@pytest.mark.long
def test_it_is_started_asked_while_a_run_trains_and_stopped(
    studio: Studio, qtbot: QtBot, keychain: Keychain
) -> None:
    dialog = opened(studio)
    assert (dialog.state.text(), dialog.agree.text()) == ("Off", "Start")
    dialog.new_key.click()
    dialog.agree.click()
    qtbot.waitUntil(lambda: dialog.state.text() == "Running")
    assert keychain.kept[KEYS, KEPT_AS] == dialog.key.text() != ""
    assert studio.window.action("serve").text() == "Local Server (Running)…"

    studio.dataset.datasets.open_sample()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change({"loop.steps": 1_000_000})
    studio.panes.training.start()
    qtbot.waitUntil(lambda: steps(studio) > 0)
    dialog.close()
    reply = asked(qtbot, dialog, model="starter", prompt="Gold", max_tokens=3, temperature=0)
    assert reply.usage.completion_tokens <= 3
    assert studio.training.busy
    studio.training.stop()
    qtbot.waitUntil(lambda: not studio.training.busy)

    run = studio.store.runs()[0].name
    qtbot.waitUntil(lambda: any(each.name == run and each.can_answer for each in studio.state.subjects.runs))
    studio.panes.runs.serve_requested.emit(run)
    assert dialog.model.currentText() == run
    assert f'"model": "{run}"' in dialog.code.toPlainText()
    assert asked(qtbot, dialog, model=run, prompt="Gold", max_tokens=3).model == run
    qtbot.waitUntil(lambda: dialog.figures.text().startswith("2 requests served"))
    dialog.tabs.choose("python")
    dialog.copy_example.click()
    assert (
        f'base_url="{dialog.address.text()}", api_key="{dialog.key.text()}"'
        in QGuiApplication.clipboard().text()
    )
    dialog.agree.click()
    assert (dialog.state.text(), dialog.agree.text()) == ("Off", "Start")
    assert isinstance(asked(qtbot, dialog, model=run, prompt="Gold"), openai.APIConnectionError)


def test_why_it_does_not_start_is_said_and_closing_the_window_stops_it_in_the_middle_of_a_reply(
    studio: Studio, qtbot: QtBot, keychain: Keychain
) -> None:
    dialog = opened(studio)
    with socket.create_server(("127.0.0.1", int(dialog.port.text()))):
        dialog.agree.click()
    assert dialog.state.text() == "Failed"
    assert dialog.problem.text().startswith(f"Port {dialog.port.text()} is taken")
    dialog.key.setText("two words")
    dialog.agree.click()
    assert dialog.problem.text().startswith("The API key cannot be one")
    assert keychain.kept == {}
    dialog.key.clear()
    dialog.port.setText("80")
    assert not dialog.agree.isEnabled()
    opened(studio).agree.click()
    server = studio.serving.server
    assert server is not None
    thread = threading.Thread(target=asked_alone, args=(dialog.address.text(),))
    thread.start()
    qtbot.waitUntil(lambda: server.figures.answering == 1)
    studio.window.close()
    thread.join()
    assert not server.runs


def asked_alone(address: str) -> None:
    """Ask for a long reply, and expect that it is broken off."""
    with (
        openai.OpenAI(base_url=address, api_key="none", max_retries=0) as client,
        pytest.raises(openai.APIError),
    ):
        client.chat.completions.create(**{**LONG, "stream": False})
