"""Translations as a person would add them: the template filled in, and compiled to what gettext reads."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.catalogue import CLAUSES

sys.path.insert(0, str(Path(__file__).parents[1] / "packaging"))
import templates
import translations

LANGUAGE = "zh_CN"  # of whichever form: the tests' own languages have one for all numbers


def wanted() -> list[Any]:
    """What there is to translate."""
    return list(templates.to_translate())


def compile_bracketed(folder: Path) -> None:
    """A made-up language, which says everything in brackets, as a .mo under the folder of its name."""
    _compile([replace(each, said=f"⟨{each.many or each.one}⟩") for each in wanted()], folder)


def write_translation(folder: Path, clauses: dict[str, str]) -> None:
    """What some codes say in another language, under the folder of that language."""
    said = [translations.Entry(code, CLAUSES[code], said=clause) for code, clause in clauses.items()]
    _compile(said, folder)


def _compile(entries: list[Any], folder: Path) -> None:
    (folder / "LC_MESSAGES").mkdir(parents=True)
    (folder / "LC_MESSAGES" / "studio.mo").write_bytes(translations.compiled(entries, LANGUAGE))
