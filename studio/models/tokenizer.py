"""Tokenizers from local folders: never the network, never torch, never mlx."""

from __future__ import annotations

import os
import threading
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studio.errors import ModelError
from studio.files import parsed
from studio.models.weights import refuse_pointer

LOADING = threading.RLock()
"""Hold this to import transformers or load with it: two threads that import it at once may see half of it."""

_FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")


def load_tokenizer(folder: Path) -> Any:
    """The transformers fast tokenizer in `folder`.

    Raises ModelError when the folder or its tokenizer is missing, damaged, or not a fast one.
    """
    if not folder.is_dir():
        raise ModelError("tokenizer.no_folder", folder=folder)
    check_tokenizer(folder)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    with LOADING:
        from transformers import AutoTokenizer

        try:
            with without_marks(folder) as clean:
                tokenizer = AutoTokenizer.from_pretrained(str(clean), local_files_only=True, use_fast=True)
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError("tokenizer.unreadable", folder=folder, fault=first_line(error)) from error
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError("tokenizer.slow", folder=folder)
    return tokenizer


@contextmanager
def without_marks(folder: Path) -> Iterator[Path]:
    """The folder, or one of links to its files in which no JSON begins with a byte order mark."""
    marked = [file for file in folder.glob("*.json") if _begins_with_mark(file)]
    if not marked:
        yield folder
        return
    with TemporaryDirectory(prefix="studio-tokenizer-") as name:
        for file in folder.iterdir():
            (Path(name) / file.name).symlink_to(file.resolve())
        for file in marked:
            (Path(name) / file.name).unlink()
            (Path(name) / file.name).write_bytes(file.read_bytes().removeprefix(BOM_UTF8))
        yield Path(name)


def _begins_with_mark(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(BOM_UTF8)) == BOM_UTF8
    except OSError:  # said by whoever reads it
        return False


def check_tokenizer(folder: Path) -> None:
    """Raise ModelError where a folder holds no tokenizer, a pointer to one, or one of foreign code."""
    for file in sorted(folder.iterdir()):
        if file.exists() and not file.is_file() and not file.is_dir():  # a pipe, which would never end
            refuse_pointer(file)
    found = [folder / name for name in _FILES if (folder / name).is_file()]
    found += sorted(folder.glob("*.tiktoken"))
    if not found:
        raise ModelError("tokenizer.missing", folder=folder)
    for file in found:
        refuse_pointer(file)
    try:
        settings = parsed((folder / "tokenizer_config.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):  # absent, or said when the tokenizer is read
        return
    if folder / "tokenizer.json" not in found and isinstance(settings, dict) and "auto_map" in settings:
        raise ModelError("tokenizer.own_code", folder=folder)


def first_line(error: Exception) -> str:
    """An error of a library in one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
