"""What a person does to a dataset can be undone and redone, and outlives the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.catalogue import phrase
from studio.dataset.steps.journal import StepHistory, StepJournal
from studio.dataset.steps.steps import STEPS, Cap, Delete, Edit
from studio.errors import DataError
from tests.conftest import refused

EDIT = Edit(line=3, digest="ab", field="prompt", value="Ünï\ncode")


def test_undo_and_redo_go_back_and_forth_and_a_new_step_forgets_what_was_undone() -> None:
    first, second = StepHistory().with_steps((EDIT,)), StepHistory().with_steps((EDIT,)).with_steps(())
    assert second.steps == ()
    assert second.undone() == StepHistory(((), (EDIT,), ()), 1)
    assert second.undone().steps == first.steps == (EDIT,)
    assert second.undone().redone() == second
    other = second.undone().with_steps((EDIT, Delete(line=7)))
    assert not other.can_redo
    assert other.redone() == other
    assert not StepHistory().undone().redone().can_undo


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(st.lists(st.sampled_from(["edit", "cap", "undo", "redo", "without the first"]), max_size=12))
def test_what_is_read_back_is_what_was_done(
    tmp_path_factory: pytest.TempPathFactory, done: list[str]
) -> None:
    journal = StepJournal.of(tmp_path_factory.mktemp("journals"), "0123")
    history = StepHistory()
    for what in done:
        match what:
            case "edit" | "cap":
                step = EDIT if what == "edit" else Cap(rows=5)
                history = history.with_steps((*history.steps, step))
                journal.add(step)
            case "undo":
                history = history.undone()
                journal.undo()
            case "redo":
                history = history.redone()
                journal.redo()
            case _:
                history = history.with_steps(history.steps[1:])
                journal.set(history.steps)
    assert journal.read() == history


def test_a_half_written_line_is_dropped_and_written_over(tmp_path: Path) -> None:
    journal = StepJournal.of(tmp_path / "journals", "0123")
    journal.add(EDIT)
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole)):
        journal.path.write_bytes(whole + whole[:cut])
        assert journal.read().steps == (EDIT,)
    journal.add(Delete(line=1))
    assert journal.read().steps == (EDIT, Delete(line=1))


def test_a_line_of_a_newer_version_is_named_and_not_lost(tmp_path: Path) -> None:
    journal = StepJournal(tmp_path / "new.jsonl")
    journal.path.write_text('{"kind": "delete", "line": 2}\n{"kind": "merge"}\n')
    why = phrase("step.other_kind_of", kind="merge", kinds=", ".join(STEPS))
    with refused("journal.damaged", DataError, line=2, file=str(journal.path), reason=why):
        journal.read()
    journal.clear()
    assert journal.read() == StepHistory()
