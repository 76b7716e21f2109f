from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache

from studio.catalogue import phrase
from studio.events.models import FITS, TIGHT, TOO_LARGE, UNKNOWN, ModelUse
from studio.forecast.chat import chat_peak
from studio.forecast.forecast import forecast
from studio.forecast.uses import USES, Candidate, Weighed, known_uses, use_of, weigh
from studio.forecast.weighing import weighed
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.train.memory import machine_limit
from tests.models.test_families import FOUND, UNLIKE, write

LLAMA_3_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-5,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
    "rope_theta": 500000.0,
    "tie_word_embeddings": False,
}
GB = 1e9


def finish(work: Generator[tuple[int, int], None, dict[Candidate, Weighed]]) -> tuple[list[Any], Any]:
    said = []
    try:
        while True:
            said.append(next(work))
    except StopIteration as end:
        return said, end.value


ONLINE = Candidate.online("ann/8b", LLAMA_3_8B, {"BF16": 8_030_261_248, "I64": 10})
PACKED = Candidate.online("ann/8b-4bit", {**LLAMA_3_8B, "quantization": {"group_size": 64, "bits": 4}})
UNHEARD = Candidate.online("ann/unheard", {**LLAMA_3_8B, "model_type": "unheard_of"})


@pytest.mark.long
def test_a_model_is_weighed_up_before_it_is_downloaded() -> None:
    plain, packed = ({use: size for use, _, size in weighed(each)["uses"]} for each in (ONLINE, PACKED))
    assert 16.06 * GB < plain["chat"] < 19 * GB  # 2 bytes for each, the text and its reading
    assert plain["qlora"] < plain["lora"] < plain["full"]
    assert plain["full"] > 16 * 8.03 * GB
    assert list(packed) == ["chat", "qlora"]  # no use trains what is packed itself
    assert 4.5 * GB < packed["chat"] < plain["chat"] / 2


def test_a_model_in_its_folder_is_weighed_up_by_the_forecast_of_its_runs(starter: Path) -> None:
    folder, limit = starter / "model", machine_limit()
    uses = [ModelUse(*each) for each in weighed(Candidate(str(folder)))["uses"]]
    assert [(use.use, use.fits) for use in uses] == [(use, FITS) for use in USES]
    assert uses[1] == use_of("lora", forecast(Recipe(model=str(folder)), folder).peak, limit)


@pytest.mark.long
def test_models_are_weighed_up_in_a_process_of_its_own_and_once(tmp_path: Path, starter: Path) -> None:
    kept, here = tmp_path / "uses.json", Candidate(str(starter / "model"))
    asked = [here, UNHEARD]
    said, found = finish(weigh(kept, asked))
    assert said == [(1, 2), (2, 2)]
    assert [use.fits for use in found[here].uses] == [FITS] * 4
    assert found[UNHEARD].problem == phrase("model.unknown_kind", folder="ann/unheard", kind="unheard_of")
    assert finish(weigh(kept, asked)) == ([], found)  # nobody is asked again


def test_what_is_kept_belongs_to_the_files_as_they_are(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    kept, candidate = tmp_path / "uses.json", Candidate(str(folder))
    kept.write_text(json.dumps({candidate.fingerprint: {"uses": [["chat", FITS, 5]]}, "other": 3}))
    assert known_uses(kept, [candidate])[candidate].uses == (use_of("chat", 5, 10),)
    (folder / "config.json").write_text((folder / "config.json").read_text().replace("320", "640"))
    assert known_uses(kept, [candidate]) == {}
    kept.write_text("no JSON")
    assert known_uses(kept, [candidate]) == {}


@pytest.mark.parametrize(("size", "fits"), [(85, FITS), (86, TIGHT), (100, TIGHT), (101, TOO_LARGE)])
def test_what_leaves_little_is_called_tight(size: int, fits: str) -> None:
    assert use_of("chat", size, 100).fits == fits


@pytest.mark.parametrize("tokens", [256, 1000])
def test_what_chat_takes_is_what_reading_a_prompt_took(starter: Path, tokens: int) -> None:
    foreseen = chat_peak(starter / "model", tokens)
    model = ModelCache().open(starter / "model").module
    mx.eval(model.parameters())
    mx.clear_cache()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    cache = make_prompt_cache(model)
    model(mx.zeros((1, tokens), mx.int32), cache=cache)
    mx.eval([part.state for part in cache])
    weights = sum(file.stat().st_size for file in (starter / "model").glob("*.safetensors"))
    measured = weights + mx.get_peak_memory() - before
    assert measured * 0.9 < foreseen < measured * 1.2


@pytest.mark.long
@pytest.mark.parametrize("family", sorted(FOUND.keys() - UNLIKE.keys()))
def test_every_family_is_weighed_up_by_its_config_alone(family: str, tmp_path: Path) -> None:
    folder = write(family, "plain", tmp_path / "model")
    (folder / "model.safetensors").unlink()
    found = weighed(Candidate(str(folder)))
    assert "problem" not in found
    assert [use for use, *_ in found["uses"]] == list(USES)
    known = {use: size for use, fits, size in found["uses"] if fits != UNKNOWN}
    assert "chat" in known or family == "qwen3_next"  # which cannot be traced
