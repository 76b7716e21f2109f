"""Answers against a number, within a tolerance."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from studio.catalogue import Unusable
from studio.evaluate.scorers.scorer import SHARE, Grade, Scorer
from studio.language import tr

_LONGEST = 40
"""Digits of a number that is read; more are no number that anybody would ask for."""

_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-+]?)(?:"
    r"(?P<points>\d{1,3}(?:\.\d{3})+(?:,\d+)|\d{1,3}(?:\.\d{3}){2,})"  # 1.234,50 and 1.234.567
    r"|(?P<commas>\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?)"  # 1,234.50 and 1,00,000
    r"|(?P<spaces>\d{1,3}(?:([ '])\d{3})+(?:[.,]\d+)?)"
    rf"|(?P<bare>\d{{1,{_LONGEST}}}(?:[.,]\d{{1,{_LONGEST}}})?|\.\d{{1,{_LONGEST}}})(?:[eE](?P<power>[-+]?\d{{1,3}}))?"
    r")(?![\d])",
)
_WRITTEN = str.maketrans(
    {
        "\u2212": "-",
        "\u066b": ".",
        "\u066c": ",",
        "\u2019": "'",
        "\u00a0": "\ue000",
        "\u202f": "\ue000",
        "\u2009": "\ue000",
    }
)
"""Signs that stand for others; a narrow or unbroken space for one that may stand inside a number."""


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, in order.

    Thousands may be set apart by commas, unbroken spaces or apostrophes, and by points where that cannot be
    a decimal point: 1,234.5, 1.234,5 and 1 234,5 are the same. A minus counts where no word or digit is
    before it.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_WRITTEN)).replace("\ue000", " ")
    return [value for value in map(_value, _NUMBER.finditer(plain)) if math.isfinite(value)]


def _value(found: re.Match[str]) -> float:
    if found["points"]:
        digits = found["points"].replace(".", "").replace(",", ".")
    elif found["commas"]:
        digits = found["commas"].replace(",", "")
    elif found["spaces"]:
        digits = re.sub("[ ']", "", found["spaces"]).replace(",", ".")
    else:
        digits = found["bare"].replace(",", ".") + (f"e{found['power']}" if found["power"] else "")
    return float(found["sign"] + digits)


def _prepare(value: Any, options: Mapping[str, Any]) -> Grade:
    wanted = _wanted(value)
    allowed = max(_amount(options, "tolerance"), _amount(options, "relative") * abs(wanted))
    which = options.get("which", "last")
    if which not in ("first", "last", "any"):
        raise Unusable("scorer.no_choice", name="which", choices="first, last, any")

    def grade(answer: str) -> float:
        there = numbers_in(answer)
        chosen = there if which == "any" else there[:1] if which == "first" else there[-1:]
        return float(any(_close(number, wanted, allowed) for number in chosen))

    return grade


def _close(number: float, wanted: float, allowed: float) -> bool:
    return abs(number - wanted) <= allowed or math.isclose(number, wanted, rel_tol=1e-9)


def _wanted(value: Any) -> float:
    """A number, or the last one of a text. Raises Unusable where there is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    there = numbers_in(value) if isinstance(value, str) else []
    if not there:
        raise Unusable("scorer.no_number")
    return there[-1]


def _amount(options: Mapping[str, Any], name: str) -> float:
    amount = options.get(name, 0)
    if not isinstance(amount, int | float) or isinstance(amount, bool) or not 0 <= amount < math.inf:
        raise Unusable("scorer.no_amount", name=name)
    return float(amount)


NUMERIC = Scorer(
    "numeric",
    tr("Number"),
    tr("The last number of the answer is the wanted one, within a tolerance where one is given."),
    SHARE,
    _prepare,
    options=("tolerance", "relative", "which"),
)
