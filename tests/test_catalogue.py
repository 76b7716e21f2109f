"""Sentences are made from one catalogue, and nothing reads them back."""

from __future__ import annotations

import ast
import json
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from studio import errors
from studio.catalogue import CLAUSES, EMPTY, TOO_LONG, common, from_plain, joined, phrase, phrases
from studio.cli.commands import run
from studio.dataset.rows import BadRow, field
from studio.errors import ModelError, RunError, StudioError
from studio.events import Problem
from studio.language import spoken
from tests.languages import write_translation

STUDIO = Path(__file__).parents[1] / "studio"

_ASKS = ("startswith", "endswith", "find", "index", "count", "partition", "rpartition")
_PATTERNS = ("match", "search", "fullmatch", "findall", "finditer", "sub", "subn")
_KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
_KINDS |= {"BadRow", "Refused", "Unusable"}  # and those, of which each says a clause
_KINDS |= {"HubError", "NotEnoughMemory", "NothingUsable", "TooLong", "Unconfirmed", "UnknownColumns"}
_KINDS |= {"Diverged", "NoTrash", "NotFinite", "QuestionRefused", "ServerError", "Untrained"}
_KINDS |= {"HttpRefusal", "RequestRefused"}
_CODED = (
    *("advice/", "app/", "cli/", "dataset/", "evaluate/", "events/", "export/", "files/", "forecast/"),
    *(
        "generate/",
        "hub/",
        "jobs/",
        "models/",
        "recipe/",
        "runs/",
        "selftest/",
        "serve/",
        "synth/",
        "train/",
        "ui/",
    ),
    *(path.name for path in STUDIO.glob("*.py")),
)
"""The rooms, and the modules beside them, in which every failure has a code."""
_TABLES = {path.name for path in (STUDIO / "catalogue").glob("*.py")} - {"phrases.py", "values.py"}
_ALLOWED = {
    ("dataset/hub/wanted.py", "in"),  # errors of other libraries with neither a type nor a code of their own
    ("train/checkpoint.py", "in"),
    ("failures/signature.py", "search"),  # the table of what libraries and the system say
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


def test_what_another_release_said_is_shown_as_well_as_may_be() -> None:
    fewer = from_plain({"code": "weights.cut_short", "values": {"file": "a.safetensors", "older": 3}})
    assert str(fewer) == "a.safetensors is cut short: … of … bytes are there. Download the model again."
    assert str(from_plain({"code": "given.up", "values": {"file": "a", "rows": 3}})) == "given.up a 3"


def test_a_code_that_is_not_in_the_catalogue_is_refused_where_it_is_said() -> None:
    with pytest.raises(KeyError):
        BadRow("row.no_such_thing")


def test_a_failure_is_a_code_with_values_and_one_sentence() -> None:
    error = ModelError("weights.cut_short", file=Path("a.safetensors"), there=1234, whole=56789)
    for each in (error, pickle.loads(pickle.dumps(error))):
        assert each.code == "weights.cut_short"
        assert dict(each.said.values) == {"file": "a.safetensors", "there": 1234, "whole": 56789}
        assert str(each) == (
            "a.safetensors is cut short: 1,234 of 56,789 bytes are there. Download the model again."
        )
    assert RunError(error.said).code == error.code
    with pytest.raises(KeyError):
        ModelError("weights.no_such_thing", file="a")
    assert (StudioError("As it stands.").code, str(StudioError("As it stands."))) == ("", "As it stands.")


def test_a_translation_changes_the_sentences_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = "weights.empty", ModelError("weights.empty", file="a.safetensors")
    plain = said.said.plain()
    write_translation(tmp_path / "de", {code: "{file} enthält keine Gewichte."})
    monkeypatch.setattr(phrases, "speech", lambda: spoken("de", tmp_path))
    assert str(said) == "a.safetensors enthält keine Gewichte."
    assert (said.code, said.said.plain()) == (code, plain)
    assert str(phrase("row.identical")) == "the prompt and the answer are identical"  # not translated


def test_every_failure_of_a_coded_room_names_its_code_and_the_values_of_its_clause() -> None:
    raised = [call for path in STUDIO.rglob("*.py") for call in _failures(path)]
    assert [place for place, said, _ in raised if place.startswith(_CODED) and said is None] == []
    coded = [(place, said, names) for place, said, names in raised if said in CLAUSES]
    assert len(coded) > 40
    assert [each for each in coded if each[2] != _fields(CLAUSES[str(each[1])])] == []
    assert [place for place, said, names in raised if names and said not in CLAUSES | {"": ""}] == []


def test_every_phrase_has_the_values_of_its_clause() -> None:
    said = [call for path in STUDIO.rglob("*.py") for call in _phrases(path)]
    assert len(said) > 200
    assert [each for each in said if each[2] != _fields(CLAUSES[each[1]])] == []


def test_a_sentence_inside_another_begins_and_ends_as_its_place_asks() -> None:
    why, line = phrase("row.no_prompt"), phrase("line", line=3)
    told = phrase("dataset.unusable", rows=2, name="d.jsonl", place=line, reason=why, remedy="")
    assert str(told) == (
        "None of the 2 examples in d.jsonl can be trained on. Line 3: there is no prompt before its answer."
    )
    lost = phrase("file.refused", sentence=phrase("file.empty", file="a.csv"))
    assert str(lost) == "a.csv is empty. Choose a file with examples"


def test_a_refused_command_gives_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    assert run(["forecast", str(nowhere), "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "error": str(phrase("model.missing", folder=str(nowhere))),
        "code": "model.missing",
        "hint": "Try: Open Models: studio models list",
        "exit_code": 2,
    }


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
    said = {
        value
        for path in STUDIO.rglob("*.py")
        if path.parent.name != "catalogue" or path.name not in _TABLES
        for value in _texts(path)
    }
    made = {code for code in CLAUSES if code.startswith(("role.", "both", "kind.", "key."))}
    assert CLAUSES.keys() - said - made == set()


def test_no_code_looks_into_the_words_of_a_message() -> None:
    found = {
        (path.relative_to(STUDIO).as_posix(), how)
        for path in STUDIO.rglob("*.py")
        for how in _looks(_tree(path))
    }
    assert found == _ALLOWED


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _texts(path: Path) -> set[str]:
    nodes = ast.walk(_tree(path))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _failures(path: Path) -> Iterator[tuple[str, str | None, set[str]]]:
    """Where a failure is made, its code ("" for a name or a phrase, None for words), and its values."""
    for node in ast.walk(_tree(path)):
        match node:
            case ast.Call(func=ast.Name(id=kind), args=[first, *_], keywords=keywords) if kind in _KINDS:
                place = f"{path.relative_to(STUDIO).as_posix()}:{node.lineno}"
                names = {keyword.arg or "" for keyword in keywords}
                match first:
                    case ast.Constant(value=str(text)):
                        yield place, text if text in CLAUSES else None, names
                    case ast.Name() | ast.Attribute():
                        yield place, "", names
                    case _:
                        yield place, None, names


def _phrases(path: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Where a phrase of one code is made, the code, and its values where they stand there."""
    for node in ast.walk(_tree(path)):
        match node:
            case ast.Call(
                func=ast.Name(id="phrase"), args=[ast.Constant(value=str(code))], keywords=keywords
            ) if all(keyword.arg for keyword in keywords):
                place = f"{path.relative_to(STUDIO).as_posix()}:{node.lineno}"
                yield place, code, {str(keyword.arg) for keyword in keywords}


def _fields(clause: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(clause) if name}


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
