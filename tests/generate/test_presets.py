"""Ways of drawing answers that have a name, and the one that a model brings along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import Unusable
from studio.generate.presets import BUILT_IN, Presets, sampling_of
from studio.generate.sampling import Sampling
from studio.paths import resource

OWN = Sampling(temperature=0.4, top_p=0.8, stop=("\n\n",), seed=7)


@pytest.fixture
def presets(tmp_path: Path) -> Presets:
    return Presets(tmp_path / "home" / "presets.json")


def test_a_preset_that_was_saved_comes_back_and_goes_when_it_is_deleted(
    presets: Presets, tmp_path: Path
) -> None:
    assert presets.all() == BUILT_IN
    presets.save("  My   own ", OWN)
    assert Presets(tmp_path / "home" / "presets.json").find("my own").sampling == OWN
    presets.save("MY OWN", Sampling())
    assert [(each.name, each.sampling) for each in presets.all() if each.is_own] == [("MY OWN", Sampling())]
    presets.delete("my own")
    assert presets.all() == BUILT_IN


def test_the_deterministic_preset_takes_the_likeliest_token_unchanged(presets: Presets) -> None:
    found = presets.find("deterministic").sampling
    assert found.is_greedy
    assert (found.repetition_penalty, found.presence_penalty, found.frequency_penalty) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(("name", "code"), [("", "preset.no_name"), ("Balanced", "preset.built_in")])
def test_a_name_that_cannot_be_kept_is_refused_in_words(presets: Presets, name: str, code: str) -> None:
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == code):
        presets.save(name, OWN)
    with pytest.raises(Unusable, match="There is no preset called nobody"):
        presets.delete("nobody")
    with pytest.raises(Unusable, match="Precise comes with"):
        presets.delete("Precise")


def test_a_damaged_file_costs_only_what_is_damaged(presets: Presets, tmp_path: Path) -> None:
    presets.save("good", OWN)
    file = tmp_path / "home" / "presets.json"
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({"presets": {**kept["presets"], "bad": {"temperature": 99}}, "format": 2}))
    assert [each.name for each in presets.all() if each.is_own] == ["good"]
    file.write_text("{")
    assert presets.all() == BUILT_IN


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"do_sample": True, "temperature": 0.6, "top_p": 0.95, "top_k": 20}, (0.6, 0.95, 20, 1.0)),
        ({"do_sample": True}, (1.0, 1.0, 50, 1.0)),
        ({"temperature": 0.7, "repetition_penalty": 1.05}, (0.7, 1.0, 50, 1.05)),
        ({"do_sample": False, "temperature": 0.6}, (0.0, 1.0, 0, 1.0)),
        ({"do_sample": True, "temperature": 9, "top_p": 0, "top_k": 1.0e9}, (2.0, 0.01, 1000, 1.0)),
        ({"do_sample": True, "temperature": True, "top_p": "0.5", "top_k": None}, (1.0, 1.0, 50, 1.0)),
    ],
)
def test_a_model_is_drawn_from_as_its_makers_do(
    told: dict[str, Any], found: tuple[float, float, int, float], tmp_path: Path
) -> None:
    (tmp_path / "generation_config.json").write_text(json.dumps(told))
    sampling = sampling_of(tmp_path)
    assert sampling is not None
    values = sampling.temperature, sampling.top_p, sampling.top_k, sampling.repetition_penalty
    assert values == pytest.approx(found)


def test_a_model_that_says_nothing_has_no_way_of_its_own(tmp_path: Path) -> None:
    assert sampling_of(tmp_path) is None
    (tmp_path / "generation_config.json").write_text("[1")
    assert sampling_of(tmp_path) is None
    starter = sampling_of(resource("starter/model"))
    assert starter is not None
    assert starter.is_greedy
