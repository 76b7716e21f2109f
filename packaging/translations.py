"""Translations as gettext keeps them: a .po file for people, and the .mo made of it for the application.

An entry is named by its context (of a clause its code, of a text nothing) and its English.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = (
    ("Content-Type", "text/plain; charset=UTF-8"),
    ("Content-Transfer-Encoding", "8bit"),
)
_FORMS = {"zh_CN": "nplurals=1; plural=0;"}
_MAGIC, _START = 0x950412DE, 28


@dataclass(frozen=True)
class Entry:
    """A text and what a language says for it; `many` where it depends on how many there are."""

    context: str
    one: str
    many: str = ""
    said: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.one


def written(entries: list[Entry], language: str = "") -> str:
    """A .po file, or without a language its template."""
    head = [*_HEAD, *((("Language", language), ("Plural-Forms", _FORMS[language])) if language else ())]
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in head)
    return "\n".join([f'msgid ""\nmsgstr ""\n{lines}', *map(_written, entries)])


def _written(entry: Entry) -> str:
    lines = ["#, python-brace-format"]
    if entry.context:
        lines.append(f"msgctxt {_quoted(entry.context)}")
    lines.append(f"msgid {_quoted(entry.one)}")
    if entry.many:
        lines.append(f"msgid_plural {_quoted(entry.many)}")
    lines.append(f"msgstr{'[0]' if entry.many else ''} {_quoted(entry.said)}\n")
    return "\n".join(lines)


def read(po: str) -> list[Entry]:
    """The entries of a .po file without its head; a text may go over several lines."""
    found = []
    for block in po.split("\n\n"):
        fields = dict(_fields(block))
        said = fields.get("msgstr", fields.get("msgstr[0]", ""))
        if fields.get("msgid"):
            found.append(
                Entry(fields.get("msgctxt", ""), fields["msgid"], fields.get("msgid_plural", ""), said)
            )
    return found


def _fields(block: str) -> Iterator[tuple[str, str]]:
    name, text = "", ""
    for line in block.splitlines():
        if line.startswith('"'):
            text += json.loads(line)
        elif line and not line.startswith("#"):
            yield name, text
            name, _, quoted = line.partition(" ")
            text = json.loads(quoted)
    yield name, text


def merged(wanted: list[Entry], kept: list[Entry]) -> list[Entry]:
    """What is to be translated, with what was translated of it; what is said no more is dropped."""
    before = {entry.key: entry.said for entry in kept}
    return [Entry(each.context, each.one, each.many, before.get(each.key, "")) for each in wanted]


def compiled(entries: list[Entry], language: str) -> bytes:
    """A .mo as GNU gettext describes it: offsets of the sorted originals, then of what they become."""
    head = written([], language).split('msgstr ""\n')[1]
    words = {"": "".join(json.loads(line) for line in head.splitlines())}
    for entry in filter(lambda each: each.said, entries):
        context = f"{entry.context}\x04" if entry.context else ""
        words[context + entry.one + (f"\0{entry.many}" if entry.many else "")] = entry.said
    originals = sorted(words, key=str.encode)
    texts = [text.encode() for text in (*originals, *(words[each] for each in originals))]
    at, table = _START + 8 * len(texts), b""
    for text in texts:
        table += struct.pack("<II", len(text), at)
        at += len(text) + 1
    half = _START + 8 * len(words)
    start = struct.pack("<7I", _MAGIC, 0, len(words), _START, half, 0, 0)
    return start + table + b"\0".join(texts) + b"\0"


def _quoted(text: str) -> str:
    """A text as gettext's files write it, which is as C and JSON do."""
    return json.dumps(text, ensure_ascii=False)
