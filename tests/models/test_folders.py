"""Model folders as people bring them: read as their weights are, or refused in one sentence to act on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from studio.catalogue import Phrase
from studio.errors import ModelError
from studio.models.adapter import Tuning
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.models.count import count_parameters
from studio.models.description import describe
from studio.models.form import WeightForm
from studio.models.tokenizer import load_tokenizer
from tests.models.conftest import Make

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234567890\n"
LEFTOVERS: dict[str, dict[str, Any]] = {
    "bitsandbytes": {"quant_method": "bitsandbytes", "load_in_4bit": True},
    "gptq": {"quant_method": "gptq", "bits": 4, "group_size": 128},
    "awq": {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True},
    "fp8": {"quant_method": "fp8", "weight_block_size": [128, 128]},
    "compressed-tensors": {"quant_method": "compressed-tensors", "format": "float-quantized"},
    "of a kind to come": {"quant_method": "quanto"},
}
Q = "model.layers.0.self_attn.q_proj"
PACKED: dict[str, dict[str, np.ndarray[Any, Any]]] = {
    "GPTQ or AWQ": {
        f"{Q}.qweight": np.zeros((8, 64), np.int32),
        f"{Q}.qzeros": np.zeros((1, 8), np.int32),
        f"{Q}.scales": np.ones((1, 64), np.float16),
    },
    "compressed-tensors": {
        f"{Q}.weight_packed": np.zeros((64, 8), np.int32),
        f"{Q}.weight_scale": np.ones((64, 1), np.float16),
    },
    "bitsandbytes": {
        f"{Q}.weight": np.zeros((2048, 1), np.uint8),
        f"{Q}.weight.absmax": np.ones(64, np.float32),
        f"{Q}.weight.quant_map": np.ones(16, np.float32),
        f"{Q}.weight.quant_state.bitsandbytes__nf4": np.zeros(90, np.uint8),
    },
    "8-bit ints": {f"{Q}.SCB": np.ones(64, np.float32)},
}


def configure(folder: Path, **changes: Any) -> Path:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **changes}), encoding="utf-8")
    return folder


def arrays_of(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    arrays: dict[str, np.ndarray[Any, Any]] = load_file(folder / "model.safetensors")
    return arrays


def refusal(folder: Path) -> ModelError:
    """Why a folder is refused; the sentence is one line and names the folder."""
    with pytest.raises(ModelError) as raised:
        ModelCache().open(folder)
    said = str(raised.value)
    assert "\n" not in said
    assert str(folder) in said
    assert "trust_remote_code" not in said
    return raised.value


def same(one: Any, other: Any) -> bool:
    arrays, others = named(one.parameters()), named(other.parameters())
    return arrays.keys() == others.keys() and all(mx.array_equal(arrays[k], others[k]).item() for k in arrays)


@pytest.mark.parametrize("leftover", LEFTOVERS.values(), ids=LEFTOVERS.keys())
def test_plain_weights_are_plain_whatever_a_config_left_behind(leftover: dict[str, Any], make: Make) -> None:
    folder = make("llama")
    plain = ModelCache().open(folder)
    (folder / "hf_quant_config.json").write_text('{"quantization": {"quant_algo": "FP8"}}', encoding="utf-8")
    configure(folder, quantization_config=leftover)
    opened = ModelCache().open(folder)
    assert same(opened.module, plain.module)
    quantized = ModelCache().open(folder, WeightForm(bits=4, group_size=32))
    assert quantized.config["quantization"]["bits"] == 4
    assert "scales" in quantized.module.layers[0].self_attn.q_proj
    counted = count_parameters(folder, Tuning(rank=4), WeightForm(bits=4, group_size=32))
    assert counted.weights_bytes == sum(a.nbytes for a in named(quantized.module.parameters()).values())
    assert counted.weights_bytes < count_parameters(folder, Tuning(rank=4)).weights_bytes / 4


def test_a_leftover_of_mlx_over_plain_weights_is_nothing_either(make: Make) -> None:
    folder = configure(make("llama"), quantization={"group_size": 64, "bits": 4})
    assert "scales" not in ModelCache().open(folder).module.layers[0].self_attn.q_proj
    assert (
        "scales"
        in ModelCache().open(folder, WeightForm(bits=8, group_size=32)).module.layers[0].self_attn.q_proj
    )


def test_quantized_weights_are_so_without_a_word_in_the_config(make: Make) -> None:
    folder = make("llama", bits=4)
    before = ModelCache().open(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    del config["quantization"]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    opened = ModelCache().open(folder)
    assert same(opened.module, before.module)
    assert (opened.module.lm_head.bits, opened.module.lm_head.group_size) == (4, 32)


@pytest.mark.parametrize("library", PACKED)
@pytest.mark.parametrize("said", [True, False], ids=["said in the config", "not said"])
def test_packed_weights_are_refused_by_name_with_a_way_out(library: str, said: bool, make: Make) -> None:
    folder = make("llama")
    arrays = {k: v for k, v in arrays_of(folder).items() if k != f"{Q}.weight"}
    save_file({**arrays, **PACKED[library]}, folder / "model.safetensors")
    if said:
        configure(folder, quantization_config={"quant_method": "gptq", "bits": 4})
    why = refusal(folder)
    assert why.code == "weights.packed"
    assert Q in str(why)
    with pytest.raises(ModelError, check=lambda error: error.code == "weights.packed"):
        count_parameters(folder, Tuning(rank=4))


def test_8_bit_floats_are_refused(make: Make) -> None:
    folder = make("llama")
    arrays = arrays_of(folder)
    header: dict[str, Any] = {
        name: {"dtype": "F8_E4M3", "shape": list(array.shape), "data_offsets": [0, array.size]}
        for name, array in arrays.items()
        if name == f"{Q}.weight"
    }
    text = json.dumps(header).encode()
    file = folder / "model.safetensors"
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(arrays[f"{Q}.weight"].size))
    why = refusal(folder)
    assert (why.code, "F8_E4M3" in str(why)) == ("weights.floats8", True)


def test_a_whole_file_is_read_and_a_stray_shard_beside_it_named(make: Make) -> None:
    folder = make("llama")
    plain = ModelCache().open(folder)
    wrong = {name: array + 1 for name, array in arrays_of(folder).items()}
    save_file(wrong, folder / "model-00001-of-00002.safetensors")
    opened = ModelCache().open(folder)
    assert same(opened.module, plain.module)
    assert [(remark.code, dict(remark.values)["file"]) for remark in opened.remarks_on(10)] == [
        ("model.stray", "model-00001-of-00002.safetensors")
    ]


def split(folder: Path, index: bool = True) -> Path:
    """The same weights in two shards."""
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    arrays = sorted(arrays_of(folder).items())
    (folder / "model.safetensors").unlink()
    parts = dict(arrays[::2]), dict(arrays[1::2])
    for name, part in zip(names, parts, strict=True):
        save_file(part, folder / name)
    if index:
        where = {key: name for name, part in zip(names, parts, strict=True) for key in part}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    return folder


@pytest.mark.parametrize("index", [True, False], ids=["with an index", "without"])
def test_shards_are_read_together_and_others_beside_them_are_not(index: bool, make: Make) -> None:
    folder = make("llama")
    plain = ModelCache().open(folder)
    split(folder, index)
    save_file({"other": np.ones(3, np.float32)}, folder / "model-00001-of-00007.safetensors")
    opened = ModelCache().open(folder)
    assert same(opened.module, plain.module)
    assert [(remark.code, dict(remark.values)["file"]) for remark in describe(folder).remarks] == [
        ("model.stray", "model-00001-of-00007.safetensors")
    ]


def lose_a_shard(folder: Path) -> None:
    (split(folder) / "model-00002-of-00002.safetensors").unlink()


def lose_a_shard_and_the_index(folder: Path) -> None:
    (split(folder, index=False) / "model-00002-of-00002.safetensors").unlink()


def spoil_the_index(folder: Path) -> None:
    (split(folder) / "model.safetensors.index.json").write_text('{"weight_map": [1, {"a": null}]}')


def leave_the_folder(folder: Path) -> None:
    (split(folder) / "model.safetensors.index.json").write_text(
        '{"weight_map": {"a": "../other.safetensors"}}'
    )


def keep_pointers(folder: Path) -> None:
    (folder / "model.safetensors").write_text(LFS)


def keep_a_pointer_to_the_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text(LFS)


def lose_the_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def want_code(folder: Path) -> None:
    configure(folder, model_file="modeling.py")


def want_code_for_the_tokenizer(folder: Path) -> None:
    lose_the_tokenizer(folder)
    (folder / "tokenizer.model").write_bytes(b"x")
    settings = {"auto_map": {"AutoTokenizer": ["tokenization.Own", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def be_of_no_family(folder: Path) -> None:
    configure(folder, model_type="made_up", auto_map={"AutoModelForCausalLM": "modeling.Own"})


def be_of_a_family_that_exits(folder: Path) -> None:
    configure(folder, model_type="olmo")


def cut_the_file(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def keep_only_an_adapter(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")


def keep_pickles(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def be_of_another_family(folder: Path) -> None:
    configure(folder, model_type="phi")


def say_too_little(folder: Path) -> None:
    configure(folder, model_type="internlm2")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "vocab_size"}))


REFUSED: list[tuple[Callable[[Path], None], str, dict[str, Any]]] = [
    (lose_a_shard, "weights.one_missing", {"name": "model-00002-of-00002.safetensors"}),
    (lose_a_shard_and_the_index, "weights.incomplete", {"count": 2, "found": 1}),
    (spoil_the_index, "weights.index", {}),
    (leave_the_folder, "weights.index", {}),
    (keep_pointers, "weights.pointer", {}),
    (keep_a_pointer_to_the_tokenizer, "weights.pointer", {}),
    (lose_the_tokenizer, "tokenizer.missing", {}),
    (want_code, "model.own_code", {"code": "modeling.py"}),
    (want_code_for_the_tokenizer, "tokenizer.own_code", {}),
    (be_of_no_family, "model.unknown_kind", {}),
    (be_of_a_family_that_exits, "model.unknown_kind", {"kind": "olmo"}),
    (cut_the_file, "weights.cut_short", {}),
    (keep_only_an_adapter, "weights.adapter", {}),
    (keep_pickles, "weights.other_format", {"file": "pytorch_model.bin"}),
    (be_of_another_family, "weights.other_kind", {"kind": "phi"}),
    (say_too_little, "model.gaps", {"names": "vocab_size"}),
]


@pytest.mark.parametrize(
    ("spoil", "code", "values"), REFUSED, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_folder_that_cannot_be_used_is_refused_in_a_sentence(
    spoil: Callable[[Path], None], code: str, values: dict[str, Any], make: Make
) -> None:
    folder = make("llama")
    spoil(folder)
    why = refusal(folder)
    assert why.code == code
    assert isinstance(why.said, Phrase)
    assert values.items() <= dict(why.said.values).items()


def test_a_byte_order_mark_is_no_fault(make: Make) -> None:
    folder = make("llama")
    plain = ModelCache().open(folder)
    for name in ("config.json", "tokenizer_config.json"):
        file = folder / name
        file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert same(ModelCache().open(folder).module, plain.module)
    assert load_tokenizer(folder)("Say").input_ids == load_tokenizer(plain.folder)("Say").input_ids


def test_a_model_may_come_with_code_that_is_not_needed(make: Make) -> None:
    folder = configure(make("llama"), auto_map={"AutoModelForCausalLM": "modeling_own.Own"})
    assert ModelCache().open(folder).module.layers


@pytest.mark.parametrize(
    "change",
    [
        {"rope_parameters": "all"},
        {"rope_scaling": [1, 2]},
        {"rope_parameters": {"rope_theta": [1], "rope_type": "default"}},
        {"rope_parameters": {"rope_theta": 1e4, "rope_type": "yarn"}},
        {"rope_parameters": {"rope_theta": 1e4, "rope_type": "spiral", "factor": 2.0}},
        {"rope_parameters": {"rope_theta": 1e4, "rope_type": "default", "partial_rotary_factor": 9.0}},
        {"hidden_act": "wobble"},
        {"hidden_size": 0},
        {"vocab_size": -4},
        {"num_attention_heads": 0},
        {"head_dim": "16"},
        {"rms_norm_eps": "small"},
        {"num_hidden_layers": 0},
        {"layer_types": "all"},
        {"model_type": "base"},
        {"model_type": 7},
    ],
    ids=str,
)
def test_a_config_that_makes_no_sense_is_refused_in_a_sentence(change: dict[str, Any], make: Make) -> None:
    folder = configure(make("llama"), **change)
    refusal(folder)
    with pytest.raises(ModelError):
        count_parameters(folder, Tuning(rank=4))


def test_rows_of_a_batch_grow_their_positions_each_by_the_longest(make: Make) -> None:
    """Dynamic scaling, with an offset for each row as in generation: beyond the limit the base grows."""
    settings = {"rope_theta": 1e4, "rope_type": "dynamic", "factor": 4.0}
    folder = configure(make("llama"), rope_parameters=settings, max_position_embeddings=32)
    rope = ModelCache().open(folder).module.layers[0].self_attn.rope
    x = mx.random.normal((2, 1, 4, 16))
    assert mx.allclose(rope(x, mx.array([40, 40])), rope(x, 40), atol=1e-5).item()
    assert not mx.allclose(rope(x, 40), rope(x, 400), atol=1e-2).item()
