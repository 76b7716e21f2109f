"""Write the template of a translation, for gettext.

It has every clause of the catalogue under its code, and every text of window and command line, which is found
in the code where `tr`, `plural` or `counted` says it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from studio.catalogue import CLAUSES
from studio.language import LANGUAGES

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
_CODE = Path(__file__).parents[1] / "studio"


def template() -> str:
    """The .pot: of each clause the code as its context; each text, and room for another language's."""
    clauses = (
        f'#, python-brace-format\nmsgctxt {_quoted(code)}\nmsgid {_quoted(clause)}\nmsgstr ""\n'
        for code, clause in CLAUSES.items()
    )
    texts = (
        f'#, python-brace-format\nmsgid {_quoted(one)}\nmsgid_plural {_quoted(many)}\nmsgstr[0] ""\n'
        if many
        else f'#, python-brace-format\nmsgid {_quoted(one)}\nmsgstr ""\n'
        for one, many in sorted(said().items())
    )
    return "\n".join([_HEAD, *clauses, *texts])


def said() -> dict[str, str]:
    """Every text of the code, and what it is for several where it depends on how many there are."""
    found: dict[str, str] = {}
    for file in sorted(_CODE.rglob("*.py")):
        for one, many in _in_file(file):
            found[one] = many or found.get(one, "")
    return found


def _in_file(file: Path) -> Iterator[tuple[str, str]]:
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        texts = [
            each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else ""
            for each in call.args
        ]
        if name == "tr" and texts[:1] != [""]:
            yield texts[0], ""
        elif name == "plural" and all(texts[1:3]):
            yield texts[1], texts[2]
        elif name == "counted" and len(texts) == 2 and texts[1]:
            yield f"{{count:,}} {texts[1]}", f"{{count:,}} {texts[1]}s"


def _quoted(text: str) -> str:
    """A text as gettext's files write it, which is as C and JSON do."""
    return json.dumps(text, ensure_ascii=False)


def main() -> None:
    LANGUAGES.mkdir(parents=True, exist_ok=True)
    file = LANGUAGES / "studio.pot"
    file.write_text(template(), encoding="utf-8")
    print(f"Wrote {len(CLAUSES):,} clauses and {len(said()):,} texts to {file}.")


if __name__ == "__main__":
    main()
