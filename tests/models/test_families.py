"""Every family, with every setting of its config at another value: equal to transformers, or named.

The answers are those of transformers in torch (`tests/oracles/make_families.py`), on drawn weights.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.models
import numpy as np
import pytest
from mlx import nn
from safetensors.numpy import load_file, save_file

from studio.errors import ModelError
from studio.models.adapter import Tuning
from studio.models.arrays import count_entries
from studio.models.build import load_lazily
from studio.models.count import count_parameters
from studio.models.description import describe
from studio.models.family import family_of
from studio.models.reading import ConfigReading
from studio.models.unread import NEUTRAL, misread, refuse_unread
from tests.conftest import refused
from tests.oracles.drawn import TOKENS, drawn

FOUND: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "oracles" / "fixtures" / "families.json").read_text(encoding="utf-8")
)
UNLIKE = {
    "apertus": "mlx-lm wants three settings that transformers' config does not have",
    "bitnet": "packed weights only",
    "ernie4_5_moe": "mlx-lm leaves out what corrects the choice of experts",
    "gpt_oss": "experts are named otherwise in unpacked files",
    "jamba": "layers of one kind only",
    "longcat_flash": "mlx-lm wants four settings that transformers' config does not have",
    "minicpm3": "mlx-lm scales the logits of a tied head otherwise",
    "minimax": "another model of the same name",
    "olmo_hybrid": "norms are named otherwise",
    "solar_open": "mlx-lm wants three settings that transformers' config does not have",
}
"""Families in which mlx-lm and transformers differ before anything is changed."""
OWN_EPSILON = {("glm4_moe_lite", "rms_norm_eps"), ("recurrent_gemma", "rms_norm_eps")}
"""Settings that reach all but a few inner norms, which have an epsilon of their own in mlx-lm."""
EQUAL = 2e-3
"""Of the logits' deviation: fp32 on both sides, and functions that differ in the last digits."""
POSITIONS = ("llama", "mistral", "qwen2", "qwen3_moe", "glm", "phi3", "gemma3_text")


@pytest.mark.parametrize("family", POSITIONS)
def test_positions_are_turned_as_transformers_turns_them(family: str, tmp_path: Path) -> None:
    cases = [name for name in FOUND[family]["cases"] if name == "plain" or name.startswith("rope ")]
    assert len(cases) >= 4
    for name in cases:
        assert told(family, name, tmp_path / name) == "equal", name


@pytest.mark.parametrize("family", ["llama", "qwen2", "glm", "phi3"])
def test_settings_of_positions_under_their_older_names_mean_the_same(family: str, tmp_path: Path) -> None:
    cases = [name for name in FOUND[family]["cases"] if name.startswith("rope ")]
    for name in cases:
        write(family, name, tmp_path / name)
        file = tmp_path / name / "config.json"
        file.write_text(json.dumps(older(json.loads(file.read_text(encoding="utf-8")))), encoding="utf-8")
        assert outcome_of(family, name, tmp_path / name) == "equal", name


def older(config: dict[str, Any]) -> dict[str, Any]:
    """A config as transformers 4 wrote it, and some models still have it: su for longrope among others."""
    settings = config.pop("rope_parameters")
    config["rope_theta"] = settings.pop("rope_theta")
    for key in ("partial_rotary_factor", "original_max_position_embeddings"):
        if key in settings and (key.startswith("partial") or settings["rope_type"] == "longrope"):
            config[key] = settings.pop(key)
    kind = settings.pop("rope_type")
    if kind != "default":
        config["rope_scaling"] = {**settings, "type": "su" if kind == "longrope" else kind}
    return config


@pytest.mark.parametrize(
    ("family", "case", "outcome"),
    [
        ("llama", "hidden_act gelu", "equal"),
        ("gemma", "hidden_act silu", "equal"),
        ("gemma2", "attn_logit_softcapping", "equal"),
        ("gemma2", "final_logit_softcapping", "equal"),
        ("gemma2", "sliding_window", "the window is told"),
        ("gemma3_text", "sliding_window", "equal"),
        ("gemma3_text", "final_logit_softcapping", "refused: final_logit_softcapping"),
        ("mistral", "sliding_window", "the window is told"),
        ("phi3", "sliding_window", "the window is told"),
        ("granite", "attention_multiplier", "equal"),
        ("mixtral", "plain", "equal"),
        ("qwen2_moe", "norm_topk_prob", "refused: norm_topk_prob"),
        ("qwen3_moe", "tie_word_embeddings", "equal"),
        ("qwen3", "attention_bias", "refused: attention_bias"),
        ("glm4", "tie_word_embeddings", "refused: tie_word_embeddings"),
        ("falcon_h1", "key_multiplier", "refused: key_multiplier"),
        ("deepseek_v3", "rope_interleave", "refused: rope_interleave"),
    ],
)
def test_a_setting_is_followed_or_named(family: str, case: str, outcome: str, tmp_path: Path) -> None:
    assert told(family, case, tmp_path / "model") == outcome


def test_a_correction_of_routers_that_a_family_drops_is_named(tmp_path: Path) -> None:
    folder = write("ernie4_5_moe", "plain", tmp_path / "model")
    with pytest.raises(ModelError, check=lambda error: error.code == "weights.corrections"):
        load_lazily(describe(folder))
    file = folder / "model.safetensors"
    arrays = {k: v * (not k.endswith("correction_bias")) for k, v in load_file(file).items()}
    save_file(arrays, file)
    assert load_lazily(describe(folder))[0].layers, "where it corrects nothing it is not missed"


@pytest.mark.parametrize("case", ["rope linear", "rope longrope, short"])
def test_a_tied_head_that_a_family_does_not_scale_is_named(case: str, tmp_path: Path) -> None:
    folder = write("minicpm3", case, tmp_path / "model")
    with refused("model.unread_head", ModelError, size=64, base=256):
        load_lazily(describe(folder))
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"dim_model_base": 64}))
    assert load_lazily(describe(folder))[0].layers, "where the scale is one it is not missed"


@pytest.mark.long
@pytest.mark.parametrize("family", sorted(FOUND.keys() - UNLIKE.keys()))
def test_no_setting_of_any_family_is_ignored_in_silence(family: str, tmp_path: Path) -> None:
    assert told(family, "plain", tmp_path / "plain") == "equal"
    silent = {
        name: outcome
        for name in FOUND[family]["cases"]
        if name != "plain"
        and (family, name) not in OWN_EPSILON
        and (outcome := told(family, name, tmp_path / name)) not in LOUD
        and not outcome.startswith("refused: ")
    }
    assert not silent


@pytest.mark.long
@pytest.mark.parametrize("family", sorted(FOUND.keys() - UNLIKE.keys()))
def test_a_count_is_that_of_the_loaded_model(family: str, tmp_path: Path) -> None:
    folder = write(family, "plain", tmp_path / "model")
    loaded, _ = load_lazily(describe(folder))
    size = count_entries(loaded)
    assert count_parameters(folder, Tuning(rank=2)).total == size
    (folder / "model.safetensors").unlink()
    assert count_parameters(folder, Tuning(rank=2)).total == size, "from config.json alone"


LOUD = ("equal", "the window is told", "refused by its weights")
"""What may become of a setting, besides that the refusal names it: tensors that it adds are named instead."""


def told(family: str, case: str, folder: Path) -> str:
    """What becomes of a case: equal to transformers, refused with the setting's name, or its window told."""
    write(family, case, folder)
    return outcome_of(family, case, folder)


def outcome_of(family: str, case: str, folder: Path) -> str:
    described = describe(folder)
    try:
        model, _ = load_lazily(described)
    except ModelError as error:
        key = "rope_type" if case.startswith("rope ") else case.split(" ")[0]
        why = dict(error.said.values).get("reason", error.said)
        if dict(why.values).get("key") == key:
            return f"refused: {key}"
        by_weights = error.said.code in ("weights.other_kind", "weights.other_shape")
        return "refused by its weights" if by_weights else f"refused without naming {key}: {error}"
    logits = np.array(model(mx.array([TOKENS]))[0].astype(mx.float32))
    wanted = np.array(FOUND[family]["cases"][case]["logits"])
    found = np.array([logits[place, 8 : 8 + wanted.shape[1]] for place in (3, -1)])
    if np.abs(found - wanted).max() <= EQUAL * wanted.std():
        return "equal"
    codes = [remark.code for remark in described.remarks_on(len(TOKENS))]
    if codes == ["model.window"] and not described.remarks_on(5):
        return "the window is told"
    return f"apart by {np.abs(found - wanted).max() / wanted.std():.3f} deviations"


def write(family: str, case: str, folder: Path) -> Path:
    """A family's tiny model as transformers writes it, with a case's settings."""
    folder.mkdir()
    asked = FOUND[family]["cases"][case]
    config = {**FOUND[family]["config"], **asked.get("config", {})}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    arrays = drawn(asked.get("shapes", FOUND[family]["shapes"]))
    save_file(arrays, folder / "model.safetensors", {"format": "pt"})
    return folder


def has_models(name: str) -> bool:
    """Whether a module of mlx-lm's builds models here; one of them ends the process without its package."""
    return name != "olmo" and hasattr(importlib.import_module(f"mlx_lm.models.{name}"), "ModelArgs")


@pytest.mark.long
def test_every_family_reads_a_key_or_is_refused_by_it() -> None:
    """Whether or not transformers has such a model; a value that no model has stands for any."""
    for name in sorted(m.name for m in pkgutil.iter_modules(mlx_lm.models.__path__) if has_models(m.name)):
        family = family_of({"model_type": name}, "here")
        for key in (key for key, neutral in NEUTRAL.items() if len(neutral) > 1):
            config = {"model_type": name, key: 0.37}
            reading = ConfigReading(config, config, {}, family)
            if key not in family.reads or misread(reading, key):
                with refused("model.unread", ModelError, folder="here", key=key, value=0.37):
                    refuse_unread(nn.Module(), reading, "here")
