"""Tokenizers from local folders: never the network, never torch, never mlx."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from studio.errors import ModelError

LOADING = threading.RLock()
"""Hold this to import transformers or load with it: two threads that import it at once may see half of it."""

_FILES = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "tekken.json")


def load_tokenizer(folder: Path) -> Any:
    """The transformers fast tokenizer in `folder`.

    Raises ModelError when the folder or its tokenizer is missing, damaged, or not a fast one.
    """
    if not folder.is_dir():
        raise ModelError(f"There is no model folder at {folder}. Choose the folder that holds config.json.")
    if not any((folder / name).is_file() for name in _FILES):
        raise ModelError(f"{folder} holds no tokenizer (no tokenizer.json). Download the model again, whole.")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    with LOADING:
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, use_fast=True)
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"The tokenizer in {folder} cannot be read: {_first_line(error)}") from error
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(f"The tokenizer in {folder} is of the slow kind. Add the model's tokenizer.json.")
    return tokenizer


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
