"""Pictures of bringing a dataset in and taking it out: columns, the Hub, exports, an upload.

The Hub is a server on this machine, which sends half of a file and then waits.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from studio.paths import resource
from tests.hub.server import Hub, hub_server

if TYPE_CHECKING:
    from screens import Photographer

CARD = b"""---
configs:
- config_name: default
  data_files: [{split: train, path: train.jsonl}, {split: test, path: test.jsonl}]
- config_name: raw
  data_files: [{split: train, path: train.jsonl}]
dataset_info:
- config_name: default
  splits:
  - {name: train, num_bytes: 48000000, num_examples: 48000}
  - {name: test, num_bytes: 80000, num_examples: 800}
---
"""
_BYTES = 48 * 10**6


def bringing(to: Photographer) -> None:
    """Columns to be named, and a dataset on its way from the Hub."""
    _columns(to)
    sample = resource("starter/instructions.jsonl").read_bytes()
    whole = sample * (_BYTES // len(sample))
    files = {"README.md": CARD, "train.jsonl": whole, "test.jsonl": sample}
    before = {name: os.environ.get(name) for name in ("HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_HOME")}
    with hub_server(Hub("ada/support-chats", files)) as hub:
        os.environ |= {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(to.home / "hf")}
        hub.held = threading.Event()
        _download(to, hub)
        _gated(to, hub)
        hub.held.set()
        _upload(to)
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def _columns(to: Photographer) -> None:
    """A file whose columns have names of their own."""
    sample = resource("starter/instructions.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in sample.splitlines()]
    table = to.home / "tickets.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Ticket", "Frage", "Kontext", "Antwort"))
        for number, row in enumerate(rows[:200], 1):
            writer.writerow((f"T-{number:04}", row["instruction"], row["input"], row["output"]))
    studio = to.studio
    studio.open_path(str(table))
    to.wait(lambda: studio.dataset.columns.dialog and studio.dataset.columns.dialog.agree.isEnabled())
    if studio.dataset.columns.dialog is not None:
        to.rest()
        to.shoot("dataset-columns", studio.dataset.columns.dialog)
        studio.dataset.columns.dialog.kinds.choose("classification")
        studio.dataset.columns.dialog.choices["label"].choose("")
        to.shoot("dataset-columns-missing", studio.dataset.columns.dialog)
        studio.dataset.columns.dialog.reject()
    to.show("dataset", "unnamed")


def _download(to: Photographer, hub: Hub) -> None:
    """Named, looked up, half there, and stopped."""
    to.studio.dataset.downloading.ask()
    dialog = to.studio.dataset.downloading.dialog
    if dialog is None:
        return
    dialog.name.setText(hub.name)
    dialog.look.click()
    to.wait(lambda: dialog.split.count())
    to.rest()
    to.shoot("dataset-hub", dialog)
    dialog.agree.click()
    to.wait(lambda: dialog.progress.bar.value() > 20)
    to.shoot("dataset-downloading", dialog)
    dialog.cancel.click()
    to.wait(lambda: dialog.agree.text() == "Resume")
    to.shoot("dataset-download-stopped", dialog)
    dialog.reject()


def _gated(to: Photographer, hub: Hub) -> None:
    """A dataset to which the Hub gives no access yet."""
    hub.fault = (403, "GatedRepo")
    to.studio.dataset.downloading.ask()
    dialog = to.studio.dataset.downloading.dialog
    if dialog is not None:
        dialog.name.setText(hub.name)
        dialog.look.click()
        to.wait(lambda: dialog.access.isVisible())
        to.rest()
        to.shoot("dataset-gated", dialog)
        dialog.reject()


def _upload(to: Photographer) -> None:
    """The sample on its way up, to a server that does not take uploads."""
    to.studio.open_path(str(resource("starter/messy.jsonl")))
    to.wait(lambda: to.studio.state.dataset)
    to.studio.dataset.uploading.ask()
    dialog = to.studio.dataset.uploading.dialog
    if dialog is None:
        return
    dialog.name.setText("ada/support-chats")
    to.rest()
    to.shoot("dataset-upload", dialog)
    dialog.agree.click()
    to.wait(lambda: dialog.access.isVisible())
    to.rest()
    to.shoot("dataset-upload-token", dialog)
    dialog.show_done("https://huggingface.co/datasets/ada/support-chats")
    to.rest()
    to.shoot("dataset-uploaded", dialog)
    dialog.reject()
