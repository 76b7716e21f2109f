"""A GGUF file becomes a folder that is trained and asked as the model that it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from studio.errors import StudioError
from studio.export.gguf_file import check_gguf
from studio.models.cache import ModelCache
from studio.models.gguf import convert
from studio.models.gguf.convert import convert_gguf, own_precision
from studio.models.gguf.header import read_gguf_header
from studio.models.gguf.settings import config_of
from tests.models.gguf.files import llama_tensors, write_small
from tests.oracles.llama_cpp_models import CHATS, CONFIGS, TEXTS, open_model, write_file

ORACLE = json.loads((Path(__file__).parents[2] / "oracles" / "fixtures" / "llama_cpp.json").read_text())


@pytest.mark.parametrize("family", CONFIGS)
def test_a_file_becomes_the_model_that_llama_cpp_reads(family: str, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    opened, file = open_model(family, tmp_path / "own"), tmp_path / f"{family}-f16.gguf"
    write_file(file, opened, "f16")
    parts = list(convert_gguf(file, tmp_path / "made", "float32"))
    assert parts[-1].done == parts[-1].total
    again = ModelCache().open(tmp_path / "made")

    theirs = ORACLE["files"][f"{family}-f16"]
    encode = again.tokenizer.encode
    assert [encode(text, add_special_tokens=False) for text in TEXTS] == theirs["texts"]
    assert [encode(text) for text in TEXTS] == theirs["begun"]
    for turns, ids in zip(CHATS, theirs["chats"], strict=True):
        said = [{"role": role, "content": text} for role, text in turns]
        assert again.tokenizer.apply_chat_template(said, add_generation_prompt=True) == ids
        assert again.tokenizer.decode(ids) == opened.tokenizer.decode(ids)

    own, config = opened.module, json.loads((opened.folder / "config.json").read_text())
    own = check_gguf(file, own, config, "f16")  # with the weights as they are stored
    ids = mx.array([theirs["chats"][1]])
    mine, stored = (np.array(model(ids).astype(mx.float32)) for model in (again.module, own))
    assert np.abs(mine - stored).max() <= 1e-5 * np.abs(stored).max()


def made(file: Path, folder: Path, precision: str = "float32") -> dict[str, mx.array]:
    """The weights of the folder that a file becomes."""
    list(convert_gguf(file, folder, precision))
    arrays = [mx.load(str(each)) for each in sorted(folder.glob("*.safetensors"))]
    return {name: array for each in arrays if isinstance(each, dict) for name, array in each.items()}


def whole(file: Path, **values: Any) -> Path:
    return write_small(file, kind=Kind.F32, tensors=llama_tensors(), values=values)


def refusal(file: Path, folder: Path, precision: str = "float32") -> str:
    """The code of why a file is not converted, after which nothing is there."""
    with pytest.raises(StudioError) as error:
        list(convert_gguf(file, folder, precision))
    assert not [path for path in folder.parent.glob(f"{folder.name}*") if path != file]
    return error.value.code


def test_biases_of_llama_are_put_in_order_as_its_weights_are(tmp_path: Path) -> None:
    tensors = llama_tensors(biased=True)
    file = write_small(tmp_path / "a.gguf", kind=Kind.F32, tensors=tensors)
    arrays = made(file, tmp_path / "made")
    assert json.loads((tmp_path / "made" / "config.json").read_text())["attention_bias"] is True
    for part, heads in (("q", 2), ("k", 1)):
        for end in ("weight", "bias"):
            stored = tensors[f"blk.0.attn_{part}.{end}"]
            halves = np.array(arrays[f"model.layers.0.self_attn.{part}_proj.{end}"])
            pairs = halves.reshape(heads, 2, 8, *halves.shape[1:])  # llama.cpp turns neighbours together
            assert np.array_equal(pairs.swapaxes(1, 2).reshape(stored.shape), stored)
    assert np.array_equal(
        np.array(arrays["model.layers.0.self_attn.v_proj.bias"]), tensors["blk.0.attn_v.bias"]
    )


def test_a_split_model_and_files_of_a_few_bytes_each_give_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(whole(tmp_path / "one.gguf"), tmp_path / "one")
    write_small(tmp_path / "m.gguf", kind=Kind.F32, tensors=llama_tensors(), split_max_tensors=3)
    parts = sorted(tmp_path.glob("m-*.gguf"))
    assert len(parts) == 4
    monkeypatch.setattr(convert, "_SHARD", 10_000)
    several = made(parts[2], tmp_path / "several")
    index = json.loads((tmp_path / "several" / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) > 2
    assert index["weight_map"].keys() == several.keys() == one.keys()
    assert all(mx.array_equal(several[name], array) for name, array in one.items())
    ModelCache().open(tmp_path / "several")


def test_weights_are_written_in_the_precision_that_is_asked_for(tmp_path: Path) -> None:
    file = whole(tmp_path / "a.gguf")
    exact = made(file, tmp_path / "float32")
    for precision, dtype in (("float16", mx.float16), ("bfloat16", mx.bfloat16)):
        arrays = made(file, tmp_path / precision, precision)
        assert all(mx.array_equal(array, exact[name].astype(dtype)) for name, array in arrays.items())
        assert json.loads((tmp_path / precision / "config.json").read_text())["torch_dtype"] == precision


@pytest.mark.parametrize(
    ("arch", "kind", "precision"),
    [
        ("llama", Kind.F32, "float32"),
        ("llama", Kind.BF16, "bfloat16"),
        ("llama", Kind.F16, "float16"),
        ("llama", Kind.Q8_0, "float16"),
        ("gemma2", Kind.Q8_0, "bfloat16"),
    ],
)
def test_a_model_has_a_precision_of_its_own(arch: str, kind: Kind, precision: str, tmp_path: Path) -> None:
    header = read_gguf_header(write_small(tmp_path / "a.gguf", arch, kind))
    assert own_precision(header) == precision


def test_numbers_beyond_half_precision_are_refused_and_not_made_infinite(tmp_path: Path) -> None:
    tensors = llama_tensors()
    tensors["blk.0.ffn_up.weight"][3, 4] = 70_000.0
    file = write_small(tmp_path / "a.gguf", kind=Kind.F32, tensors=tensors)
    assert refusal(file, tmp_path / "made", "float16") == "gguf.beyond_half"
    assert mx.max(made(file, tmp_path / "made", "bfloat16")["model.layers.0.mlp.up_proj.weight"]) > 60_000


def test_a_conversion_that_is_stopped_or_finds_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = whole(tmp_path / "a.gguf")
    going = convert_gguf(file, tmp_path / "made")
    assert next(going).done > 0
    going.close()
    assert list(tmp_path.iterdir()) == [file]
    monkeypatch.setattr(convert, "_SPARE", 10**18)
    assert refusal(file, tmp_path / "made") == "gguf.no_room"


def test_nothing_of_somebody_elses_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    file = whole(tmp_path / "models" / "a.gguf")
    with pytest.raises(StudioError) as error:
        list(convert_gguf(file, tmp_path / "models"))
    assert error.value.code == "target.holds"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(StudioError) as error:
        list(convert_gguf(file, tmp_path / "mine"))
    assert error.value.code == "gguf.taken"
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("lost", ["token_embd.weight", "blk.0.attn_k.weight", "output_norm.weight"])
def test_a_model_without_one_of_its_weights_is_refused(lost: str, tmp_path: Path) -> None:
    tensors = {name: array for name, array in llama_tensors().items() if name != lost}
    file = write_small(tmp_path / "a.gguf", kind=Kind.F32, tensors=tensors)
    expected = "gguf.array_missing" if lost.startswith("token") else "gguf.not_whole"
    assert refusal(file, tmp_path / "made") == expected


def test_a_weight_that_the_family_has_no_place_for_is_refused(tmp_path: Path) -> None:
    tensors = {**llama_tensors(), "blk.0.attn_sinks.weight": np.ones(2, np.float32)}
    file = write_small(tmp_path / "a.gguf", kind=Kind.F32, tensors=tensors)
    assert refusal(file, tmp_path / "made") == "gguf.array"
    assert refusal(whole(tmp_path / "b.gguf", **{"llama.block_count": None}), tmp_path / "made") == (
        "gguf.value_missing"
    )


@pytest.mark.parametrize(
    ("values", "scaling"),
    [
        ({"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}, {"rope_type": "linear", "factor": 4.0}),
        ({"rope.scale_linear": 2.0}, {"rope_type": "linear", "factor": 2.0}),
        ({"rope.scaling.type": "none", "rope.scaling.factor": 4.0}, None),
        (
            {
                "rope.scaling.type": "yarn",
                "rope.scaling.factor": 4.0,
                "rope.scaling.original_context_length": 16,
            },
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
        ),
    ],
)
def test_the_scaling_of_positions_is_told_as_the_hub_tells_it(
    values: dict[str, Any], scaling: dict[str, Any] | None, tmp_path: Path
) -> None:
    named = {f"llama.{key}": value for key, value in values.items()}
    header = read_gguf_header(whole(tmp_path / "a.gguf", **named))
    assert config_of(header, "float16").get("rope_scaling") == scaling


def test_llama_3s_scaling_is_found_in_what_it_divides_frequencies_by(tmp_path: Path) -> None:
    file, tensors = tmp_path / "a.gguf", llama_tensors()
    said = {"llama.rope.freq_base": 500_000.0, "llama.context_length": 131_072}
    for original, factor in ((8192, 32.0), (4096, 8.0)):
        turns = original * 500_000.0 ** -(np.arange(0, 16, 2) / 16) / (2 * np.pi)
        share = np.clip((turns - 1) / 3, 0, 1)
        tensors["rope_freqs.weight"] = (1 / ((1 - share) / factor + share)).astype(np.float32)
        config = config_of(
            read_gguf_header(write_small(file, kind=Kind.F32, tensors=tensors, values=said)), "float16"
        )
        assert (config["rope_scaling"]["rope_type"], config["rope_scaling"]["factor"]) == ("llama3", factor)
        found = config["rope_scaling"]["original_max_position_embeddings"] * turns / original
        assert np.allclose(np.clip((found - 1) / 3, 0, 1), share, atol=1e-3)
    tensors["rope_freqs.weight"] = np.linspace(1, 8, 8, dtype=np.float32)  # of no such scaling
    write_small(file, kind=Kind.F32, tensors=tensors, values=said)
    assert refusal(file, tmp_path / "made") == "gguf.rope"
