"""A person's own prompts: those that are asked again and again, of whatever was trained."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.catalogue import Unusable
from studio.files import FileKind, NewerFile, under
from studio.words import whole_characters

log = logging.getLogger(__name__)

_LIST = "prompts"
PROMPTS = FileKind(under(_LIST, list))
"""A person's own; the first version was the list alone."""
MOST_KEPT = 200
"""So many prompts are kept; the oldest goes when another one comes."""
_LONGEST = 20_000
"""So many characters a prompt may have; more is a document."""


class PromptLibrary:
    """The prompts that a file keeps, the newest first."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> tuple[str, ...]:
        """Every prompt; what of the file cannot be read is left out."""
        try:
            read: Any = PROMPTS.read(self._file).get(_LIST)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, NewerFile):
            log.warning("%s cannot be read", self._file)
            return ()
        texts = read if isinstance(read, list) else []
        return tuple(each for each in texts if isinstance(each, str) and each.strip())[:MOST_KEPT]

    def add(self, prompt: str) -> None:
        """Keep a prompt, before all others. Raises Unusable for an empty or endless one, and DiskError where
        it cannot be written.
        """
        prompt = whole_characters(prompt.strip())
        if not prompt or len(prompt) > _LONGEST:
            raise Unusable("prompts.not_kept", most=_LONGEST)
        self._write((prompt, *self._without(prompt)))

    def remove(self, prompt: str) -> None:
        """Forget a prompt. Raises DiskError where that cannot be written."""
        self._write(self._without(prompt))

    def _without(self, prompt: str) -> tuple[str, ...]:
        return tuple(each for each in self.all() if each != prompt)

    def _write(self, prompts: Sequence[str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        kept = list(prompts[:MOST_KEPT])
        PROMPTS.write(self._file, {_LIST: kept})
