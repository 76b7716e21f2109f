"""Write the template of a translation, for gettext, and bring the translations there are up to it.

It has every clause of the catalogue under its code, and every text of window and command line, which is found
in the code where `tr`, `plural` or `counted` says it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from translations import Entry, compiled, merged, read, written

from studio.catalogue import CLAUSES
from studio.language import LANGUAGES

_CODE = Path(__file__).parents[1] / "studio"


def to_translate() -> list[Entry]:
    """Each clause, with its code as its context, and each text."""
    clauses = [Entry(code, clause) for code, clause in CLAUSES.items()]
    return [*clauses, *(Entry("", one, many) for one, many in sorted(said().items()))]


def template() -> str:
    """The .pot: what there is to translate, and room for another language's words."""
    return written(to_translate())


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


def main() -> None:
    """Write the template, and take into every translation what is new in it."""
    wanted = to_translate()
    (LANGUAGES / "studio.pot").write_text(written(wanted), encoding="utf-8")
    for file in sorted(LANGUAGES.glob("*/LC_MESSAGES/studio.po")):
        language = file.parents[1].name
        entries = merged(wanted, read(file.read_text(encoding="utf-8")))
        file.write_text(written(entries, language), encoding="utf-8")
        file.with_suffix(".mo").write_bytes(compiled(entries, language))
        missing = [entry.one for entry in entries if not entry.said]
        print(f"{language}: {len(entries) - len(missing):,} of {len(entries):,} texts are translated.")
        for text in missing:
            print(f"  {text!r}")


if __name__ == "__main__":
    main()
