"""What goes with weights: tokenizer, chat template, generation settings; and the place that is written to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from studio.errors import TargetError
from studio.files import check_target, strangers

TOKENIZER = (
    *("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"),
    *("added_tokens.json", "vocab.json", "merges.txt", "tekken.json", "spiece.model"),
    *("chat_template.jinja", "chat_template.json"),
)
"""Files of a model folder that make its tokenizer."""
OTHERS = ("generation_config.json", "LICENSE", "LICENSE.txt", "NOTICE")
"""And what else goes where its weights go."""


def copy_companions(model: Path, folder: Path, template: Path | None = None) -> None:
    """Copy a model's tokenizer, template, settings and licence; with a template in place of its own."""
    for file in (*(model / name for name in (*TOKENIZER, *OTHERS)), *sorted(model.glob("*.tiktoken"))):
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    if template is not None:  # this file comes before what tokenizer_config.json says
        shutil.copyfile(template, folder / "chat_template.jinja")


def check_place(out: Path, sources: Iterable[Path]) -> None:
    """Raise TargetError where `out` cannot be written to: it holds something, or a source lies there."""
    check_target(out, sources)
    if os.path.lexists(out) and not out.is_dir():
        raise TargetError("target.is_file", folder=out)
    if there := strangers(out, ()):
        raise TargetError("export.taken", folder=out, name=there[0])


def files_in(folder: Path) -> tuple[tuple[str, ...], int]:
    """Every file in a folder by its path there, and the bytes that they take."""
    found = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return tuple(file.relative_to(folder).as_posix() for file in found), sum(f.stat().st_size for f in found)
