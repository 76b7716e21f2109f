"""A run's result is taken elsewhere from the window, and read back there before that is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app import export
from studio.app.studio import Studio
from studio.cli.commands import run as command_line
from studio.ui.dialogs.export import ExportDialog
from tests.app.keychain import own_keychain
from tests.conftest import write_rows
from tests.hub.server import Hub, hub_server

SETTINGS = ("loop.steps=1", "batch_size=1", "watch.forgetting=false", "layers=1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run called toy that kept a golden set."""
    folder = tmp_path_factory.mktemp("exporting")
    rows = write_rows(folder / "rows.jsonl", 12)
    (folder / "golden.jsonl").write_text('{"prompt": "Say the number 5", "ideal": "5"}\n')
    settings = [each for one in SETTINGS for each in ("--set", one)]
    command = ["train", rows, "--name", "toy", "--home", folder / "home", *settings]
    assert command_line([*map(str, command)]) == 0
    return folder / "home"


@pytest.fixture
def sheet(
    trained: Path, studio: Studio, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> ExportDialog:
    """The sheet on that run, as the Run menu opens it; nothing is in the folder for downloads."""
    shutil.copytree(trained, tmp_path / "home")
    monkeypatch.setattr(export, "_downloads", lambda: tmp_path / "downloads")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "user")
    studio.runs.use("toy")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    studio.window.show_pane("playground")
    studio.window.action("run:export").trigger()
    dialog = studio.exporting.dialog
    assert dialog is not None
    assert dialog.isVisible()
    return dialog


def test_a_result_is_written_read_back_and_shown_with_both_answers(
    sheet: ExportDialog, studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    assert sheet.prompt.text() == "Say the number 5"
    sheet.targets.choose("gguf")
    sheet.precision.setCurrentIndex(sheet.precision.findData("q8_0"))
    assert not sheet.weights.isVisible()
    sheet.agree.click()
    assert not sheet.agree.isEnabled()
    assert studio.state.subjects.why_held("toy")
    qtbot.waitUntil(lambda: sheet.reveal.isVisible())

    written = tmp_path / "downloads" / "toy-gguf"
    assert [file.name for file in written.iterdir()] == ["toy-q8_0.gguf"]
    assert sheet.status.text().startswith("Read back and compared (1 file, ")
    assert sheet.before.toPlainText()
    assert sheet.after.toPlainText()
    sheet.copy.click()
    assert QApplication.clipboard().text() == f"llama-cli -m {written}/toy-q8_0.gguf"
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert not studio.state.subjects.why_held("toy")


def test_an_adapter_answers_after_as_the_run_does_before(
    sheet: ExportDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    sheet.agree.click()
    qtbot.waitUntil(lambda: sheet.reveal.isVisible())

    assert sheet.after.toPlainText() == sheet.before.toPlainText()
    described = json.loads((tmp_path / "downloads" / "toy-mlx" / "adapter_config.json").read_text())
    assert described["fine_tune_type"] == "lora"


def test_a_place_that_is_taken_meanwhile_is_refused_in_a_sentence_and_another_can_be_chosen(
    sheet: ExportDialog, studio: Studio, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "downloads" / "toy-mlx").mkdir(parents=True)
    (tmp_path / "downloads" / "toy-mlx" / "mine.txt").write_text("keep")
    sheet.agree.click()
    qtbot.waitUntil(lambda: "mine.txt" in sheet.status.text())
    assert sheet.agree.isEnabled()
    qtbot.waitUntil(lambda: studio.queue.idle)

    monkeypatch.setattr(studio.exporting, "_choose_folder", lambda title: tmp_path / "elsewhere")
    sheet.choose.click()
    sheet.agree.click()
    qtbot.waitUntil(lambda: sheet.reveal.isVisible())
    assert (tmp_path / "elsewhere" / "toy-mlx" / "adapters.safetensors").is_file()
    assert (tmp_path / "downloads" / "toy-mlx" / "mine.txt").read_text() == "keep"


def test_a_name_for_ollama_is_asked_for_there_only_and_a_bad_one_is_refused_in_a_sentence(
    sheet: ExportDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    assert not sheet.ollama_name.isVisible()
    sheet.targets.choose("ollama")
    assert sheet.ollama_name.isVisible()
    sheet.ollama_name.setText("no name")
    sheet.agree.click()
    qtbot.waitUntil(lambda: "'no name'" in sheet.status.text())
    assert not (tmp_path / "downloads").exists()


def test_lm_studios_folder_is_offered_where_it_is_and_only_for_what_it_reads(
    sheet: ExportDialog, tmp_path: Path
) -> None:
    (tmp_path / "user" / ".lmstudio" / "models").mkdir(parents=True)
    sheet.targets.choose("peft")
    assert not sheet.lm_studio.isVisible()
    sheet.targets.choose("fused")
    assert sheet.lm_studio.isVisible()
    sheet.lm_studio.click()
    assert sheet.folder.text().endswith(".lmstudio/models/tuning-studio/toy-fused")
    assert not sheet.lm_studio.isVisible()


def test_a_result_goes_to_the_hub_private_and_with_a_card(
    sheet: ExportDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with hub_server(Hub()) as hub, own_keychain():
        for name, value in (("ENDPOINT", hub.url), ("HUB_OFFLINE", "0"), ("HUB_DISABLE_XET", "1")):
            monkeypatch.setenv(f"HF_{name}", value)
        sheet.targets.choose("hub")
        assert sheet.agree.text() == "Upload"
        assert not sheet.folder.isVisible()
        sheet.repository.setText("ann/toy")
        sheet.agree.click()
        qtbot.waitUntil(lambda: sheet.access.isVisible() and sheet.agree.isEnabled())  # a token is missing
        sheet.access.token.setText("hf_write")
        sheet.agree.click()
        assert not sheet.agree.isEnabled()
        qtbot.waitUntil(lambda: sheet.agree.isEnabled() or sheet.copy.isVisible())
        assert sheet.copy.isVisible(), sheet.status.text()
        (made,) = hub.made
    assert made["visibility"] == "private"
    sheet.copy.click()
    assert QApplication.clipboard().text() == f"{hub.url}/ann/toy"


def test_closing_the_sheet_stops_what_is_written_and_leaves_nothing(
    sheet: ExportDialog, studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    sheet.agree.click()
    sheet.reject()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert not studio.state.subjects.why_held("toy")
    left = tmp_path / "downloads"
    assert not left.exists() or list(left.iterdir()) == []
