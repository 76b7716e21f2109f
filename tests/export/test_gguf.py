"""A GGUF file holds the run's model, and another reader of such files answers as the model does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from studio.cli.commands import run as command_line
from studio.errors import ModelError
from studio.events import Exported
from studio.export.gguf_file import check_gguf, write_gguf
from studio.export.gguf_model import GgufShape
from studio.export.gguf_tokenizer import GgufVocabulary, plain_template, vocabulary_of
from studio.jobs.export import RunExportJob
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.models.tokenizer import load_tokenizer
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.oracles.gguf_models import FAMILIES, drawn_model, write_drawn

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "fixtures" / "gguf.json").read_text())


def exported(run: Path, out: Path, precision: str = "f16") -> Exported:
    job = RunExportJob(RunFolder(run), "gguf", out, precision=precision)
    return next(e for e in job.run_events(ModelCache()) if isinstance(e, Exported))


def likeliest(model: nn.Module, ids: list[int], count: int = 12) -> list[int]:
    answer = list(ids)
    for _ in range(count):
        answer.append(int(np.array(model(mx.array([answer]))[0, -1]).argmax()))
    return answer[len(ids) :]


@pytest.mark.parametrize("precision", ["f16", "bf16", "q8_0", "q4_0"])
@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_answers_with_the_file_as_the_model_does_here(
    family: str, precision: str, starter: Path, tmp_path: Path
) -> None:
    name = f"{family}-{precision}"
    file = tmp_path / f"{name}.gguf"
    model, config = write_drawn(file, family, starter / "model", precision)

    assert hashlib.sha256(file.read_bytes()).hexdigest() == ORACLE["sha256"][name], "what it has read"
    stored = check_gguf(file, model, config, precision)
    assert [likeliest(stored, ids) for ids in ORACLE["ids"]] == ORACLE["answers"][name]


def test_a_run_becomes_a_file_with_its_tokenizer_template_and_ends(
    starter_run: Path, starter: Path, tmp_path: Path
) -> None:
    event = exported(starter_run, tmp_path / "out")

    assert event.files == ("short-f16.gguf",)
    assert event.same == event.places
    assert event.difference < 1e-3
    fields = gguf.GGUFReader(tmp_path / "out" / "short-f16.gguf").fields
    said: dict[str, Any] = {name: field.contents() for name, field in fields.items()}
    tokenizer = load_tokenizer(starter / "model")
    assert said["tokenizer.ggml.tokens"] == tokenizer.convert_ids_to_tokens(list(range(2560)))
    assert said["tokenizer.ggml.token_type"][:4] == [3, 3, 3, 1]
    assert said["tokenizer.ggml.pre"] == "gpt-2"
    assert said["tokenizer.ggml.add_bos_token"] is False
    assert said["tokenizer.ggml.eos_token_id"] == tokenizer.eos_token_id == 2
    assert said["tokenizer.ggml.eot_token_id"] == 0
    template = said["tokenizer.chat_template"]
    assert "generation %}" not in template.replace("add_generation", "")
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    assert tokenizer.apply_chat_template(turns, tokenize=False, chat_template=template) == (
        tokenizer.apply_chat_template(turns, tokenize=False)
    )


def test_four_bits_say_what_they_lose_and_keep_the_embeddings_in_eight(
    starter_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--to", "gguf", "--type", "q4_0", "--out", str(tmp_path / "out")]
    assert command_line(["export", str(starter_run), *options]) == 0
    told = capsys.readouterr().out
    assert "of what the run changed" in told
    assert "short-q4_0.gguf" in told
    tensors = gguf.GGUFReader(tmp_path / "out" / "short-q4_0.gguf").tensors
    kinds = {tensor.name: tensor.tensor_type.name for tensor in tensors}
    assert kinds["token_embd.weight"] == "Q8_0"
    assert kinds["blk.0.ffn_up.weight"] == "Q4_0"
    assert kinds["output_norm.weight"] == "F32"


def test_an_array_that_does_not_come_back_is_named(starter: Path, tmp_path: Path) -> None:
    model, config = write_drawn(tmp_path / "a.gguf", "llama", starter / "model")
    name = "model.layers.1.self_attn.k_proj.weight"
    halves = np.array(named(model.parameters())[name])
    model.load_weights([(name, mx.array(np.ascontiguousarray(halves[::-1])))], strict=False)
    with refused("export.gguf_apart", name=name):
        check_gguf(tmp_path / "a.gguf", model, config, "f16")


def vocabulary_in(folder: Path, rows: int) -> GgufVocabulary:
    return vocabulary_of(load_tokenizer(folder), rows, folder)


def _changed(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda described: described.update(values)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_changed(pre_tokenizer={"type": "Whitespace"}), "Whitespace"),
        (
            _changed(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}),
            "ByteLevel",
        ),
        (_changed(normalizer={"type": "Lowercase"}), "ByteLevel"),
        (_changed(model={"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0]]}), "Unigram"),
        (lambda described: described["model"].update(merges=[]), "BPE"),
        (lambda described: described["model"].update(byte_fallback=True), "BPE without bytes"),
    ],
)
def test_a_tokenizer_that_splits_in_an_unknown_way_is_refused(
    change: Callable[[dict[str, Any]], None], kind: str, starter: Path, tmp_path: Path
) -> None:
    described = json.loads((starter / "model" / "tokenizer.json").read_text())
    change(described)
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    with refused("export.gguf_tokenizer", kind=kind):
        vocabulary_in(tmp_path, 2560)


@pytest.mark.parametrize(
    ("digits", "name"), [(r"\p{N}{1,3}", "llama-bpe"), (r"\p{N}", "qwen2")], ids=["llama 3", "qwen 2"]
)
def test_ways_of_splitting_have_llama_cpps_names(
    digits: str, name: str, starter: Path, tmp_path: Path
) -> None:
    described = json.loads((starter / "model" / "tokenizer.json").read_text())
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits + r"| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    described["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
        ],
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    found = vocabulary_in(tmp_path, 2570)
    assert (found.splits, found.adds_bos, found.tokens[-1], found.kinds[-1]) == (name, False, "[PAD2569]", 5)


def test_the_frequencies_of_llama_3_are_those_that_the_model_computes_with() -> None:
    from mlx_lm.models.rope_utils import Llama3RoPE

    scaling = {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = {
        "model_type": "llama",
        "head_dim": 128,
        "num_attention_heads": 32,
        "rope_theta": 500000.0,
        "rope_scaling": scaling,
    }
    found = GgufShape.stated(config).tables()["rope_freqs.weight"]
    theirs = np.array(Llama3RoPE(128, 131072, False, 500000.0, scaling)._freqs)
    plain = 500000.0 ** (np.arange(0, 128, 2) / 128)
    assert np.allclose(plain * found, theirs, rtol=1e-4)


def test_gemma_is_refused_with_a_scale_of_attention_that_llama_cpp_would_not_take() -> None:
    sizes = {"num_attention_heads": 32, "head_dim": 128, "hidden_size": 4608, "num_hidden_layers": 46}
    largest = {"model_type": "gemma2", "query_pre_attn_scalar": 144, **sizes}
    assert GgufShape.stated(largest).arch is gguf.MODEL_ARCH.GEMMA2
    with refused("export.gguf_scale", wanted=144, known=128):
        GgufShape.stated({**largest, "num_hidden_layers": 26})


def test_what_gguf_has_no_form_for_is_refused_and_nothing_is_left(
    runs: Path, starter: Path, tmp_path: Path
) -> None:
    with refused("export.gguf_tokenizer"):  # the tiny model's has no merges
        exported(runs / "first", tmp_path / "out")
    with refused("export.gguf_family", kind="gpt2"):
        GgufShape.stated({"model_type": "gpt2"})
    with refused("export.gguf_rope", kind="longrope"):
        GgufShape.stated({"model_type": "llama", "rope_scaling": {"type": "longrope"}})
    model, config = drawn_model("llama")
    model.extra = nn.Linear(2, 2)
    with pytest.raises(ModelError, match=r"extra\.weight"):
        write_gguf(tmp_path / "a.gguf", model, config, starter / "model", None, "f16")
    assert list(tmp_path.iterdir()) == []


def test_a_template_keeps_its_spaces_without_transformers_own_block() -> None:
    made = plain_template("a {%- generation %} b {% endgeneration -%} c {% if add_generation_prompt %}")
    assert made == "a {%- if true %} b {% endif -%} c {% if add_generation_prompt %}"


def test_two_tokens_of_one_text_and_more_than_the_model_has_are_refused(starter: Path) -> None:
    tokenizer = load_tokenizer(starter / "model")
    tokenizer.add_tokens(["[PAD2561]"])
    with refused("export.gguf_tokenizer", kind="two tokens with one text"):
        vocabulary_of(tokenizer, 2562, starter)
    with refused("export.gguf_tokenizer", kind="more tokens than the model has"):
        vocabulary_of(tokenizer, 2560, starter)
