"""Answers that are to be JSON, and of the shape that a JSON Schema describes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from studio.catalogue import Unusable, said_by
from studio.evaluate.scorers.patterns import searcher
from studio.evaluate.scorers.scorer import SHARE, Grade, Scorer, plain_text
from studio.files import parsed
from studio.language import tr

_FENCED = re.compile(r"```\w*\n(.*)\n```", re.DOTALL)


def json_in(answer: str) -> Any:
    """The JSON value that an answer is; it may stand in a code fence. Raises ValueError where it is none."""
    text = plain_text(answer)
    fenced = _FENCED.fullmatch(text)
    return parsed(fenced[1] if fenced else text, parse_constant=_refuse, parse_int=_whole)


def is_json(answer: str) -> bool:
    """Whether an answer is JSON and nothing else; it may stand in a code fence."""
    try:
        json_in(answer)
    except ValueError:
        return False
    return True


def _prepare_json(value: Any, options: Mapping[str, Any]) -> Grade:
    """JSON of any shape; of that of a schema where one is the value, as others write it."""
    return (
        _prepare_schema(value, options) if isinstance(value, dict) else lambda answer: float(is_json(answer))
    )


def _prepare_schema(value: Any, options: Mapping[str, Any]) -> Grade:
    """Raises Unusable for what is no schema, or refers to one that is not within it."""
    validator = _validator(_schema(value))

    def grade(answer: str) -> float:
        try:
            there = json_in(answer)
        except ValueError:
            return 0.0
        try:
            return float(validator(there))
        except RecursionError as error:
            raise Unusable("scorer.endless_schema") from error

    return grade


def _schema(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = parsed(value)
        except ValueError as error:
            raise Unusable("scorer.no_schema", fault=said_by(error)) from error
    if not isinstance(value, dict | bool):
        raise Unusable("scorer.schema_kind")
    return value


def _validator(schema: Any) -> Callable[[Any], bool]:
    """Whether a value is of the schema's shape. What it refers to is never fetched."""
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError, validators
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    draft = validators.validator_for(schema, default=Draft202012Validator)
    try:
        draft.check_schema(schema, format_checker=FormatChecker(()))  # patterns are ours to check
    except (SchemaError, RecursionError) as error:
        raise Unusable("scorer.no_schema", fault=getattr(error, "message", str(error))) from error
    for pattern in _patterns(schema):
        searcher(pattern)
    timed = validators.extend(draft, {"pattern": _pattern, "patternProperties": _pattern_properties})
    validator = timed(schema, registry=Registry())

    def is_valid(value: Any) -> bool:
        try:
            return bool(validator.is_valid(value))
        except Unresolvable as error:
            raise Unusable("scorer.schema_elsewhere", reference=str(error.ref)) from error

    return is_valid


def _patterns(schema: Any) -> Iterator[Any]:
    """The regular expressions of a schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from _patterns(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        if isinstance(schema.get("patternProperties"), dict):
            yield from schema["patternProperties"]
        for item in schema.values():
            yield from _patterns(item)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[Exception]:
    from jsonschema import ValidationError

    if isinstance(value, str) and not searcher(pattern)(value):
        yield ValidationError("no match")


def _pattern_properties(validator: Any, patterns: Any, value: Any, schema: Any) -> Iterator[Exception]:
    for pattern, below in patterns.items() if isinstance(value, dict) else ():
        matches = searcher(pattern)
        for name in filter(matches, value):
            yield from validator.descend(value[name], below, path=name, schema_path=pattern)


def _refuse(constant: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def _whole(digits: str) -> int | float:
    """A whole number; one of thousands of digits, which Python does not read, as a float."""
    return int(digits) if len(digits) < 4000 else float(digits)


JSON = Scorer(
    "json",
    tr("Valid JSON"),
    tr("The answer is JSON and nothing else; a code fence around it is allowed."),
    SHARE,
    _prepare_json,
    names=("is_json",),
)
JSON_SCHEMA = Scorer(
    "json_schema",
    tr("JSON Schema"),
    tr("The answer is JSON of the shape that the given JSON Schema describes."),
    SHARE,
    _prepare_schema,
    needs_value=True,
)
