"""Answers that are to call tools: whether they make the wanted calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

from studio.catalogue import Unusable, phrase, said_by
from studio.dataset.read.tools import calls_in
from studio.dataset.record import Call
from studio.dataset.rows import BadRow
from studio.evaluate.scorers.scorer import SHARE, Grade, Scorer
from studio.files import parsed
from studio.generate.calls import calls_of
from studio.language import tr


def same_calls(given: tuple[Call, ...], wanted: tuple[Call, ...], *, ordered: bool = False) -> bool:
    """Whether both make the same calls; the order of arguments, and unless `ordered` of calls, is free.

    Arguments are of the same type: 5 is 5.0, and neither "5" nor true.
    """
    one, other = (
        [(call.name, _canonical(parsed(call.arguments))) for call in calls] for calls in (given, wanted)
    )
    return one == other if ordered else Counter(one) == Counter(other)


def _canonical(value: Any) -> Hashable:
    """Equal for values that are the same in JSON."""
    match value:
        case bool():
            return ("truth", value)
        case dict():
            return frozenset((key, _canonical(item)) for key, item in value.items())
        case list():
            return tuple(map(_canonical, value))
    return value  # type: ignore[no-any-return]


def _prepare(value: Any, options: Mapping[str, Any]) -> Grade:
    ordered = options.get("ordered", False)
    if not isinstance(ordered, bool):
        raise Unusable("scorer.no_truth", name="ordered")
    wanted = _wanted(value)
    return lambda answer: float(same_calls(calls_of(answer), wanted, ordered=ordered))


def _wanted(value: Any) -> tuple[Call, ...]:
    """The calls of a value: objects, or the text of an answer. Raises Unusable where it makes none."""
    if isinstance(value, str):
        calls = calls_of(value)
    else:
        try:
            calls = calls_in(value, phrase("call.wanted"))
        except BadRow as error:
            raise Unusable("scorer.no_call", reason=said_by(error)) from error
    if not calls:
        raise Unusable("scorer.no_calls")
    return calls


TOOL_CALL = Scorer(
    "tool_call",
    tr("Tool calls"),
    tr("The answer calls the wanted tools with the same arguments, of the same types, in any order."),
    SHARE,
    _prepare,
    options=("ordered",),
    names=("tool_calls",),
)
