"""Preferences come back, and a bad file never blocks the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.paths import Paths, resource
from studio.settings import Settings, read_settings, write_settings


def test_settings_come_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "settings.json"
    kept = Settings(appearance="dark", width=1400, height=900)
    write_settings(file, kept)
    assert read_settings(file) == kept


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"width": "wide"}', '{"width": -3}', '{"appearance": "pink"}', '{"colour": 1}', "\x00"],
)
def test_a_bad_file_gives_the_defaults(text: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text)
    assert read_settings(file) == Settings()


def test_everything_is_kept_under_the_chosen_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "chosen"))
    paths = Paths.for_user()
    assert paths == Paths.under(tmp_path / "chosen")
    assert {paths.runs.parent, paths.settings.parent, paths.log.parent} == {tmp_path / "chosen"}
    assert not (tmp_path / "chosen").exists()
    assert resource("starter").is_dir()
