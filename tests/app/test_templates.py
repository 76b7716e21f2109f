"""A template of one's own, in the real window: chosen from a file, faulty, mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio

GOOD = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


def test_a_faulty_template_is_named_with_its_line_and_can_be_changed_in_place(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.jinja"
    file.write_text(GOOD.replace("{% endfor %}", "\n{% if %}"))
    pane = studio.panes.dataset
    studio.dataset.datasets.open_sample()
    qtbot.waitUntil(lambda: pane.example.title() == "Line 1")

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    field = pane.example.rendering.fields["data.template"]
    field.setCurrentIndex(field.count() - 1)
    field.activated.emit(field.currentIndex())
    qtbot.waitUntil(lambda: pane.example.title() == "Not rendered")
    assert "mine.jinja, line 3" in pane.example.reason.text()
    assert pane.table.model.rowCount() == 800
    assert studio.state.dataset is None

    file.write_text(GOOD)
    qtbot.waitUntil(lambda: pane.example.title() == "Line 1")
    assert pane.example.tokens.toPlainText().startswith("[user] ")
    assert studio.state.recipe.data.template == str(file)
