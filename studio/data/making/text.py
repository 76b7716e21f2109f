"""Words as they are compared: lower case, no punctuation, and one by one where a script has no spaces."""

from __future__ import annotations

import re

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def words(text: str) -> list[str]:
    """The text's words in lower case; in Chinese, Japanese and Korean, its characters."""
    return _WORD.findall(text.lower())


def plain(text: str) -> str:
    """Equal for texts that differ only in case, spacing and punctuation."""
    return " ".join(words(text)) or " ".join(text.split())
