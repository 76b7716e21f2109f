"""Every event survives the way through JSON."""

from __future__ import annotations

import dataclasses
import json
import typing
from types import UnionType
from typing import Any

import pytest

from studio.catalogue import phrase
from studio.events import (
    MEASURED,
    TOO_FEW,
    Difference,
    Event,
    Log,
    Problem,
    Progress,
    Score,
    Step,
    from_json,
    to_json,
)


def example(kind: type[Any]) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: _value(hints[f.name]) for f in dataclasses.fields(kind)})


def _value(annotation: Any) -> Any:
    if dataclasses.is_dataclass(annotation):
        return example(typing.cast("type[Any]", annotation))
    if typing.get_origin(annotation) is tuple:
        inner = typing.get_args(annotation)[0]
        return ((example if dataclasses.is_dataclass(inner) else _value)(inner),) * 2
    if isinstance(annotation, typing.TypeAliasType):
        return _value(typing.get_args(annotation.__value__)[0])
    if typing.get_origin(annotation) is UnionType:
        return _value(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is dict:
        return {"unit": "nats", "values": [[0.5, 1]]}
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
    "line",
    [
        *("", "[]", "3", "{", '{"kind": "Nothing"}', '{"kind": 3}', '{"kind": ["Log"]}', "[" * 100_000),
        *('{"kind": "Log", "text": 3}', '{"kind": "Step", "step": "3"}', '{"kind": "Step", "step": true}'),
        *('{"kind": "Progress", "total": "x"}', '{"kind": "Evaluated", "scores": [3]}'),
    ],
)
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_json(line)


def test_a_kind_is_what_it_is_called_in_files_for_ever() -> None:
    """Renaming a class must not empty old runs: these are the kinds that releases have written."""
    written = (
        *("Log", "Prepared", "Forecasted", "Step", "Validated", "Skipped", "Rewards", "Probed", "Sampled"),
        *("Advice", "Saved", "Ended", "Evaluated", "Progress", "Scanned"),
    )
    assert set(written) <= Event.kinds.keys()
    with pytest.raises(TypeError, match="two kinds"):
        type("Again", (Event,), {}, kind="Log")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fields_that_are_unknown_or_missing_change_nothing_else(kind: type[Event]) -> None:
    event = example(kind)
    values = {**json.loads(to_json(event)), "added_later": {"deep": [1]}, "another": None}
    assert from_json(json.dumps(values)) == event
    for field in dataclasses.fields(event):
        left = {name: value for name, value in values.items() if name != field.name}
        read = from_json(json.dumps(left))
        others = [each.name for each in dataclasses.fields(event) if each.name != field.name]
        assert [getattr(read, name) for name in others] == [getattr(event, name) for name in others]


def test_what_an_earlier_release_did_not_write_is_empty_or_the_default() -> None:
    step = from_json('{"kind": "Step", "step": 3, "loss": 2}')
    assert step == Step(3, 0, 0.0, 2.0, 0.0, 0.0, 0, 0.0, 0, 0, 0, 0.0, 0.0)
    assert from_json('{"kind": "Progress", "what": "rows"}') == Progress("rows", 0, None)
    assert from_json('{"kind": "Log"}') == Log("", "info")


def test_a_difference_is_unclear_when_its_interval_holds_zero() -> None:
    def direction(low: float, high: float, better: str, state: str = MEASURED) -> str:
        moved = Difference("tuned", 0.1, low, high, 0.04)
        return Score("golden_exact", "", state, unit="share", better=better).direction(moved)

    assert direction(-0.1, 0.3, "higher") == "unclear"
    assert direction(0.05, 0.3, "higher") == "better"
    assert direction(-0.3, -0.1, "higher") == "worse"
    assert direction(-0.3, -0.1, "lower") == "better"
    assert direction(0.05, 0.3, "neither") == direction(0.05, 0.3, "higher", TOO_FEW) == "unclear"
    assert Problem(3, phrase("row.no_prompt")).severity == "error"
