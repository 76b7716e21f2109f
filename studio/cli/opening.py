"""Whether a command line asks for the window. It imports next to nothing, so that this paints at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from studio.language_choice import is_language

COMMANDS = (
    "train",
    "resume",
    "sweep",
    "forecast",
    "evaluate",
    "report",
    "chat",
    "data",
    "runs",
    "checkpoints",
    "models",
    "export",
    "import",
    "serve",
    "selftest",
    "demo",
)


_WITH_VALUE = ("--home", "--language")
_EVERYWHERE = (*_WITH_VALUE, "--json", "--debug")


@dataclass(frozen=True)
class WindowRequest:
    """What the window opens with: a dataset, the folder for everything the app writes, tracebacks."""

    data: str = ""
    home: str = ""
    debug: bool = False


def opening(arguments: Sequence[str]) -> WindowRequest | None:
    """What the window is asked to open with; None for a command, and for what only the parser can explain."""
    left, words, home, debug = list(arguments), list[str](), "", False
    while left:
        word = left.pop(0)
        if word == "--home" and left:
            home = left.pop(0)
        elif word.startswith("--home="):
            home = word.partition("=")[2]
        elif word == "--debug":
            debug = True
        elif word == "--language" and left and is_language(left[0]):
            left.pop(0)
        elif word.startswith("--language=") and is_language(word.partition("=")[2]):
            pass
        elif word.startswith("-") and word != "-":
            return None
        else:
            words.append(word)
    if words and (len(words) > 1 or words[0] in COMMANDS or not names_file(words[0])):
        return None
    return WindowRequest("".join(words), home, debug)


def names_file(word: str) -> bool:
    """Whether this is a file, or looks like the name of one."""
    return os.path.exists(word) or bool(os.path.splitext(word)[1]) or os.sep in word


def first_word(arguments: Sequence[str]) -> int:
    """How many arguments come before the first that is none of --home, --language, --json and --debug."""
    place = 0
    while place < len(arguments) and arguments[place].partition("=")[0] in _EVERYWHERE:
        place += 2 if arguments[place] in _WITH_VALUE else 1
    return min(place, len(arguments))
