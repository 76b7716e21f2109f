"""Every event survives the way through JSON."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

import pytest

from studio.catalogue import phrase
from studio.events import Event, Measure, Problem, from_json, to_json


def example(kind: type[Any]) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: _value(hints[f.name]) for f in dataclasses.fields(kind)})


def _value(annotation: Any) -> Any:
    if typing.get_origin(annotation) is tuple:
        inner = typing.get_args(annotation)[0]
        return ((example if dataclasses.is_dataclass(inner) else _value)(inner),) * 2
    options = {str: "grüß 'dich'\n", int: 7, float: 0.1, bool: True}
    return options.get(annotation, 3)


OURS = (kind for kind in Event.kinds.values() if kind.__module__.startswith("studio.events."))
KINDS = sorted(OURS, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_comes_back_equal(kind: type[Event]) -> None:
    event = example(kind)
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line) == event


@pytest.mark.parametrize(
    "line", ["", "[]", "3", '{"kind": "Nothing"}', '{"kind": "Log"}', '{"kind": "Log", "x": 1}', "{"]
)
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_json(line)


def test_a_measure_is_unclear_when_its_interval_holds_zero() -> None:
    def measure(low: float, high: float, better: str) -> str:
        return Measure("Exact match", 0.1, 0.2, low, high, better, "share", 100).verdict

    assert measure(-0.1, 0.3, "higher") == "unclear"
    assert measure(0.05, 0.3, "higher") == "better"
    assert measure(-0.3, -0.1, "higher") == "worse"
    assert measure(-0.3, -0.1, "lower") == "better"
    assert Problem(3, phrase("row.no_prompt")).severity == "error"
