"""Datasets stay read until the file, or what is asked of it, changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.dataset.record import Record
from studio.dataset.render.render import Renderer
from studio.dataset.steps.steps import Delete, DropDuplicates, Edit, steps_text
from studio.errors import DataError, ModelError
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from tests.conftest import finish, refused, write_rows


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    return Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data)})


def test_a_second_look_reads_nothing_again(recipe: Recipe) -> None:
    dataset_cache = DatasetCache()
    first = finish(dataset_cache.open(recipe))
    assert finish(dataset_cache.open(recipe)) is first
    assert finish(dataset_cache.open(recipe.with_values({"rank": 3}))) is first


@pytest.mark.parametrize(
    "change",
    [
        {"max_length": 40, "too_long": "cut_prompt"},
        {"train_on": "all"},
        {"template": "alpaca"},
        {"seed": 5},
        {"test_share": 0.3},
    ],
)
def test_another_wish_reads_it_again(recipe: Recipe, change: dict[str, Any]) -> None:
    dataset_cache = DatasetCache()
    before = finish(dataset_cache.open(recipe)).read_event("m")
    assert finish(dataset_cache.open(recipe.with_values(change))).read_event("m") != before


def test_a_template_that_was_saved_again_is_used_anew(recipe: Recipe, tmp_path: Path) -> None:
    dataset_cache, file = DatasetCache(), tmp_path / "own.jinja"
    own = recipe.with_values({"template": str(file)})
    lengths = []
    for seconds, mark in ((1, "Q: "), (2, "The question is: ")):
        file.write_text("{% for m in messages %}" + mark + "{{ m.content }}{{ eos_token }}{% endfor %}")
        os.utime(file, (seconds, seconds))
        data = finish(dataset_cache.open(own))
        assert finish(dataset_cache.open(own)) is data
        lengths.append(len(data.train[0].tokens.ids))
    assert lengths[0] < lengths[1]


def test_after_a_step_only_the_rows_that_it_changed_are_rendered(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset_cache, rendered = DatasetCache(), list[int]()
    rendering_all = Renderer.rendering_all

    def counted(renderer: Renderer, records: Sequence[Record]) -> Any:
        rendered.extend(record.line for record in records)
        return rendering_all(renderer, records)

    monkeypatch.setattr(Renderer, "rendering_all", counted)
    before = finish(dataset_cache.open(recipe))
    assert len(rendered) == 60
    edit = Edit(line=7, field="answer", value="Seven!")
    history = steps_text((DropDuplicates(), edit, Delete(line=9)))
    after = finish(dataset_cache.open(recipe.with_values({"data.history": history})))
    assert rendered[60:] == [7]
    as_done = recipe.with_values({"data.history": steps_text(after.prepared.steps)})
    assert as_done.data.history != history  # each edit has its digest now
    assert finish(dataset_cache.open(as_done)) is after
    assert len(after.read_event("m").rows) == 59
    fresh = finish(DatasetCache().open(recipe.with_values({"data.history": history})))
    assert after.read_event("m") == fresh.read_event("m")
    assert before.fingerprint == after.prepared.source != after.fingerprint == fresh.fingerprint
    assert finish(dataset_cache.open(recipe)).read_event("m") == before.read_event("m")


def test_another_objective_looks_again_whether_it_can_use_the_file(recipe: Recipe) -> None:
    dataset_cache = DatasetCache()
    before = finish(dataset_cache.open(recipe))
    with refused("dataset.no_pairs", DataError, objective="dpo"):
        finish(dataset_cache.open(recipe.with_values({"objective": "dpo"})))
    assert finish(dataset_cache.open(recipe)) is before


def test_a_changed_file_is_read_again(recipe: Recipe, toy_data: Path) -> None:
    dataset_cache = DatasetCache()
    assert len(finish(dataset_cache.open(recipe)).train) == 48
    write_rows(toy_data, 30)
    os.utime(toy_data, (1, 1))
    assert len(finish(dataset_cache.open(recipe)).train) == 24


def test_what_is_missing_is_named(recipe: Recipe, tmp_path: Path) -> None:
    with refused("file.missing", DataError, file=str(tmp_path / "none.jsonl")):
        finish(DatasetCache().open(recipe.with_values({"data.path": str(tmp_path / "none.jsonl")})))
    with pytest.raises(ModelError, check=lambda error: error.code == "model.missing"):
        finish(DatasetCache().open(recipe.with_values({"model": str(tmp_path / "none")})))
