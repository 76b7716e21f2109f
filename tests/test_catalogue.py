"""Sentences are made from one catalogue, and nothing reads them back."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from string import Formatter

import pytest

from studio.catalogue import CLAUSES, EMPTY, TOO_LONG, common, from_plain, joined, phrase
from studio.dataset.rows import BadRow, field
from studio.events import Problem

STUDIO = Path(__file__).parents[1] / "studio"

_ASKS = ("startswith", "endswith", "find", "index", "count", "partition", "rpartition")
_PATTERNS = ("match", "search", "fullmatch", "findall", "finditer", "sub", "subn")
_ALLOWED = {
    ("dataset/hub/wanted.py", "in"),  # errors of other libraries with neither a type nor a code of their own
    ("train/checkpoint.py", "in"),
}


def test_a_refusal_is_a_code_with_values_and_one_sentence() -> None:
    error = BadRow("row.empty", what=field("answer"))
    problem = Problem(3, error.phrase)
    assert (problem.code, problem.reason, str(error)) == (
        "row.empty",
        '"answer" is empty',
        '"answer" is empty',
    )
    assert problem.plain() == {
        "line": 3,
        "code": "row.empty",
        "values": {"what": {"code": "field", "values": {"name": "answer"}}},
        "reason": '"answer" is empty',
        "severity": "error",
        "file": "",
        "column": 0,
    }


def test_a_code_that_is_not_in_the_catalogue_is_refused_where_it_is_said() -> None:
    with pytest.raises(KeyError):
        BadRow("row.no_such_thing")


def test_a_phrase_goes_through_json_and_back() -> None:
    turn = phrase("turn.by", number=3, role=phrase("role.assistant"))
    said = phrase("row.not_text", what=turn, kind=phrase("kind.number", value="3.5"))
    assert str(said) == "turn 3 (assistant) is a number (3.5), not text"
    assert from_plain(json.loads(json.dumps(said.plain()))) == said


def test_bytes_that_are_no_text_are_spelled_out() -> None:
    assert str(phrase("row.repeated_name", name="a\udcff")) == '"a\\udcff" appears twice; keep one of them'


def test_what_differs_among_phrases_of_one_kind_is_left_open() -> None:
    one, other = (phrase("row.too_long", tokens=tokens, limit=1024) for tokens in (2000, 3000))
    assert one.shape == other.shape
    assert str(common(one, other)) == (
        "left out, because its … tokens are more than the maximum length of 1,024; raise the maximum, or set "
        "Too long to cut the prompt or the end"
    )
    assert str(joined([one, phrase("row.identical")])).endswith("; the prompt and the answer are identical")


def test_fields_are_renamed_in_a_phrase_and_not_in_its_words() -> None:
    said = phrase("row.missing", what=field("completion"), fields=phrase("quoted", text="completion"))
    assert str(said.with_fields({"completion": "Antwort"})) == 'missing "Antwort" (it has "completion")'


def test_every_clause_is_a_template_and_every_group_names_clauses() -> None:
    for clause in CLAUSES.values():
        assert clause
        assert all(name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(clause))
    assert CLAUSES.keys() >= EMPTY | TOO_LONG


def test_every_code_that_is_said_is_in_the_catalogue_and_every_clause_is_said() -> None:
    said = {value for path in STUDIO.rglob("*.py") if path.name != "catalogue.py" for value in _texts(path)}
    made = {code for code in CLAUSES if code.startswith(("role.", "both", "kind."))}
    assert CLAUSES.keys() - said - made == set()


def test_no_code_looks_into_the_words_of_a_message() -> None:
    found = {
        (path.relative_to(STUDIO).as_posix(), how)
        for path in STUDIO.rglob("*.py")
        for how in _looks(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == _ALLOWED


def _texts(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _looks(tree: ast.Module) -> set[str]:
    """How a module looks into the words of a message: by `in`, by comparing, by a method, by a pattern."""
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    errors = {"error", *(node.name for node in handlers if node.name)}
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [left, *comparators]
                if any(isinstance(op, ast.In | ast.NotIn) for op in ops) and _is_message(sides[-1], errors):
                    found.add("in")
                if any(isinstance(op, ast.Eq | ast.NotEq) for op in ops) and any(
                    _is_message(side, errors) for side in sides
                ):
                    found.add("==")
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=arguments):
                if name in _ASKS and _is_message(value, errors):
                    found.add(name)
                if name in _PATTERNS and any(_is_message(each, errors) for each in arguments):
                    found.add(name)
    return found


def _is_message(node: ast.expr, errors: set[str]) -> bool:
    """Whether this is a message: `x.reason`, `error.args[0]`, `str(error)`, or what is made of them."""
    match node:
        case ast.Attribute(attr="reason" | "msg" | "message" | "summary" | "warning"):
            return True
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id=name)]):
            return name in errors
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="args")):
            return name in errors
        case ast.Call(func=ast.Attribute(value=value, attr="casefold" | "lower" | "strip")):
            return _is_message(value, errors)
    return False
