"""Write the template of a translation, for gettext, and bring the translations there are up to it.

It has every clause of the catalogue under its code, and every text of window and command line, which is found
in the code where `tr`, `plural` or `counted` says it.
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["LANGUAGE"] = "en"  # what is to be translated is English
import typer
from translations import Entry, compiled, merged, read, written

from studio.catalogue import CLAUSES
from studio.cli.commands import app
from studio.language import LANGUAGES
from studio.paths import resource

_OF_TYPER = (
    *("Options", "Arguments", "Commands", "Error", "[required]", "[default: {}]"),
    *("Show this message and exit.", "Missing command.", "No such option: {name}"),
)
"""What the parser of the command line says itself, by gettext's own function."""

_CODE = Path(__file__).parents[1] / "studio"


def to_translate() -> list[Entry]:
    """Each clause, with its code as its context, and each text."""
    clauses = [Entry(code, clause) for code, clause in CLAUSES.items()]
    elsewhere = dict.fromkeys((*_OF_TYPER, *_explained(), *_helps(typer.main.get_command(app))), "")
    return [*clauses, *(Entry("", one, many) for one, many in sorted((elsewhere | said()).items()))]


def _explained() -> Iterator[str]:
    """The terms of the glossary, and what is said of them."""
    for title, term in tomllib.loads(resource("help/glossary.toml").read_text(encoding="utf-8")).items():
        yield from (title, term["text"])


def _helps(command: Any) -> Iterator[str]:
    """What the command line says of each command, which stands in the code as what it is for."""
    if command.help:
        yield command.help
    for each in getattr(command, "commands", {}).values():
        yield from _helps(each)


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
