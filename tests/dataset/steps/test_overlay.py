"""What a person changes by hand can be undone and redone, and outlives the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.dataset.steps.edits import Overlay, OverlayFile
from studio.dataset.steps.steps import Delete, Edit, Restore
from studio.errors import DataError

EDIT = Edit(line=3, digest="ab", field="prompt", value="Ünï\ncode")


def test_undo_and_redo_go_back_and_forth_and_a_new_change_forgets_what_was_undone() -> None:
    overlay = Overlay().with_step(EDIT).with_step(Delete(line=1)).with_step(Delete(line=2))
    assert overlay.deleted == {1, 2}
    back = overlay.undone().undone()
    assert back.steps == (EDIT,)
    assert back.redone().deleted == {1}
    assert back.with_step(Delete(line=7)).redone().deleted == {7}
    assert Overlay().undone().redone() == Overlay()
    assert overlay.with_step(Restore(line=1)).deleted == {2}


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(st.lists(st.sampled_from(["edit", "delete", "undo", "redo"]), max_size=12))
def test_what_is_read_back_is_what_was_done(
    tmp_path_factory: pytest.TempPathFactory, done: list[str]
) -> None:
    file = OverlayFile.of(tmp_path_factory.mktemp("overlays"), "0123")
    overlay = Overlay()
    for what in done:
        match what:
            case "edit":
                overlay = overlay.with_step(EDIT)
                file.append(EDIT)
            case "delete":
                overlay = overlay.with_step(Delete(line=5))
                file.append(Delete(line=5))
            case "undo":
                overlay = overlay.undone()
                file.append("undo")
            case "redo":
                overlay = overlay.redone()
                file.append("redo")
    assert file.read() == overlay


def test_a_half_written_line_is_dropped_and_written_over(tmp_path: Path) -> None:
    file = OverlayFile.of(tmp_path / "overlays", "0123")
    file.append(EDIT)
    whole = file.path.read_bytes()
    for cut in range(1, len(whole)):
        file.path.write_bytes(whole + whole[:cut])
        assert file.read().steps == (EDIT,)
    file.append(Delete(line=1))
    assert file.read().steps == (EDIT, Delete(line=1))


def test_a_line_of_a_newer_version_is_named_and_not_lost(tmp_path: Path) -> None:
    file = OverlayFile(tmp_path / "new.jsonl")
    file.path.write_text('{"kind": "delete", "line": 2}\n{"kind": "merge"}\n')
    with pytest.raises(DataError, match=r"Line 2 of .*“merge” is not a step"):
        file.read()
    file.clear()
    assert file.read() == Overlay()
