"""Whether an answer is in another language than it should be."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache

from studio.dataset.checks.language import language, likeliest

_CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]*`|https?://\S+|[\w.+-]{1,64}@[\w.-]+", re.DOTALL)
_TRANSLATES = re.compile(
    r"translat|übersetz|tradu[izc]|vertaal|översätt|oversæt|tłumacz|przetłumacz|перевед|переклад|翻译|翻譯|翻訳"
    r"|訳して|번역|ترجم|अनुवाद"
    r"|\bin (?:english|german|french|spanish|italian|portuguese|dutch|russian|chinese|japanese|korean"
    r"|arabic|hindi|turkish|polish|swedish|latin|greek)\b|\bauf (?:deutsch|englisch|französisch|spanisch)\b"
    r"|\ben (?:français|anglais|español|inglés|francés)\b",
    re.IGNORECASE,
)
_FEWEST_LETTERS = 4
_FOREIGN = 0.4
_KANA = 0.15
_LETTERS_FOR_ONE = 3
"""Letters that say as much as one character of Chinese."""

_PASSAGE = 60
"""Letters from which the language of a passage is told; those of one writing are hard to tell on fewer."""

_RATHER = 0.6

_KIN = {
    **dict.fromkeys(("da", "nb", "nn", "no"), "no"),
    **dict.fromkeys(("hr", "bs", "sr", "sh"), "hr"),
    **dict.fromkeys(("zh", "yue", "wuu"), "zh"),
    "pcm": "en",
    "ms": "id",
    "gl": "pt",
}
"""Languages that are taken for one, because they are told apart badly."""

_SENTENCES = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s*|\n+")
_NAMES = {"CJK": "HAN", "HIRAGANA": "KANA", "KATAKANA": "KANA", "HALFWIDTH": "KANA"}


def switches_language(answer: str, prompt: str, ideal: str) -> bool:
    """Whether a good part of the answer is in a writing or a language that was not asked for.

    The language is that of the ideal answer or, where that is too short to have one, that of the prompt. What
    the prompt itself is written in is never foreign, unless the ideal answer says otherwise; code and
    addresses count for nothing.
    """
    given = _CODE.sub(" ", answer)
    return _other_writing(given, prompt, ideal) or _other_language(given, prompt, ideal)


def _other_writing(answer: str, prompt: str, ideal: str) -> bool:
    there, wanted = writings(answer), writings(ideal)
    asked = writings(prompt)
    if wanted.total() < _FEWEST_LETTERS:
        if _TRANSLATES.search(prompt):
            return False
        wanted += asked
    if there.total() < _FEWEST_LETTERS or not wanted:
        return False
    if "HAN" in wanted and ("HAN" in there or "KANA" in there):
        return _other_east_asian(there, wanted)
    known = {name for name, count in wanted.items() if count >= 0.1 * wanted.total()}
    foreign = sum(count for name, count in there.items() if name not in known)
    return foreign > _FOREIGN * there.total()


def _other_east_asian(there: Counter[str], wanted: Counter[str]) -> bool:
    """Chinese and Japanese share characters, and are told apart by kana."""
    own = there["HAN"] + there["KANA"]
    others = (there.total() - own) / _LETTERS_FOR_ONE
    if "KANA" in wanted:
        return (there["KANA"] == 0 and there["HAN"] >= 2 * _FEWEST_LETTERS) or own < others
    return there["KANA"] > _KANA * own or own < others


def _other_language(answer: str, prompt: str, ideal: str) -> bool:
    """Whether a passage is surely in a language that neither the ideal answer nor else the prompt has.

    Where neither tells, it is whether two passages of the answer are in two languages.
    """
    spoken = {name for name in map(_language, _passages(answer)) if name}
    wanted = _language(ideal)
    if not wanted and not _TRANSLATES.search(prompt):
        wanted = _likely(f"{prompt} {ideal}")
    return bool(spoken - {wanted}) if wanted else len(spoken) > 1


def _passages(text: str) -> list[str]:
    """The whole, and its sentences, short ones put together."""
    found, held = [text], ""
    for sentence in _SENTENCES.split(text):
        held = f"{held} {sentence}"
        if sum(map(str.isalpha, held)) >= _PASSAGE:
            found.append(held)
            held = ""
    return found


@lru_cache(4096)
def _language(text: str) -> str:
    """The language of a text, in the hundreds of characters that tell it; nothing for what is short."""
    name = language(text[:600].strip())
    return _KIN.get(name, name)


@lru_cache(4096)
def _likely(text: str) -> str:
    """The language that a short text is rather in than in any other; nothing where that is not so."""
    name, sure = likeliest(text[:600])
    return _KIN.get(name, name) if sure >= _RATHER else ""


def writings(text: str) -> Counter[str]:
    """How many letters of each writing a text has: LATIN, CYRILLIC, HAN, KANA, ARABIC, …"""
    letters = Counter(filter(str.isalpha, text[:5000]))
    found: Counter[str] = Counter()
    for letter, count in letters.items():
        found[_writing(letter)] += count
    return found


@cache
def _writing(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0]
    return _NAMES.get(name, name)
