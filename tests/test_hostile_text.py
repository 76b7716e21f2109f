"""Text from data is text, wherever it is shown: one hostile text goes through every place that shows any."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as Rich
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel, QMenu
from pytestqt.qtbot import QtBot

from studio.cli.commands import run
from studio.cli.terminal import Terminal
from studio.events import Answered, GeneratedRow, GivenAnswer, Score
from studio.logs import WithoutKeys
from studio.ui.menus import fill_recent
from studio.ui.plain import keyless, tip
from studio.ui.tables.answers import AnswersModel
from studio.ui.tables.generated import GeneratedRowsModel
from studio.ui.tables.scores import ScoreSide, ScoresModel
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.label import Badge, ElidedLabel, PlainLabel, WrapLabel, dim, title
from studio.words import markdown, visible, visible_line

STUDIO = Path(__file__).parents[1] / "studio"
MARKUP = "a[red]b[/x]:smile: <p>c</p><img src='file:x.png'> R&D `d` **e** [l](http://f) ![i](g) | 1. # h"
CONTROL = "\x1b]0;t\x07\x1b[2J\x9b31m\u202eecho\u2066 \r\x7f\x00\ud800"
HOSTILE = f"{MARKUP} {CONTROL}\n# Heading\n\n<script>i</script>"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def rows(path: Path, **fields: str) -> Path:
    row = {"prompt": "a", "completion": "b", **fields}
    path.write_text("".join(json.dumps(row | {"prompt": f"a{n}"}) + "\n" for n in range(4)), "utf-8")
    return path


@pytest.mark.parametrize("words", [(), ("--json",), ("--line", "1")])
def test_the_terminal_gets_no_command_from_data(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = rows(
        tmp_path / "a[red]\x1b]0;t\x07\x9b1m\u202eb.jsonl",
        completion=HOSTILE.replace("\ud800", "").replace("\0", ""),
    )
    assert run(["data", str(path), *words]) == 0
    said = capsys.readouterr()
    assert not OBEYED.search(said.out + said.err)
    if words == ("--json",):
        assert json.loads(said.out)["path"] == str(path)
    elif not words:
        assert "a[red]\\x1b]0;t\\x07\\x9b1m\\u202eb.jsonl" in said.out


@pytest.mark.parametrize("command", ["data", "train", "evaluate", "forecast", "sweep"])
def test_nor_does_a_refusal_give_it_any(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the names of files that are not there, nor those of columns that say nothing."""
    path = tmp_path / "b\x1b[31m[red]\u202e.jsonl"
    path.write_text(json.dumps({"x\x1b[2J\x9b[/y]": 1}) + "\n")
    more = {"sweep": ["--over", "lora.rank=8"]}.get(command, [])
    home = [] if command in ("data", "forecast") else ["--home", str(tmp_path / "home")]
    assert run([command, str(path), *more, *home]) == 2
    said = capsys.readouterr()
    assert not OBEYED.search(said.out + said.err)
    assert "[red]" in said.err or "[/y]" in said.err


def test_values_of_a_sweep_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rows(tmp_path / "rows.jsonl")
    assert run(["sweep", str(path), "--over", "targets=[/x],[red]", "--home", str(tmp_path / "home")]) == 0
    said = capsys.readouterr()
    assert "1 of 2: Targets [/x]" in said.err
    assert "2 of 2: Targets [red]" in said.err
    assert "[bold]" not in said.err
    assert "[/x]" in said.out


def test_a_console_prints_all_of_a_text_and_obeys_none_of_it() -> None:
    terminal = Terminal()
    terminal.file = io.StringIO()
    terminal.print(HOSTILE, soft_wrap=True)
    said = terminal.file.getvalue()
    assert said == visible(HOSTILE) + "\n"
    assert MARKUP in said
    assert not OBEYED.search(said)


def test_a_line_of_the_log_is_one_text() -> None:
    record = logging.LogRecord("a", logging.ERROR, "", 1, "%s", (HOSTILE,), None)
    line = WithoutKeys().format(record)
    assert not OBEYED.search(line)
    assert MARKUP in line


@pytest.mark.parametrize("text", ["plain", "Grüße, 你好 🙂", "a\n\tb", "C:\\x1b", "שלום\u200f"])
def test_ordinary_text_is_as_it_was(text: str) -> None:
    assert visible(text) == text
    assert tip(text) == text


def plain_of(tooltip: str) -> str:
    """What Qt shows of a tooltip."""
    if not Rich.mightBeRichText(tooltip):
        return tooltip
    document = QTextDocument()
    document.setHtml(tooltip)
    return document.toPlainText()


@pytest.mark.parametrize("text", [MARKUP, "<p>hidden", "<b>x</b>\n  y", "<qt>&lt;", "a < b"])
def test_a_tooltip_shows_the_text_itself(text: str, qtbot: QtBot) -> None:
    assert plain_of(tip(text)) == text
    label = ElidedLabel(text * 20)
    qtbot.addWidget(label)
    label.resize(40, 20)
    label.show()
    assert plain_of(label.toolTip()) == text * 20
    button = IconButton("x", text)
    qtbot.addWidget(button)
    assert plain_of(button.toolTip()) == text


def test_tables_have_no_html_in_their_tooltips(qapp: object) -> None:
    answers = AnswersModel()
    given = (GivenAnswer("base", MARKUP), GivenAnswer("tuned", MARKUP, right=True))
    answers.add([Answered("golden", "q", MARKUP, MARKUP, given)])
    scores = ScoresModel()
    found = Score(MARKUP, MARKUP, "failed", MARKUP)
    scores.set_sides(ScoreSide(MARKUP, ((MARKUP, MARKUP),), MARKUP, {(MARKUP, MARKUP): found}))
    assert scores.data(scores.index(2, 0), Qt.ItemDataRole.DisplayRole) == MARKUP
    made = GeneratedRowsModel()
    made.show_rows(
        [
            GeneratedRow(
                row=1,
                prompt=MARKUP,
                answer=MARKUP,
                source=MARKUP,
                state="pending",
                maker="",
                model="",
                passage="",
                time="",
            )
        ]
    )
    for model, columns in ((answers, 2), (scores, scores.columnCount()), (made, made.columnCount())):
        for column in range(columns):
            told = model.data(model.index(0, column), Qt.ItemDataRole.ToolTipRole)
            assert not told or MARKUP in plain_of(told)


def test_labels_show_the_text_itself(qtbot: QtBot) -> None:
    for label in (PlainLabel(MARKUP), ElidedLabel(MARKUP), WrapLabel(MARKUP), Badge(MARKUP), dim(MARKUP)):
        qtbot.addWidget(label)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.text() == MARKUP
    head: QLabel = title(MARKUP)
    qtbot.addWidget(head)
    assert head.textFormat() == Qt.TextFormat.PlainText


def test_an_ampersand_is_no_key(qtbot: QtBot) -> None:
    menu, button = QMenu(), Button("R&D.jsonl")
    qtbot.addWidget(menu)
    qtbot.addWidget(button)
    fill_recent(menu, ["/a/R&D <b>.jsonl"], lambda: None)
    assert menu.actions()[0].text() == keyless("R&D <b>.jsonl") == "R&&D <b>.jsonl"
    assert plain_of(menu.actions()[0].toolTip()) == "/a/R&D <b>.jsonl"
    assert button.text() == "R&D.jsonl"
    assert button.shortcut().isEmpty()


def test_a_card_has_the_headings_that_we_wrote_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "d # e [x](f) <b>`c`"
    source = tmp_path / "s`*[y](g)<i>.jsonl"
    labels = [
        MARKUP,
        "# h",
        "- deep",
        "1. one",
        "<script>",
        "http://evil.example",
        "www.evil.example",
        "| a |",
    ]
    lines = [{"text": f"t{n} good words", "label": label} for n, label in enumerate(labels * 2)]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(["data", "save", str(source), str(folder), "--step", "cap rows=99"]) == 0
    card = (folder / "README.md").read_text("utf-8")
    body = card.split("---\n", 2)[2]
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(body)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "em_open", "strong_open"}
    assert "code_inline" not in kinds
    heads = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert heads == [
        markdown(folder.name),
        "Parts",
        "Labels",
        "Where it comes from",
        "What was done",
    ]
    shown = ["".join(child.content for child in token.children or []) for token in tokens]
    assert folder.name in shown
    assert any(line.startswith(source.name) for line in shown)
    assert {line.rpartition(": ")[0] for line in shown if line.endswith(": 2")} >= {
        label[:80].strip() for label in labels
    }


def test_markdown_keeps_a_text_on_its_line() -> None:
    assert "\n" not in markdown(HOSTILE)
    assert visible_line("a\nb\tc\x1b") == "a\\nb\\tc\\x1b"


def calls(path: Path, *names: str) -> list[ast.Call]:
    """The calls of functions or methods of these names in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        node
        for node in found
        if (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in names
    ]


def through(node: ast.expr, *names: str) -> bool:
    """Whether an argument is a text of ours, or what one of these functions made."""
    if isinstance(node, ast.IfExp):
        return through(node.body, *names) and through(node.orelse, *names)
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        ours = name == "tr" and not node.keywords and isinstance(node.args[0], ast.Constant)
        return name in names or ours  # a translation without values is as much ours as the English
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.BinOp) and through(node.left, *names) and through(node.right, *names)
    )


FILES = sorted(STUDIO.rglob("*.py"))


def test_nothing_goes_around_the_one_way_into_a_tooltip() -> None:
    around = [
        f"{path.name}:{call.lineno}"
        for path in FILES
        for call in calls(path, "setToolTip")
        if not through(call.args[0], "tip")
    ]
    assert around == []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if re.search(r"\bToolTipRole\b|QToolTip\.showText", text):
            assert re.search(r"\btip\(", text), path


def test_nothing_goes_around_the_one_way_into_labels_and_menus() -> None:
    """Three labels are HTML of ours, quotes, advice and a plot's read-out; all escape what they quote."""
    ours = {"label.py", "axis.py"}
    assert [p.name for p in FILES if p.name not in ours and calls(p, "QLabel")] == []
    rich = [
        path.name for path in FILES if "RichText" in path.read_text("utf-8").replace("mightBeRichText", "")
    ]
    assert [name for name in rich if name not in ("finding_row.py", "tokens.py", "watch.py")] == []
    fixed = {"menus.py:_add", "hub.py", "columns.py"}
    around = [
        f"{path.name}:{call.lineno}"
        for path in FILES
        for call in calls(path, "addAction", "QCheckBox", "QRadioButton", "QPushButton")
        if call.args
        and "ui" in path.parts
        and _is_text(call.args[0])
        and not through(call.args[0], "keyless")
    ]
    assert around == [], fixed


def _is_text(node: ast.expr) -> bool:
    """Whether it may be a text from data: not a text of ours, an action, or a field of the fixed menus."""
    return isinstance(node, ast.JoinedStr | ast.Call | ast.BinOp) or (
        isinstance(node, ast.Attribute) and node.attr == "title"
    )


def test_nothing_goes_around_the_one_way_into_the_terminal() -> None:
    writers = {"terminal.py", "__main__.py", "start.py", "snippets.py"}  # the last shows a program
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if path.name not in writers:
            assert not re.search(r"sys\.(stdout|stderr)\.write|\bConsole\(|(?<!\.)\bprint\(", text), path
        if path.name != "terminal.py":
            assert "Console(" not in text.replace("Terminal(Console)", ""), path
        assert "markup=True" not in text, path
        assert "from_markup" not in text, path
