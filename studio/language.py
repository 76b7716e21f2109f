"""The words of window and command line, in English as the code has them or as a translation puts them.

`tr` and `plural` hold these words, as `studio.catalogue` holds those of failures by their codes. Both look
them up in a file of gettext's, `LANGUAGE/LC_MESSAGES/studio.mo`; `make templates` finds them in the code.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

LANGUAGES = Path(__file__).parents[1] / "resources" / "languages"


def spoken(language: str = "", folder: Path = LANGUAGES) -> gettext.NullTranslations:
    """The words of a language; English where there is no translation.

    Without a language it is that of the environment (LANGUAGE, LC_ALL, LC_MESSAGES or LANG).
    """
    return gettext.translation("studio", folder, [language] if language else None, fallback=True)


@cache
def speech() -> gettext.NullTranslations:
    """What this process speaks."""
    return spoken()


def tr(text: str, /, **values: object) -> str:
    """A text in the language spoken, with its values filled in."""
    said = speech().gettext(text)
    return said.format(**values) if values else said


def plural(count: int, one: str, many: str, /, **values: object) -> str:
    """A text that depends on how many there are; `{count}` is filled in with the others."""
    return speech().ngettext(one, many, count).format(count=count, **values)
