"""Rows with somebody's data or a secret in them, each confirmed by what can be computed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from studio.dataset.checks.check import (
    Check,
    Found,
    Looking,
    Subject,
    by_row,
    found,
    have,
    is_whole,
    quoted,
    rewritten,
    texts,
)
from studio.dataset.record import Record
from studio.events import Evidence
from studio.language import tr

_FILES = {"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "py", "html"}
_EXAMPLES = re.compile(
    r"@(?:[\w-]+\.)*(?:example|test|invalid|localhost|email|company|(?:your)?domain)\b", re.IGNORECASE
)
_PUBLIC = {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"}


@dataclass(frozen=True)
class Pattern:
    """What the expression finds and `confirmed` believes becomes `mark`.

    It is looked for in texts with so many `digits` at least in which `hint` is.
    """

    mark: str
    expression: re.Pattern[str]
    hint: Callable[[str], bool]
    confirmed: Callable[[re.Match[str]], bool] = lambda match: True
    digits: int = 0


@dataclass(frozen=True)
class PersonalPlace:
    """Where something personal stands, and the mark for it."""

    start: int
    end: int
    mark: str


def personal(text: str) -> Iterator[PersonalPlace]:
    """Everything personal in a text, from left to right, nothing twice."""
    after = 0
    digits = _digits(text)
    likely = [pattern for pattern in PATTERNS if digits >= pattern.digits and pattern.hint(text)]
    places = [place for pattern in likely for place in _places(pattern, text)]
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if place.start >= after:
            after = place.end
            yield place


def _digits(text: str) -> int:
    """How many digits are in a text."""
    return sum(map(text.count, "0123456789")) if text.isascii() else len(_DIGIT.findall(text))


def _places(pattern: Pattern, text: str) -> Iterator[PersonalPlace]:
    for match in pattern.expression.finditer(text):
        if pattern.confirmed(match):
            yield PersonalPlace(*match.span(match.lastgroup or 0), pattern.mark)


def _is_address(match: re.Match[str]) -> bool:
    local, _, domain = match.group().rpartition("@")
    if local == "git" or domain.rpartition(".")[2].lower() in _FILES:
        return False
    return not _EXAMPLES.search(match.group())


def _is_card(match: re.Match[str]) -> bool:
    digits = [int(letter) for letter in match.group() if letter.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 2 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_account(match: re.Match[str]) -> bool:
    code = match.group().replace(" ", "")
    return 15 <= len(code) <= 34 and int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


def _is_host(match: re.Match[str]) -> bool:
    try:
        address = IPv4Address(match["address"])
    except AddressValueError:
        return False
    small = all(int(part) < 30 for part in match["address"].split("."))  # more likely a version or a section
    if _NUMBERED.search(match.string, max(0, match.start() - 12), match.start()):
        return False
    return address.is_global and not address.is_multicast and not small and match["address"] not in _PUBLIC


def _is_phone(match: re.Match[str]) -> bool:
    number = match[match.lastgroup or 0]
    digits = [letter for letter in number if letter.isdigit()]
    made_up = re.search(r"\b555\b", number)  # kept free for films
    return 9 <= len(digits) <= 15 and len(set(digits)) > 3 and not made_up and "".join(digits) not in _COUNTED


def _is_key(match: re.Match[str]) -> bool:
    key = match.group()
    mixed = re.search(r"\d", key) and re.search(r"[a-z]", key) and re.search(r"[A-Z]", key)
    return bool(mixed) and not re.search(r"EXAMPLE|(?:x|X){6}|your|1234567890", key)


_NUMBERED = re.compile(
    r"(?:version|release|chapter|section|clause|article|build|table|figure|§|\bv)\.? ?\Z", re.I
)
_COUNTED = {"1234567890", "0123456789", "123456789", "11234567890"}
_DIGIT, _COUNTRY = re.compile(r"\d"), re.compile(r"[A-Z]{2}\d{2}")


def _has(*words: str, sign: str = "") -> Callable[[str], bool]:
    """Whether one of these words is in a text. All hold the `sign`: to look for that is ten times as fast."""
    return lambda text: sign in text and any(map(text.__contains__, words))


def _may_hold_key(text: str) -> bool:
    return any(begins(text) for begins in _KEYS_BEGIN)


def _always(text: str) -> bool:
    return True


_KEYS = (
    r"(?<![\w-])(?:sk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{30,}"
    r"|xox[abprs]-[A-Za-z0-9-]{20,}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}|[sr]k_live_[A-Za-z0-9]{20,}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
)
_KEYS_BEGIN = (
    _has("sk-", "glpat-", sign="-"),
    _has("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "hf_", "k_live_", sign="_"),
    _has("xox", sign="x"),
    _has("AIza", sign="z"),
    _has("eyJ", sign="J"),
)
_PHONE = (
    r"(?<![\w.+/-])(?P<number>\+[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,4}(?:[ ./-]?\d{2,5}){1,4}"
    r"|\(\d{3}\) ?\d{3}[-. ]\d{4}"
    r"|[2-9]\d{2}-[2-9]\d{2}-\d{4}"
    r"|0[1-9](?:[ .]\d{2}){4})(?![\w-]|\.\d)"
    r"|\b(?:tel|phone|telefon|telephone|téléphone|teléfono|mobile?|handy|cell|fax)(?: number| no)?[.:]{0,2} ?"
    r"(?P<told>[(+]?\d[\d /().-]{7,20}\d)(?![\w-]|\.\d)"
)
PATTERNS = (
    Pattern(
        "[private key]",
        re.compile(
            r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]{40,}?(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----|\Z)"
        ),
        _has("PRIVATE KEY"),
    ),
    Pattern("[key]", re.compile(_KEYS), _may_hold_key, _is_key, digits=1),
    Pattern(
        "[key]",
        re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        _has("AKIA", "ASIA", sign="IA"),
        lambda match: "EXAMPLE" not in match.group(),
    ),
    Pattern(
        "[e-mail]",
        re.compile(r"(?<![\w.+%-])[A-Za-z0-9][\w.+%-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b"),
        _has("@"),
        _is_address,
    ),
    Pattern(
        "[account]",
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
        lambda text: _COUNTRY.search(text) is not None,
        _is_account,
        digits=2,
    ),
    Pattern(
        "[card]",
        re.compile(
            r"(?<![\w.+-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|6(?:011|5\d{2}))"
            r"(?:(?:[ -]?\d{4}){2}[ -]?\d{3,4}|[ -]\d{6}[ -]\d{5})(?![\w-]|\.\d)"
        ),
        _always,
        _is_card,
        digits=15,
    ),
    Pattern(
        "[address]",
        re.compile(r"(?<![\w.-])(?P<address>\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)"),
        lambda text: text.count(".") >= 3,
        _is_host,
        digits=4,
    ),
    Pattern("[phone]", re.compile(_PHONE, re.IGNORECASE), _always, _is_phone, digits=9),
)


class PersonalData(Check):
    """Finds e-mail and IP addresses, phone, card and account numbers, keys: not names, nor streets."""

    name = "personal data"
    title = tr("Personal data and keys")
    why = tr("A model may repeat its training data to anyone who asks.")
    severity = "bad"
    fix = "mend"

    def looking(self, subject: Subject) -> Looking[Found]:
        kinds: Counter[str] = Counter()

        def look(record: Record) -> Evidence | None:
            first = None
            for text in texts(record):
                for place in personal(text):
                    kinds[place.mark.strip("[]")] += 1
                    first = first or quoted(record.line, text, place.start, place.end)
            return first

        evidence = yield from by_row(look)
        names = ", ".join(f"{count:,} x {kind}" for kind, count in kinds.most_common())
        return found(
            evidence,
            lambda count: tr(
                "{have} personal data or keys ({names}).", have=have(count, "holds", "hold"), names=names
            ),
        )

    def repair(self, subject: Subject, record: Record) -> Record | None:
        mended = rewritten(record, masked)
        return mended if is_whole(mended) else None


def masked(text: str) -> str:
    """The text with a mark such as [e-mail] in place of everything personal."""
    for place in reversed(list(personal(text))):
        text = text[: place.start] + place.mark + text[place.end :]
    return text
