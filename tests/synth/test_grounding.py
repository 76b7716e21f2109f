"""What of a passage grounds an answer, and which made rows a dataset holds already."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.dataset.read.load import read
from studio.dataset.steps.steps import Mix
from studio.errors import DataError
from studio.jobs.save import SaveJob
from studio.jobs.synthesis import SynthesisJob
from studio.recipe.recipe import Recipe
from studio.synth.add import added, ancestors, folders_of, write_rows
from studio.synth.filter import grounds
from studio.synth.folder import SyntheticFolder
from studio.synth.plan import Plan
from studio.synth.rows import Review
from tests.conftest import write_rows as write_dataset
from tests.synth.files import KETTLE, SUNDIAL

PASSAGE = f"{SUNDIAL}\n\n{KETTLE}"


@pytest.mark.parametrize(
    ("answer", "beginnings"),
    [
        ("The rod is called the gnomon.", ["The rod is called the gnomon, and"]),
        ("It points to the celestial pole, and the shadow moves clockwise.", ["The rod", "In the northern"]),
        ("Two small plates in its spout.", ["A kettle whistles because steam"]),
        ("Zebras graze elsewhere entirely.", []),
        (PASSAGE, []),
    ],
)
def test_the_sentences_that_hold_the_answer_are_found(answer: str, beginnings: list[str]) -> None:
    found = [PASSAGE[start:end] for start, end in grounds(answer, PASSAGE)]
    assert len(found) == len(beginnings)
    assert all(each.startswith(words) for each, words in zip(found, beginnings, strict=True))


@pytest.mark.parametrize("text", ["", "…", "\n\n", "一个句子。另一个句子。", "No end", "a. b. c"])
def test_any_text_may_be_a_passage_and_an_answer(text: str) -> None:
    assert all(0 <= start < end <= len(text) for start, end in grounds("句子 end b", text))


def test_rows_are_in_a_dataset_only_while_its_history_says_so(tmp_path: Path) -> None:
    source = write_dataset(tmp_path / "toy.jsonl", 6)
    folder = SyntheticFolder(tmp_path / "made" / "one")
    list(SynthesisJob(Plan(maker="noise", data=str(source)), folder.path).run_events(None))
    assert folder.total == 6
    assert folder.finished
    with pytest.raises(DataError, check=lambda error: error.code == "synth.none_accepted"):
        write_rows(folder, {1, 2})
    folder.reviews.extend({1: Review("accepted"), 2: Review("edited", "Say two", "2"), 3: Review("accepted")})
    more = write_rows(folder, {1, 2})
    assert more.name == "2 made rows (typos).jsonl"
    recipe, step = Recipe().with_values({"data.path": str(source)}), Mix(path=str(more), weight=0)
    list(SaveJob(recipe, tmp_path / "both", (step,)).run_events(None))
    assert len(read(tmp_path / "both").records) == 8
    assert {source, more} < ancestors(tmp_path / "both")
    assert added(folder, tmp_path / "both") == {1, 2}
    assert added(folder, source) == frozenset()
    folder.review(2, Review("edited", "Say two please", "2"))
    assert added(folder, tmp_path / "both") == {1}
    assert folders_of(tmp_path / "made", source) == [folder]
    assert folders_of(tmp_path / "made", tmp_path / "both") == [folder]
    assert folders_of(tmp_path / "made", None) == []
    assert write_rows(folder, {1, 3}).name == "2 made rows (typos) 2.jsonl"
