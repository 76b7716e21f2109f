"""The state says what changed, and to whom it matters."""

from __future__ import annotations

import pytest

from studio.app.state import State
from studio.events import DatasetRead
from studio.recipe.recipe import Recipe


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def state(qapp: object, heard: list[str]) -> State:
    state = State()
    for name in ("recipe_changed", "reading_changed", "dataset_changed"):
        getattr(state, name).connect(lambda name=name: heard.append(name))
    return state


def test_a_recipe_from_the_form_does_not_say_which_dataset_is_on_show(state: State, heard: list[str]) -> None:
    state.turn_to("rows.jsonl", "text=note")
    heard.clear()
    state.change_recipe(state.recipe.with_values({"data.path": "", "epochs": 7}))
    assert (state.recipe.data.path, state.recipe.loop.epochs) == ("rows.jsonl", 7)
    assert heard == ["recipe_changed"]


@pytest.mark.parametrize("values", [{"data.max_length": 77}, {"loop.seed": 5}, {"model": "/other"}])
def test_a_recipe_that_reads_rows_differently_is_announced(
    values: dict[str, object], state: State, heard: list[str]
) -> None:
    state.change_recipe(Recipe().with_values(values))
    assert heard == ["recipe_changed", "reading_changed"]


def test_another_dataset_takes_the_one_before_off_show(state: State, heard: list[str]) -> None:
    state.show_dataset(DatasetRead.__new__(DatasetRead))
    heard.clear()
    state.turn_to("other.jsonl", "")
    assert state.dataset is None
    assert heard == ["recipe_changed", "dataset_changed"]
