"""What is said, as a code and named values; the words are those of the tables beside this module.

A sentence is a template with named values. Saying something new takes one line in a table; another
language is another such table, in gettext's form. Nothing else knows the words, and nothing reads them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from string import Formatter
from typing import Any

from studio.catalogue.advice import ADVICE
from studio.catalogue.asked import ASKED
from studio.catalogue.benchmarks import APPROACHES, BENCHMARK_CLAUSES
from studio.catalogue.dataset_failures import DATASET_FAILURES
from studio.catalogue.datasets import DATASETS
from studio.catalogue.evaluation import EVALUATION
from studio.catalogue.export import EXPORT
from studio.catalogue.failures import FAILURES
from studio.catalogue.gguf import GGUF
from studio.catalogue.hub import HUB
from studio.catalogue.inside import INSIDE
from studio.catalogue.judging import JUDGING
from studio.catalogue.keys import KEYS
from studio.catalogue.models import MODELS
from studio.catalogue.outcomes import OUTCOMES
from studio.catalogue.runs import RUNS
from studio.catalogue.scoring import SCORING
from studio.catalogue.selftest import SELFTEST
from studio.catalogue.serving import SERVING
from studio.catalogue.verdict import VERDICT
from studio.catalogue.work import WORK
from studio.language import speech
from studio.words import printable

CLAUSES: dict[str, str] = {
    **ADVICE,
    **ASKED,
    **APPROACHES,
    **BENCHMARK_CLAUSES,
    **DATASETS,
    **DATASET_FAILURES,
    **HUB,
    **INSIDE,
    **EVALUATION,
    **EXPORT,
    **FAILURES,
    **GGUF,
    **JUDGING,
    **KEYS,
    **MODELS,
    **OUTCOMES,
    **RUNS,
    **VERDICT,
    **SCORING,
    **SELFTEST,
    **WORK,
    **SERVING,
}

EMPTY = frozenset({"row.null", "row.empty", "row.no_turns"})
"""Nothing stands where a text is needed."""

TOO_LONG = frozenset({"row.too_long", "row.answer_too_long", "row.prompt_too_long"})
"""Left out for its length in tokens, or with nothing left of its answer."""

_VARIES = "…"


type Value = str | int | float | Phrase

type Said = Phrase | str
"""What is said: a phrase, or words as a library or an earlier release wrote them."""


@dataclass(frozen=True)
class Phrase:
    """Something said, as a code and named values; its text is the catalogue's. Make it by `phrase`.

    A value may be a phrase itself. Bytes that are no text are spelled out, so it can be written anywhere.
    One that another release wrote, of a code that is not here any more or with other values, is shown as
    well as may be.
    """

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        if self.code not in CLAUSES:
            return printable(" ".join((self.code, *(str(value) for _, value in self.values))))
        template = speech().pgettext(self.code, CLAUSES[self.code])
        return printable(_FORMATTER.vformat(template, (), dict(self.values)))

    @property
    def shape(self) -> tuple[Any, ...]:
        """Equal for phrases that differ only in names and numbers."""
        inner = ((name, value.shape) for name, value in self.values if isinstance(value, Phrase))
        return (self.code, *inner)

    def plain(self) -> dict[str, Any]:
        """The code and the values as JSON holds them; `from_plain` reads it."""
        return {
            "code": self.code,
            "values": {
                name: value.plain() if isinstance(value, Phrase) else value for name, value in self.values
            },
        }

    def with_fields(self, names: Mapping[str, str]) -> Phrase:
        """The same, speaking of fields by other names."""
        if self.code == "field":
            return phrase("field", **{name: names.get(str(value), value) for name, value in self.values})
        changed = (
            (name, value.with_fields(names) if isinstance(value, Phrase) else value)
            for name, value in self.values
        )
        return replace(self, values=tuple(changed))


class Unusable(ValueError):
    """Why something cannot be used: `phrase` has the code and the values, its text is the clause."""

    def __init__(self, code: str | Phrase, /, **values: Value) -> None:
        self.phrase = code if isinstance(code, Phrase) else phrase(code, **values)
        super().__init__(self.phrase.code)

    def __str__(self) -> str:
        return str(self.phrase)


def said_by(error: Exception) -> Said:
    """What an error says: one of ours by its code and values, another in its own words."""
    return error.phrase if isinstance(error, Unusable) else str(error)


def phrase(code: str, /, **values: Value) -> Phrase:
    """What the catalogue says under this code. Raises KeyError for a code that it does not have."""
    if code not in CLAUSES:
        raise KeyError(code)
    return Phrase(code, tuple(values.items()))


def sentence(what: Phrase) -> str:
    """The phrase as a sentence of its own."""
    text = str(what)
    return f"{text[:1].upper()}{text[1:]}."


def from_plain(found: Mapping[str, Any]) -> Phrase:
    """The phrase that `plain` gave."""
    values = ((name, from_plain(v) if isinstance(v, dict) else v) for name, v in found["values"].items())
    return Phrase(str(found["code"]), tuple(values))


def worded(key: str) -> str:
    """A key that is kept in files as a person reads it, as in the middle of a sentence."""
    words = key.replace("_", " ")
    return str(Phrase(f"key.{words}")) if f"key.{words}" in CLAUSES else words


def joined(phrases: Iterable[Phrase]) -> Phrase:
    """Several phrases, at least one, as one."""
    return reduce(lambda one, other: phrase("both", one=one, other=other), phrases)


def common(one: Phrase, other: Phrase) -> Phrase:
    """What two phrases of one shape have in common: values that differ are left open."""
    pairs = zip(one.values, other.values, strict=True)
    return replace(one, values=tuple((name, _common(left, right)) for (name, left), (_, right) in pairs))


def _common(left: Value, right: Value) -> Value:
    if isinstance(left, Phrase) and isinstance(right, Phrase):
        return common(left, right)
    return left if left == right else _VARIES


class _Formatter(Formatter):
    """Numbers as the clause wants them; a value left open stands for itself.

    `{fault:clause}` is without the stop at its end, `{place:sentence}` begins with a capital letter.
    """

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), _VARIES)

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(value)
        if format_spec == "clause":
            return text.rstrip(".")
        if format_spec == "sentence":
            return f"{text[:1].upper()}{text[1:]}"
        return text if isinstance(value, str | Phrase) else format(value, format_spec)


_FORMATTER = _Formatter()
