from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest
from mlx import nn
from mlx_lm.utils import _get_classes

from studio.events.models import ModelFacts
from studio.models.adapter import Tuning
from studio.models.arrays import named
from studio.models.count import count_parameters
from studio.models.library.facts import folder_facts
from studio.models.library.found import found_models
from studio.models.library.shown import shown
from tests.models.library.conftest import MakeCached, MakeGguf


def by_name(own: Path, *folders: Path) -> dict[str, ModelFacts]:
    return {facts.name: facts for facts in found_models(own, map(str, folders)).models}


def test_the_starter_is_found_on_an_empty_machine_and_counted_as_the_engine_counts_it(
    tmp_path: Path, starter: Path
) -> None:
    found = found_models(tmp_path / "own")
    assert found.remarks == ()
    (facts,) = found.models
    assert (facts.name, facts.source, facts.form) == ("starter", "starter", "safetensors")
    assert (facts.architecture, facts.bits, facts.context) == ("qwen3", 32.0, 1024)
    assert facts.parameters == count_parameters(starter / "model", Tuning()).total
    assert (facts.is_chat, facts.problem) == (True, None)
    assert facts.size == sum(file.stat().st_size for file in (starter / "model").iterdir())


def test_models_are_found_where_each_program_keeps_them(
    tmp_path: Path, with_card: Path, cached: MakeCached, write_gguf: MakeGguf, ollama: Callable[[str], Path]
) -> None:
    own = tmp_path / "home" / "models"
    shutil.copytree(with_card, own / "mine")
    cached("ann/Small-2.5B", with_card)
    lm_studio = tmp_path / ".lmstudio/models"
    shutil.copytree(with_card, lm_studio / "bob/Small-2.5B-4bit")
    write_gguf(lm_studio / "bob/Small-GGUF/small-2.5-q8_0.gguf", template="{{ messages }}")
    write_gguf(lm_studio / "bob/Small-GGUF/mmproj-f16.gguf", "clip")
    blob = ollama("registry.ollama.ai/library/small/1b")
    found = by_name(own)
    assert {name: facts.source for name, facts in found.items()} == {
        "starter": "starter",
        "mine": "own",
        "ann/Small-2.5B": "hub",
        "bob/Small-2.5B-4bit": "lm_studio",
        "bob/Small-GGUF/small-2.5-q8_0": "lm_studio",
        "small:1b": "ollama",
    }
    assert {facts.problem for facts in found.values()} == {None}
    assert {facts.license for facts in found.values() if facts.source != "starter"} == {"apache-2.0"}
    assert all(facts.is_chat for facts in found.values())
    assert found["small:1b"].place == str(blob)
    for facts in found.values():
        if facts.source != "own":
            told = shown(Path(facts.place)).facts
            assert (told.name, told.source, told.size) == (facts.name, facts.source, facts.size)


def test_a_gguf_file_is_known_by_its_header(tmp_path: Path, write_gguf: MakeGguf) -> None:
    file = write_gguf(tmp_path / "given" / "small.gguf")
    facts = by_name(tmp_path / "own", tmp_path / "given")["small"]
    assert facts == by_name(tmp_path / "own", file)["small"]
    assert (facts.form, facts.architecture, facts.context, facts.license) == (
        "gguf",
        "llama",
        4096,
        "apache-2.0",
    )
    assert facts.parameters == 300 * 64 + 64 * 64
    assert facts.bits == round((300 * 64 * 32 + 64 * 64 * 8.5) / facts.parameters, 2)
    assert (facts.is_chat, facts.problem, facts.size) == (False, None, file.stat().st_size)


def test_quantized_parameters_are_counted_unpacked(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "packed"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "config.json").read_text())
    model_class, arguments = _get_classes(config=config)
    model = model_class(arguments.from_dict(config))
    nn.quantize(model, group_size=32, bits=4)
    mx.save_safetensors(str(folder / "model.safetensors"), named(model.parameters()))
    settings = {"quantization": {"group_size": 32, "bits": 4}}
    (folder / "config.json").write_text(json.dumps({**config, **settings}))
    facts, plain = folder_facts(folder, "folder"), folder_facts(tiny_model, "folder")
    assert facts.parameters == plain.parameters
    assert plain.bits == 32.0
    assert 6.0 < facts.bits < 6.5  # 4, and for each 32 a scale and a bias in 32 bits; norms are whole


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "weights.missing"),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "weights.other_format",
        ),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"no"), "weights.damaged"),
        (lambda folder: _cut(folder / "model.safetensors"), "weights.cut_short"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.missing"),
        (lambda folder: _change(folder, model_type="no_such_kind"), "model.unknown_kind"),
        (lambda folder: _change(folder, model_file="mine.py"), "model.own_code"),
        (lambda folder: (folder / "config.json").write_text("{"), "disk.no_json"),
        (lambda folder: (folder / "config.json").unlink(), "model.no_config"),
    ],
)
def test_what_cannot_be_used_says_why(
    tmp_path: Path, tiny_model: Path, damage: Callable[[Path], object], code: str
) -> None:
    folder = tmp_path / "given"
    shutil.copytree(tiny_model, folder)
    damage(folder)
    facts = by_name(tmp_path / "own", folder)["given"]
    assert facts.problem is not None
    assert getattr(facts.problem, "code", "") == code


def test_a_download_that_stopped_is_named_as_one(tmp_path: Path, with_card: Path, cached: MakeCached) -> None:
    cached("ann/small", with_card, without=("model.safetensors",))
    facts = by_name(tmp_path / "own")["ann/small"]
    assert str(facts.problem) == (
        "ann/small was not downloaded to its end. Download it again: what is here is kept."
    )
    assert (facts.architecture, facts.parameters) == ("qwen3", 0)


def test_of_several_revisions_the_main_one_is_listed(
    tmp_path: Path, with_card: Path, cached: MakeCached
) -> None:
    cached("ann/small", with_card, "b" * 40)
    (with_card / "extra.txt").write_text("newer")
    main = cached("ann/small", with_card, "c" * 40)
    assert by_name(tmp_path / "own")["ann/small"].place == str(main)


def test_damaged_places_are_named_and_the_others_are_listed(
    tmp_path: Path, with_card: Path, cached: MakeCached, ollama: Callable[[str], Path], write_gguf: MakeGguf
) -> None:
    cached("ann/small", with_card)
    broken = cached("ann/broken", with_card)
    next((broken.parents[1] / "blobs").iterdir()).unlink()
    blob = ollama("registry.ollama.ai/library/small/1b")
    (tmp_path / ".ollama/models/manifests/registry.ollama.ai/library/small/2b").write_text('{"layers": 3}')
    blob.unlink()
    cut = write_gguf(tmp_path / "given/cut.gguf")
    _cut(cut)
    (tmp_path / "given/none.gguf").write_bytes(b"GGUF")
    write_gguf(tmp_path / "given/parts-00001-of-00002.gguf")
    write_gguf(tmp_path / "given/other.gguf", "mamba")
    found = found_models(tmp_path / "own", [str(tmp_path / "given")])
    assert [getattr(remark, "code", "") for remark in found.remarks] == [
        "library.unreadable",
        "library.manifest",
    ]
    problems = {facts.name: getattr(facts.problem, "code", None) for facts in found.models}
    assert problems == {
        "starter": None,
        "ann/small": None,
        "small:1b": "library.incomplete",
        "cut": "weights.cut_short",
        "none": "gguf.damaged",
        "parts": "gguf.parts_missing",
        "other": "gguf.family",
    }


def test_a_model_shows_its_card_settings_template_and_files(with_card: Path) -> None:
    (with_card / "LICENSE").write_text("Apache License")
    told = shown(with_card)
    assert told.card == "# Small\n\nA model.\n"
    assert json.loads(told.config)["model_type"] == "qwen3"
    assert told.template.startswith("{% for message in messages %}")
    assert told.license_page == str(with_card / "LICENSE")
    assert {file.name for file in told.files} == {file.name for file in with_card.iterdir()}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("config.json", '{"model_type": "qwen3", "max_position_embeddings": "many", "text_config": [1]}'),
        ("config.json", '{"model_type": "qwen3", "quantization": "yes", "license": {"a": 1}}'),
        ("config.json", '{"model_type": "../../qwen3"}'),
        ("config.json", "[1, 2]"),
        ("tokenizer_config.json", '{"chat_template": [3, {"name": [1], "template": null}]}'),
        ("tokenizer_config.json", '{"model_max_length": 1e30, "chat_template": {"a": 1}}'),
        ("chat_template.json", "no JSON"),
        ("README.md", "---\nlicense: [mit\n---"),
        ("README.md", "---\n" + "license:" * 9999),
        ("model.safetensors.index.json", '{"weight_map": {"a": "../../other.safetensors"}}'),
    ],
)
def test_whatever_a_folder_says_it_is_listed(tmp_path: Path, tiny_model: Path, file: str, text: str) -> None:
    folder = tmp_path / "given"
    shutil.copytree(tiny_model, folder)
    (folder / file).write_text(text)
    facts = by_name(tmp_path / "own", folder)["given"]
    assert facts.size > 0
    assert shown(folder).facts == facts


@pytest.mark.parametrize(
    ("setting", "value", "place"),
    [
        ("HF_HOME", "hf", "hf/hub/models--ann--small/snapshots/1"),
        ("HF_HUB_CACHE", "cache", "cache/models--ann--small/snapshots/1"),
        ("XDG_CACHE_HOME", "xdg", "xdg/huggingface/hub/models--ann--small/snapshots/1"),
    ],
)
def test_the_cache_is_looked_for_where_its_own_settings_say(
    tmp_path: Path, with_card: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, place: str
) -> None:
    monkeypatch.setenv(setting, str(tmp_path / value))
    shutil.copytree(with_card, tmp_path / place)
    assert by_name(tmp_path / "own")["ann/small"].place == str(tmp_path / place)


def test_ollamas_models_are_looked_for_where_its_own_setting_says(
    tmp_path: Path, ollama: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ollama("registry.ollama.ai/ann/small/1b")
    (tmp_path / ".ollama/models").rename(tmp_path / "elsewhere")
    assert "ann/small:1b" not in by_name(tmp_path / "own")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "elsewhere"))
    assert by_name(tmp_path / "own")["ann/small:1b"].source == "ollama"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _change(folder: Path, **values: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **values}))
