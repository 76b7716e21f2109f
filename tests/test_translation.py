"""The Chinese translation is whole, fits what it translates, and is what the application reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

from studio.language import LANGUAGES
from tests.languages import translations, wanted

ROOT = Path(__file__).parents[1]
PO = LANGUAGES / "zh_CN" / "LC_MESSAGES" / "studio.po"


@pytest.fixture(scope="module")
def entries() -> list[translations.Entry]:
    return list(translations.read(PO.read_text(encoding="utf-8")))


def places(text: str) -> set[str]:
    """What is filled in, and how."""
    return {f"{name}!{how}:{form}" for _, name, form, how in Formatter().parse(text) if name is not None}


def test_every_text_is_translated_and_none_that_is_gone_is_kept(entries: list[translations.Entry]) -> None:
    there = {(each.context, each.one, each.many) for each in entries}
    assert there == {(each.context, each.one, each.many) for each in wanted()}
    assert [each.one for each in entries if not each.said] == []


def test_a_translation_takes_the_same_values_and_as_many_lines(entries: list[translations.Entry]) -> None:
    for each in entries:
        english = each.many or each.one
        if "{" in english + each.said:
            assert places(each.said) == places(english), english
        assert each.said.count("\n") == english.count("\n"), english
        assert each.said.endswith("…") == english.endswith("…"), english


def test_what_the_application_reads_is_the_translation_compiled(entries: list[translations.Entry]) -> None:
    assert PO.with_suffix(".mo").read_bytes() == translations.compiled(entries, "zh_CN")
    assert translations.written(entries, "zh_CN") == PO.read_text(encoding="utf-8")


def test_what_is_new_is_listed_and_what_is_gone_is_dropped() -> None:
    kept = [translations.Entry("", "old", said="旧"), translations.Entry("a", "same", said="同")]
    now = [translations.Entry("a", "same"), translations.Entry("", "one", "many")]
    assert [each.said for each in translations.merged(now, kept)] == ["同", ""]
    by_hand = '#, fuzzy\nmsgid ""\nmsgstr ""\n"Language: x\\n"\n\n# a\nmsgid "a "\n"b"\nmsgstr "c"\n"d"\n'
    assert translations.read(by_hand) == [translations.Entry("", "a b", said="cd")]


def test_the_bundle_takes_the_languages_along() -> None:
    spec = (ROOT / "packaging/macos/studio.spec").read_text(encoding="utf-8")
    assert 'os.listdir(os.path.join(ROOT, "resources"))' in spec  # all of it but what is named there
    left_out = spec.partition("not_here = ")[2].partition("\n")[0]
    assert left_out
    assert "languages" not in left_out


@pytest.mark.long
def test_the_command_line_speaks_chinese(tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        command = [sys.executable, "-P", "-m", "studio", "--home", str(tmp_path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    helped = said("--language", "zh_CN", "--help")
    assert "在这台 Mac 上微调语言模型" in helped
    assert "选项" in helped
    assert "列出训练任务" in helped
    (tmp_path / "settings.json").write_text('{"language": "zh_CN"}', encoding="utf-8")
    assert "Nope" in said("resume", "Nope", "--language", "en")
    refused = said("resume", "Nope")
    assert "Nope" in refused
    assert any("一" <= sign <= "鿿" for sign in refused)


WINDOW = """
import os
import sys
from pathlib import Path
from studio.language_choice import settle
settle(["--home", sys.argv[1], "--language", "zh_CN"])
from PySide6.QtWidgets import QDialogButtonBox, QLabel
from studio.app.start import open_window
application = open_window(str(Path(sys.argv[1]) / "gone.jsonl"), sys.argv[1])
window = application.window
while not any("gone.jsonl" in label.text() and "。" in label.text() for label in window.findChildren(QLabel)):
    application.processEvents()
print(window.menuBar().actions()[0].text())
print(*(label.text() for label in window.findChildren(QLabel)), sep=chr(10))
box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
print(box.buttons()[0].text(), flush=True)
os._exit(0)
"""


@pytest.mark.long
def test_the_window_speaks_chinese_and_qt_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}){WINDOW}", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    assert lines[0] == "文件"
    assert {"数据集", "训练", "评估"} <= set(lines)
    assert any("gone.jsonl" in line and "。" in line for line in lines)
    assert lines[-1] == "取消"
