from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.forecast.uses import Candidate
from studio.forecast.weighing import weighed
from studio.models.adapter import Tuning
from studio.models.count import count_parameters
from studio.models.library.shelf import PACKED_BITS, PLAIN_BITS, SHELF, ShelfModel, on_shelf, shelf_configs
from studio.recipe.files import ready_recipes


@pytest.mark.parametrize("model", SHELF, ids=lambda model: model.title)
def test_a_models_shapes_give_its_parameters_to_the_last_one(tmp_path: Path, model: ShelfModel) -> None:
    (tmp_path / "config.json").write_text(json.dumps(model.config))
    assert count_parameters(tmp_path, Tuning()).total == model.parameters


def test_every_ready_recipe_names_a_model_of_the_shelf() -> None:
    assert [recipe.name for recipe in ready_recipes() if on_shelf(recipe.recipe.model) is None] == []


def test_each_form_has_its_size_and_its_uses_without_the_network() -> None:
    small = next(model for model in SHELF if model.plain == "HuggingFaceTB/SmolLM2-360M-Instruct")
    plain, packed = small.facts(PLAIN_BITS), small.facts(PACKED_BITS)
    assert (plain.bits, plain.size, plain.context) == (16, 723_642_240, 8192)
    assert (packed.bits, packed.name) == (4.5, "mlx-community/SmolLM2-360M-Instruct-4bit")
    assert 3.5 < plain.size / packed.size < 3.6
    configs = dict(shelf_configs())
    assert len(configs) == sum(len(model.forms) for model in SHELF)
    found = weighed(Candidate.online(packed.name, configs[packed.name]))
    assert [use for use, *_ in found["uses"]] == ["chat", "qlora"]
    assert found["uses"][0][2] > packed.size
