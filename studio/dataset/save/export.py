"""Records as JSONL files that other trainers read: chats, pairs and texts; one file, or mlx-lm's layout."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from studio.dataset.manifest import sha256
from studio.dataset.record import Message, Record
from studio.dataset.save.target import refuse_others
from studio.dataset.split import GOLDEN
from studio.errors import DataError, TargetError
from studio.events import Progress
from studio.files import parsed, whole_file, write_text
from studio.language import tr

_LAYOUT = {"": "train", "train": "train", "validation": "valid", "test": "test"}
"""What mlx-lm calls the file of each part."""
EXPORTED = ".tuning-studio-export.json"
"""What says in a folder which files we exported there, and their SHA-256: only those are ever replaced."""
_REPORT_EVERY = 1000


def export(
    records: Collection[Record], parts: Mapping[int, str], out: Path, *, replace: bool = False
) -> Generator[Progress, None, list[Path]]:
    """Write a `.jsonl` file, or a folder with `train.jsonl`, `valid.jsonl`, `test.jsonl`; returns the files.

    Golden rows are left out, because whoever reads the files would train on them; a folder has them in
    `golden.jsonl`. All files appear whole, at the end, or none does; with `replace` a file that exists is
    replaced, and those of an earlier export that this one has no more are removed. Raises DataError for
    another kind of file, TargetError for one that exists, and for a folder with anything that we did not
    export there.
    """
    out = out.expanduser().absolute()
    if not out.is_dir() and out.suffix.lower() not in ("", ".jsonl"):
        raise DataError("export.neither", file=out.name)
    files: dict[Path, Collection[Record]]
    if not parts:
        files = {out if out.suffix.lower() == ".jsonl" else out / "train.jsonl": records}
    elif out.suffix.lower() == ".jsonl":
        has_golden = GOLDEN in parts.values()  # else all are gone through where they lie
        kept = [r for r in records if parts.get(r.line) != GOLDEN] if has_golden else records
        files = {out: kept}
    else:
        divided: dict[Path, list[Record]] = {}
        for record in records:
            part = parts.get(record.line, "")
            divided.setdefault(out / f"{_LAYOUT.get(part, part)}.jsonl", []).append(record)
        files = {**divided}
    if not any(files.values()):
        raise DataError("export.all_golden")
    _check_target(out, files, replace=replace)
    with ExitStack() as whole:
        opened = {path: whole.enter_context(whole_file(path)) for path in files}
        for path, rows in files.items():
            yield from _write(path.name, opened[path], rows)
        stale = [path for path in layout_in(out) if path not in files]
        if out not in files:
            _note(out, {path.name: _digest(file) for path, file in opened.items()}, add=True)
    if out not in files:
        for path in stale:
            path.unlink()
        _note(out, {path.name: sha256(path) for path in files})
    return list(files)


def layout_in(folder: Path) -> list[Path]:
    """The files of an earlier export of ours that a folder holds."""
    ours = _exported(folder)
    names = (f"{name}.jsonl" for name in dict.fromkeys((*_LAYOUT.values(), GOLDEN)))
    return [path for name in names if name in ours and (path := folder / name).is_file()]


def row_of(record: Record) -> dict[str, Any]:
    """The record as a row with its tools: OpenAI's `messages`, `chosen` and `rejected`, or `text`."""
    made = {"made": record.made} if record.made else {}
    if not record.messages:
        return {"text": record.text, **made}
    turns = [_turn(message) for message in record.messages]
    tools = {"tools": parsed(record.tools)} if record.tools else {}
    if record.rejected:
        worse = [*turns[:-1], _plain_turn("assistant", record.rejected)]
        return {"chosen": turns, "rejected": worse, **tools, **made}
    return {"messages": turns, **tools, **made}


def golden_row(record: Record) -> dict[str, Any]:
    """A line of a golden set, with its tools; with all turns where there are more than the one asked."""
    asked: dict[str, Any] = {"prompt": record.prompt, "ideal": record.answer}
    if record.tools:
        asked["tools"] = parsed(record.tools)
    if len(record.before_answer) == 1:
        return asked
    return {**asked, "messages": [_plain_turn(turn.role, turn.whole) for turn in record.before_answer]}


def _check_target(out: Path, files: Collection[Path], *, replace: bool) -> None:
    if out in files:
        if os.path.lexists(out) and not (replace and out.is_file()):
            raise TargetError("target.exists", target=out)
        return
    ours = _exported(out)
    earlier = [path for path in layout_in(out) if sha256(path) in ours[path.name]]  # else changed since
    refuse_others(out, frozenset({EXPORTED, *(path.name for path in earlier)}))
    if not replace and (stale := [path.name for path in earlier if path not in files]):
        raise TargetError("target.earlier_export", folder=out, names=", ".join(stale))


def _exported(folder: Path) -> dict[str, list[str]]:
    """The SHA-256 that each file which we exported to a folder may have; nothing where that is damaged."""
    try:
        files = parsed((folder / EXPORTED).read_text(encoding="utf-8"))["files"]
        return {str(name): [str(digest) for digest in digests] for name, digests in files.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _note(folder: Path, digests: Mapping[str, str], *, add: bool = False) -> None:
    """Write down what is exported to a folder; `add` keeps what was there, until the new files are."""
    files = {name: [digest] for name, digest in digests.items()}
    for name, before in (_exported(folder) if add else {}).items():
        files[name] = [*before, *files.get(name, [])]
    about = {"written_by": "Tuning Studio", "files": files}
    write_text(folder / EXPORTED, json.dumps(about, indent=2) + "\n")


def _digest(file: IO[str]) -> str:
    """The SHA-256 of what was written to a file that has another name yet."""
    file.flush()
    with open(file.name, "rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _write(name: str, file: IO[str], records: Collection[Record]) -> Generator[Progress]:
    shape = golden_row if name == f"{GOLDEN}.jsonl" else row_of
    for number, record in enumerate(records):
        file.write(json.dumps(shape(record), ensure_ascii=False) + "\n")
        if number % _REPORT_EVERY == 0:
            yield Progress(tr("rows written to {name}", name=name), number, len(records))


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = _plain_turn(message.role, message.shown)
    if message.calls:
        turn["tool_calls"] = [
            {
                **({"id": call.id} if call.id else {}),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    named = {"name": message.name, "tool_call_id": message.call_id}
    turn |= {key: value for key, value in named.items() if value}
    return turn if message.trained else {**turn, "weight": 0}


def _plain_turn(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}
