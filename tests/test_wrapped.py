"""What the window shows and the command line prints goes through a translation: no bare English is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

STUDIO = Path(__file__).parents[1] / "studio"
SHOWING = {
    *("setText", "setToolTip", "setStatusTip", "setWindowTitle", "setPlaceholderText", "setTitle"),
    *("setAccessibleName", "setAccessibleDescription", "setSuffix", "setPrefix", "setSpecialValueText"),
    *("addItem", "insertItem", "addAction", "addTab", "set_caption", "set_value", "show_notice"),
    *("Button", "QLabel", "PlainLabel", "WrapLabel", "ElidedLabel", "KeyFigure", "TableColumn", "note"),
    *("print", "write", "assemble", "Pulse", "fail", "Command"),
}
"""Methods and classes that put a text on the screen or on a terminal; a test tries them on planted ones."""

NAMES = {"Tuning Studio", "Inter", "JetBrains Mono", "LoRA", "JSON"}
"""What is called the same in every language."""

_WORDS = re.compile(r"[A-Z][a-z]{2,}|[a-z]{2,} [a-z]{2,}")


def bare(source: str) -> Iterator[tuple[int, str]]:
    """Each literal with words that is shown as it is: its line, and what it says."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and _name(call) in SHOWING:
            options = [each.value for each in call.keywords if each.arg in ("text", "help", "tip", "title")]
            for place, shown in enumerate((*call.args, *options)):
                if not (place == 0 and _name(call) == "Command"):  # its key
                    yield from ((call.lineno, text) for text in _literals(shown) if _is_words(text))
        elif isinstance(call, ast.Call) and _name(call) in ("Option", "Argument", "Typer"):
            helps = (each.value for each in call.keywords if each.arg == "help")
            yield from ((call.lineno, text) for each in helps for text in _literals(each) if _is_words(text))


def _literals(shown: ast.expr) -> Iterator[str]:
    """The literals of an expression, but what is given to a function in it."""
    match shown:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield " ".join(part.value for part in parts if isinstance(part, ast.Constant))
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from (*_literals(one), *_literals(other))
        case ast.BoolOp(values=several) | ast.Tuple(elts=several):
            for each in several:
                yield from _literals(each)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_words(text: str) -> bool:
    return bool(_WORDS.search(text)) and text.strip() not in NAMES and "<" not in text and "Ctrl+" not in text


def test_no_bare_english_is_shown_or_printed() -> None:
    rooms = [path for room in ("ui", "app", "cli") for path in sorted((STUDIO / room).rglob("*.py"))]
    found = [
        f"{path.relative_to(STUDIO)}:{line}: {text}"
        for path in rooms
        if path.name != "rehearsal.py"  # which speaks to those who build the application
        for line, text in bare(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_what_is_planted_is_found() -> None:
    planted = (
        'label.setText("Nothing to see")',
        'Button("Save", "primary")',
        'box.addItem(f"Run {name}", key)',
        'edit.setPlaceholderText(tr("Name") if named else "Unnamed")',
        'console.print("it is done" + more)',
        'typer.Option("--x", help="What to call it.")',
        'Command("open", "Open…")',
    )
    assert [len(list(bare(each))) for each in planted] == [1] * len(planted)
    wrapped = ('label.setText(tr("Nothing to see"))', 'box.addItem(word, "a_key")', 'print("{}")')
    assert [text for each in wrapped for _, text in bare(each)] == []
