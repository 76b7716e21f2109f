"""A person's word over a scorer's: it counts, and it is counted."""

from __future__ import annotations

from pathlib import Path

from studio.evaluate.scorers.rulings import ruled, ruled_values
from studio.evaluate.store import EvaluationStore, Ruling

RIGHTS = {
    "q1": {"base": False, "tuned": True},
    "q2": {"base": True, "tuned": False},
    "q3": {"base": None, "tuned": None},
}


def kept(folder: Path, *rulings: Ruling) -> dict[tuple[str, str], Ruling]:
    folder.mkdir(exist_ok=True)
    store = EvaluationStore(folder)
    for ruling in rulings:
        store.rule(ruling)
    return EvaluationStore(folder).rulings()


def test_a_ruling_counts_and_what_it_changed_is_told_apart(tmp_path: Path) -> None:
    rulings = kept(
        tmp_path,
        Ruling("q1", "tuned", False, "wrong year 👍", "2026-01-02T10:00:00"),
        Ruling("q2", "base", True),
        Ruling("q3", "tuned", True),
        Ruling("q9", "tuned", True),
        Ruling("q1", "stranger", True),
    )
    found = ruled(RIGHTS, rulings)
    assert found.rights == {
        "q1": {"base": False, "tuned": False},
        "q2": {"base": True, "tuned": False},
        "q3": {"base": None, "tuned": True},
    }
    assert [(r.note, r.time) for r in found.overruled] == [("wrong year 👍", "2026-01-02T10:00:00")]
    assert [r.item for r in found.confirmed] == ["q2"]
    assert [r.item for r in found.decided] == ["q3"]
    assert (found.overruled_of("tuned"), found.overruled_of("base")) == (1, 0)
    assert RIGHTS["q1"]["tuned"] is True  # what was scored stays as it was


def test_the_last_ruling_on_an_answer_counts(tmp_path: Path) -> None:
    first, second = (Ruling("q1", "tuned", right) for right in (False, True))
    assert ruled(RIGHTS, kept(tmp_path / "a", first, second)).overruled == ()
    assert ruled(RIGHTS, kept(tmp_path / "b", second, first)).overruled == (first,)


def test_scores_are_replaced_by_rulings_and_the_share_of_those_is_known(tmp_path: Path) -> None:
    rulings = kept(tmp_path, Ruling("b", "tuned", True), Ruling("c", "tuned", False))
    counted, changed = ruled_values(["a", "b", "c"], {"base": [1, 0, 0], "tuned": [0.5, 0, 0]}, rulings)
    assert counted == {"base": [1, 0, 0], "tuned": [0.5, 1, 0]}
    assert changed == {"base": [0, 0, 0], "tuned": [0, 1, 0]}
