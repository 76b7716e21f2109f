from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm.utils import load as mlx_lm_load

from studio.events import Progress
from studio.events.models import ModelConverted
from studio.export import conversion
from studio.export.conversion import convert
from studio.export.gguf_file import write_gguf
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.models.form import WeightForm
from studio.models.library.facts import folder_facts
from studio.models.library.shown import shown
from studio.recipe.recipe import Recipe
from tests.conftest import refused, write_rows
from tests.export.conftest import QUICK


@pytest.fixture(autouse=True)
def _little_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of quantized weights take their time on a CPU."""
    monkeypatch.setattr(conversion, "PROBE", 24)


def converted(place: Path, out: Path, form: WeightForm) -> ModelConverted:
    *steps, last = convert(place, out, form)
    assert steps
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(last, ModelConverted)
    return last


@pytest.mark.long
def test_a_model_is_quantized_and_told_what_that_costs_and_made_plain_again(
    tmp_path: Path, starter: Path
) -> None:
    plain = starter / "model"
    packed = converted(plain, tmp_path / "packed", WeightForm(4, 64))
    assert (packed.source, packed.folder) == (str(plain), str(tmp_path / "packed"))
    assert packed.bits_before == 32
    assert 4.9 < packed.bits_after < 5.3  # 4, and for each 64 a scale and a bias in 32 bits; norms are whole
    assert packed.size_after < packed.size_before / 5
    assert abs(packed.loss_after - packed.loss_before) < 0.2
    assert 0.01 < packed.difference < 0.5
    config = json.loads((tmp_path / "packed/config.json").read_text())
    assert config["quantization"] == {"group_size": 64, "bits": 4, "mode": "affine"}
    facts, before = (folder_facts(each, "own") for each in (tmp_path / "packed", plain))
    assert (facts.parameters, facts.is_chat, facts.problem) == (before.parameters, True, None)
    theirs, _ = mlx_lm_load(str(tmp_path / "packed"))[:2]
    mine = ModelCache().open(tmp_path / "packed").module
    ids = mx.array([[5, 6, 7]])
    assert mx.array_equal(theirs(ids), mine(ids))

    again = converted(tmp_path / "packed", tmp_path / "again", WeightForm(precision="float16"))
    assert (again.bits_after, again.loss_before) == (16, packed.loss_after)
    assert again.difference < 1e-2
    assert "quantization" not in json.loads((tmp_path / "again/config.json").read_text())
    coarser = converted(tmp_path / "packed", tmp_path / "coarser", WeightForm(2, 128, precision="float32"))
    assert [getattr(each, "code", "") for each in coarser.remarks] == ["convert.worse"]


def test_what_cannot_be_converted_is_refused_and_nothing_is_left(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, taken = tmp_path / "out", tmp_path / "taken"
    shutil.copytree(tiny_model, taken)
    with refused("convert.same"):
        converted(tiny_model, out, WeightForm())
    with refused("quantize.groups"):
        converted(tiny_model, out, WeightForm(4, 128))
    with refused("quantize.bits"):
        converted(tiny_model, out, WeightForm(8, 32, "mxfp4"))
    with refused("export.taken"):
        converted(tiny_model, taken, WeightForm(4, 32))
    with refused("target.inside"):
        converted(tiny_model, tiny_model / "within", WeightForm(4, 32))
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda path: usage(1000))
    with refused("convert.no_room"):
        converted(tiny_model, out, WeightForm(4, 32))
    monkeypatch.undo()
    work = convert(tiny_model, out, WeightForm(4, 32))
    while next(work) != Progress("Reading it back", 3, 4):
        pass
    work.close()  # stopped
    assert sorted(each.name for each in tmp_path.iterdir()) == ["taken"]


def test_what_is_made_of_a_model_keeps_its_licence(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "small"
    shutil.copytree(tiny_model, folder)
    front = "license: other\nlicense_name: qwen-research\nlicense_link: https://example.org/terms"
    (folder / "README.md").write_text(f"---\n{front}\nlanguage: en\n---\n# Small")
    converted(folder, tmp_path / "made", WeightForm(4, 32))
    assert folder_facts(tmp_path / "made", "own").license == "qwen-research"
    told = shown(tmp_path / "made")
    assert told.license_page == "https://example.org/terms"
    assert told.card.startswith("# small, quantized to 4 bits (affine, groups of 32)\n\nMade of small by")


@pytest.mark.long
@pytest.mark.parametrize("bits", [0, 4])
def test_a_gguf_file_becomes_a_folder_that_can_be_trained(tmp_path: Path, starter: Path, bits: int) -> None:
    opened, file = ModelCache().open(starter / "model"), tmp_path / "starter.gguf"
    write_gguf(file, opened.module, opened.config, starter / "model", opened.tokenizer, "q8_0", "")
    found = converted(file, tmp_path / "made", WeightForm(bits, 64, precision="float32"))
    assert (found.source, found.size_before) == (str(file), file.stat().st_size)
    assert 8 < found.bits_before < 9
    facts = folder_facts(tmp_path / "made", "own")
    assert (facts.architecture, facts.is_chat, facts.problem) == ("qwen3", True, None)
    assert found.bits_after == facts.bits == (32 if not bits else pytest.approx(5, abs=0.2))
    assert (found.loss_before == found.loss_after) is (bits == 0)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["made", "starter.gguf"]
    assert [getattr(said, "code", "") for said in found.remarks][:1] == ["gguf.rounded"]
    if not bits:
        values = {**QUICK, "model": found.folder, "data.path": str(write_rows(tmp_path / "rows.jsonl", 12))}
        recipe = Recipe().with_values({**values, "loop.steps": 2})
        list(TrainJob(recipe, tmp_path / "runs", "short").run_events(ModelCache()))
        assert (tmp_path / "runs" / "short" / "adapter" / "adapters.safetensors").is_file()
