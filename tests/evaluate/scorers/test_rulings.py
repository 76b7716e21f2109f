"""A person's word over a scorer's: it counts, and it is counted."""

from __future__ import annotations

from pathlib import Path

from studio.evaluate.scorers.rulings import ruled_values
from studio.evaluate.store import EvaluationStore, Ruling


def kept(folder: Path, *rulings: Ruling) -> dict[tuple[str, str], Ruling]:
    folder.mkdir(exist_ok=True)
    store = EvaluationStore(folder)
    for ruling in rulings:
        store.rule(ruling)
    return EvaluationStore(folder).rulings()


def test_a_ruling_comes_back_as_it_was_said(tmp_path: Path) -> None:
    said = Ruling("q1", "tuned", False, "wrong year 👍", "2026-01-02T10:00:00")
    assert kept(tmp_path, said) == {("q1", "tuned"): said}


def test_the_last_ruling_on_an_answer_counts(tmp_path: Path) -> None:
    first, second = (Ruling("q1", "tuned", right) for right in (False, True))
    for folder, rulings, counts in (("a", (first, second), 1.0), ("b", (second, first), 0.0)):
        found, _ = ruled_values(["q1"], {"tuned": [1.0]}, kept(tmp_path / folder, *rulings))
        assert found == {"tuned": [counts]}


def test_scores_are_replaced_by_rulings_and_the_share_of_those_is_known(tmp_path: Path) -> None:
    rulings = kept(tmp_path, Ruling("b", "tuned", True), Ruling("c", "tuned", False))
    counted, changed = ruled_values(["a", "b", "c"], {"base": [1, 0, 0], "tuned": [0.5, 0, 0]}, rulings)
    assert counted == {"base": [1, 0, 0], "tuned": [0.5, 1, 0]}
    assert changed == {"base": [0, 0, 0], "tuned": [0, 1, 0]}
