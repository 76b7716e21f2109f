"""Which language this process speaks: settled once, before anything is imported that has words.

The command line goes before the settings, and these before the system. What is settled stands in LANGUAGE,
where gettext looks for it, and the processes that this one starts find it there.
"""

from __future__ import annotations

import gettext
import json
import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from studio.language import LANGUAGES, speech
from studio.macos.objc import ObjectiveC, here
from studio.paths import Paths

SPOKEN = {"en": "English", "zh_CN": "简体中文"}
"""The languages there are, each under its own name."""

SYSTEM = "system"
"""What follows the system."""

CHOICES = (SYSTEM, *SPOKEN)

_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


def settle(arguments: Sequence[str]) -> str:
    """Settle the language by a command line, else by the settings, else by the system; its name."""
    wanted = _option(arguments, "--language") or _kept(_option(arguments, "--home"))
    spoken = near(wanted) or of_system(here())
    os.environ["LANGUAGE"] = spoken
    gettext.bindtextdomain("studio", LANGUAGES)  # what the parser of the command line says is in there, too
    gettext.textdomain("studio")
    speech.cache_clear()
    return spoken


def near(name: str) -> str:
    """The language there is for a name such as zh-Hans-CN or zh_CN.UTF-8; empty where there is none."""
    first, *others = name.partition(".")[0].partition("@")[0].replace("-", "_").lower().split("_")
    if first == "zh":
        return "" if _TRADITIONAL & set(others) else "zh_CN"
    return first if first in SPOKEN else ""


def is_language(name: str) -> bool:
    """Whether there is such a language to ask for."""
    return name == SYSTEM or bool(near(name))


def of_system(mac: ObjectiveC | None) -> str:
    """The first of the person's languages that there is, and English where there is none.

    LANGUAGE is set on purpose, and by a process of ours for those that it starts. On a Mac the languages of
    the system's settings come next, of which a window that Finder opens finds nothing in its environment.
    """
    asked = os.environ.get("LANGUAGE", "").split(":")
    listed = _of_mac(mac) if mac is not None else ()
    locale = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, map(near, chain(asked, listed, filter(None, locale)))), "en")


def _of_mac(mac: ObjectiveC) -> list[str]:
    """The languages of a Mac's settings, or those set for this application, in the person's order."""
    with mac.pool():
        listed = mac.send(mac.named("NSLocale"), "preferredLanguages")
        return mac.words(mac.send(listed, "componentsJoinedByString:", mac.text(","))).split(",")


def _option(arguments: Sequence[str], name: str) -> str:
    """What an option is given; the last one counts, as for the parser, which comes much later."""
    given = ""
    for place, word in enumerate(arguments):
        if word == "--" or (word == "make" and name == "--language"):  # `data make` has rows in a language
            break
        if word == name:
            given = next(iter(arguments[place + 1 :]), "")
        elif word.startswith(f"{name}="):
            given = word.partition("=")[2]
    return given


def _kept(home: str) -> str:
    """What the settings say; whoever reads them as a whole, later, says what is wrong with them."""
    paths = Paths.under(Path(home)) if home else Paths.for_user()
    try:
        return str(json.loads(paths.settings.read_bytes())["language"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""
