"""Translations as a person would add them: the template filled in, and compiled to what gettext reads."""

from __future__ import annotations

import json
import runpy
import struct
from collections.abc import Iterator
from pathlib import Path

from studio.catalogue import CLAUSES

_TEMPLATES = Path(__file__).parents[1] / "packaging" / "templates.py"
_ABOUT = {"": "Content-Type: text/plain; charset=UTF-8\n"}


def template() -> str:
    """What `make templates` writes."""
    written: str = runpy.run_path(str(_TEMPLATES))["template"]()
    return written


def entries(po: str) -> Iterator[tuple[str, str, str]]:
    """Of each entry of a .po file whose texts stand on one line each: context, original, translation."""
    found: dict[str, str] = {}
    for line in po.splitlines():
        word, _, text = line.partition(" ")
        if not line:
            found.clear()
        if word in ("msgctxt", "msgid", "msgstr"):
            found[word] = json.loads(text)
        if word == "msgstr" and "msgctxt" in found:
            yield found["msgctxt"], found["msgid"], found["msgstr"]


def bracketed() -> str:
    """The template filled in for a made-up language, which says everything in brackets."""
    return "\n".join(
        f"msgctxt {json.dumps(code)}\nmsgid {json.dumps(clause)}\nmsgstr {json.dumps(f'⟨{clause}⟩')}\n"
        for code, clause, _ in entries(template())
    )


def write_translation(folder: Path, clauses: dict[str, str]) -> None:
    """What some codes say in another language, under the folder of that language."""
    _write(folder, {f"{code}\x04{CLAUSES[code]}": clause for code, clause in clauses.items()})


def compile_translation(po: str, folder: Path) -> None:
    """A .po file's .mo, under the folder of its language."""
    _write(folder, {f"{code}\x04{clause}": said for code, clause, said in entries(po) if said})


def _write(folder: Path, translated: dict[str, str]) -> None:
    """A .mo as GNU gettext describes it: offsets of the sorted originals, then of what they become."""
    words = _ABOUT | translated
    texts = [text.encode() for text in [*sorted(words), *(words[key] for key in sorted(words))]]
    at, table = 28 + 8 * len(texts), b""
    for text in texts:
        table += struct.pack("<II", len(text), at)
        at += len(text) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(words), 28, 28 + 8 * len(words), 0, 0)
    (folder / "LC_MESSAGES").mkdir(parents=True)
    (folder / "LC_MESSAGES" / "studio.mo").write_bytes(head + table + b"\0".join(texts) + b"\0")
