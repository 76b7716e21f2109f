"""Values of Parquet and Arrow files as people write them: dates as text, class labels by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from studio.files import parsed

if TYPE_CHECKING:
    import pyarrow as pa

_ARGUMENTS = ("arguments", "args", "input")

type Spoken = Callable[[dict[str, Any]], dict[str, Any]]


def spoken(schema: pa.Schema) -> Spoken:
    """What turns a row of such a file into one of plain values; it does nothing where nothing is to do."""
    labels = _labels(schema)
    dated = [field.name for field in schema if _is_dated(field.type)]
    filled = [field.name for field in schema if _has_arguments(field.type)]
    if not (labels or dated or filled):
        return lambda row: row

    def changed(row: dict[str, Any]) -> dict[str, Any]:
        named = {name: _named(row[name], names) for name, names in labels.items() if name in row}
        row = {**row, **named, **{name: _plain(row[name]) for name in dated if name in row}}
        return {**row, **{name: _unfilled(row[name]) for name in filled if name in row}}

    return changed


def _has_arguments(kind: pa.DataType) -> bool:
    """Whether calls of tools are inside, whose arguments lie in one struct: each has null for all others'."""
    import pyarrow as pa

    inner = [kind.field(number) for number in range(kind.num_fields)]
    if any(field.name in _ARGUMENTS and pa.types.is_struct(field.type) for field in inner):
        return True
    return any(_has_arguments(field.type) for field in inner)


def _unfilled(value: Any) -> Any:
    """The value without the nulls in the arguments of calls."""
    if isinstance(value, list):
        return [_unfilled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _filled(item) if name in _ARGUMENTS else _unfilled(item) for name, item in value.items()}


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [_filled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _filled(item) for name, item in value.items() if item is not None}


def _is_dated(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if kind.num_fields:
        return any(_is_dated(kind.field(number).type) for number in range(kind.num_fields))
    is_uuid = isinstance(kind, pa.BaseExtensionType)
    return pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or is_uuid


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | timedelta() | UUID():
            return str(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {name: _plain(item) for name, item in value.items()}
    return value


def _labels(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the classes, by column, that the datasets library keeps beside the numbers."""
    try:
        about = parsed((schema.metadata or {})[b"huggingface"])
        features = about["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(features, dict):
        return {}
    found = {name: _names(feature) for name, feature in features.items()}
    return {name: names for name, names in found.items() if names}


def _names(feature: Any) -> list[str]:
    """The class names of a column of labels, or of lists of labels."""
    if isinstance(feature, list) and len(feature) == 1:
        return _names(feature[0])
    if not isinstance(feature, Mapping):
        return []
    if "feature" in feature:
        return _names(feature["feature"])
    names = feature.get("names")
    is_label = feature.get("_type") == "ClassLabel" and isinstance(names, list)
    return [str(name) for name in names or []] if is_label else []


def _named(value: Any, names: list[str]) -> Any:
    """The class of a number; none for -1, which stands for a label that is not known."""
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if value == -1:
        return None
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value
