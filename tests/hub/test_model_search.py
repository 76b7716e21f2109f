"""Models on the Hub are looked for and read about, through its real client, before they are here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.catalogue import phrase
from studio.errors import ModelError
from studio.events import AccessWanted
from studio.events.models import FITS, ModelShown, ModelsListed, OnlineModel
from studio.hub.arriving import RemoteFile
from studio.hub.failure import HubError
from studio.jobs.online import PAGE, DownloadModelJob, SearchModelsJob, ShowOnlineJob
from studio.models.hub.asked import BASE as TO_CONTINUE
from studio.models.hub.asked import (
    DOWNLOADS,
    INSTRUCT,
    LIKES,
    NEWEST,
    AskedModel,
    ModelFilters,
    recognize_model,
)
from studio.models.hub.choice import needed
from studio.models.hub.facts import Counted
from studio.models.hub.listing import search_models
from studio.paths import Paths
from tests.conftest import refused
from tests.hub.models import BASE, GATED, PACKED, PICKLED, READABLE_BY, SMOL, TINY, model_of
from tests.hub.server import COMMIT, Hub


def found(query: str = "", **asked: Any) -> list[OnlineModel]:
    *_, last = SearchModelsJob(query, **asked).run_events(None)
    assert isinstance(last, ModelsListed)
    return list(last.models)


def found_inside(query: str, filters: ModelFilters, sort: str) -> list[str]:
    """The names of what a search finds, asked in this process."""
    said: list[Any] = []
    search_models(query, filters, sort, PAGE, False, "", said.append)
    return [each["model"]["facts"]["name"] for each in said[0]["done"]]


def names(models: list[OnlineModel]) -> list[str]:
    return [each.facts.name for each in models]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Qwen/Qwen3-0.6B", AskedModel("Qwen/Qwen3-0.6B")),
        (" gpt2 ", AskedModel("gpt2")),
        ("Qwen/Qwen3-0.6B@v1.0", AskedModel("Qwen/Qwen3-0.6B", "v1.0")),
        ("hf://Qwen/Qwen3-0.6B@main", AskedModel("Qwen/Qwen3-0.6B", "main")),
        ("https://huggingface.co/Qwen/Qwen3-0.6B/tree/dev", AskedModel("Qwen/Qwen3-0.6B", "dev")),
        ("hf.co/a/b/blob/main/b-q4.gguf", AskedModel("a/b", "main", "b-q4.gguf")),
        ("https://huggingface.co/a/b?x=1", AskedModel("a/b")),
    ],
)
def test_what_names_a_model(text: str, asked: AskedModel) -> None:
    assert recognize_model(text) == asked


@pytest.mark.parametrize(
    "text",
    ["", "a/b/c", "two words", "https://example.org/a/b", "https://huggingface.co/datasets/a/b", "../x"],
)
def test_what_names_no_model_is_refused(text: str) -> None:
    with refused("hub.no_model_name", ModelError, name=text):
        recognize_model(text)


@pytest.mark.long
def test_a_search_tells_what_a_model_is_before_it_is_here(hub: Hub) -> None:
    hub.models[3].facts["config"]["model_type"] = "unheard_of"
    everything = found()
    assert names(everything) == [SMOL, BASE, GATED, TINY, PICKLED, PACKED]
    smol, base, gated, tiny, pickled, packed = everything
    assert pickled.facts.problem == phrase("hub.no_weights", name=PICKLED)
    header = json.loads(hub.models[0].files["config.json"])
    assert (smol.facts.architecture, smol.facts.bits, smol.facts.license) == (
        header["model_type"],
        32,
        "apache-2.0",
    )
    assert smol.facts.size == pytest.approx(len(hub.models[0].files["model.safetensors"]), rel=0.01)
    assert smol.facts.parameters == smol.facts.size // 4
    assert (smol.downloads, smol.likes, smol.revision, smol.here) == (1000, 50, COMMIT, "")
    assert [each.facts.name for each in everything if each.gated] == [GATED]
    assert (base.is_base, gated.is_base, tiny.is_base) == (True, False, False)
    assert (packed.facts.form, packed.facts.parameters, packed.facts.context) == ("gguf", 135_000_000, 2048)
    assert gated.facts.problem == phrase("hub.unknown_kind", name=GATED, kind="unheard_of")
    *_, downloaded = DownloadModelJob(BASE).run_events(None)
    assert {each.facts.name: each.here for each in found("tiny")}[BASE] == downloaded.folder  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("tiny", ModelFilters(), DOWNLOADS), [BASE, GATED, TINY, PACKED]),
        (("", ModelFilters(mlx=True), DOWNLOADS), [TINY]),
        (("", ModelFilters(tuning=TO_CONTINUE), DOWNLOADS), [BASE, PICKLED, PACKED]),
        (("", ModelFilters(tuning=INSTRUCT), LIKES), [GATED, SMOL, TINY]),
        (("tiny-qwen3", ModelFilters(), NEWEST), [BASE, TINY]),
        ((PICKLED, ModelFilters(), DOWNLOADS), [PICKLED]),
        (("nobody has this", ModelFilters(), DOWNLOADS), []),
    ],
)
def test_a_search_is_narrowed_and_sorted(
    inside: Hub, asked: tuple[str, ModelFilters, str], expected: list[str]
) -> None:
    assert found_inside(*asked) == expected


@pytest.mark.long
def test_a_search_has_pages(hub: Hub, tiny_model: Path) -> None:
    hub.models = [model_of(f"ann/m{n:02}", tiny_model, downloads=100 - n) for n in range(PAGE + 5)]
    hub.page = 7  # the Hub's own pages are of another length
    pages = [list(SearchModelsJob(page=page).run_events(None))[-1] for page in (0, 1)]
    told = [(len(each.models), each.more) for each in pages]  # type: ignore[attr-defined]
    assert told == [(PAGE, True), (5, False)]
    assert pages[1].models[0].facts.name == f"ann/m{PAGE:02}"  # type: ignore[attr-defined]


@pytest.mark.long
def test_a_search_tells_what_models_may_be_used_for_here(hub: Hub, tmp_path: Path) -> None:
    paths = Paths.under(tmp_path / "home")
    first, last = (
        each
        for each in SearchModelsJob("tiny", paths=paths).run_events(None)
        if isinstance(each, ModelsListed)
    )
    told = {each.facts.name: [(use.use, use.fits) for use in each.facts.uses] for each in last.models}
    every = [("chat", FITS), ("lora", FITS), ("qlora", FITS), ("full", FITS)]
    assert (told[BASE], told[GATED], told[PACKED]) == (every, [], [])
    assert not any(each.facts.uses for each in first.models)
    huge = {**hub.models[1].files}
    huge["config.json"] = json.dumps(
        {**json.loads(huge["config.json"]), "hidden_size": 2**16, "intermediate_size": 2**18}
    ).encode()
    hub.models[1] = replace(hub.models[1], files=huge)
    fitting = found("tiny-qwen3", paths=paths, filters=ModelFilters(fits=True))
    assert names(fitting) == [TINY]


def test_a_model_is_read_about_with_what_a_download_brings(hub: Hub, tmp_path: Path) -> None:
    *_, shown = ShowOnlineJob(SMOL).run_events(None)
    assert isinstance(shown, ModelShown)
    served = hub.models[0]
    assert shown.card.startswith("# A model")
    assert shown.config.encode() == served.files["config.json"]
    assert shown.generation.encode() == served.files["generation_config.json"]
    assert "im_start" in shown.template
    assert shown.facts.context == json.loads(shown.config)["max_position_embeddings"]
    assert {each.name for each in shown.files} == {
        *("config.json", "generation_config.json", "model.safetensors", "tokenizer.json"),
        *("tokenizer_config.json", "README.md", "LICENSE"),
    }
    assert shown.facts.size == sum(each.size for each in shown.files)
    assert (shown.license_page, shown.gated) == (f"{hub.url}/{SMOL}", False)
    assert not (tmp_path / "hf" / "hub").exists()  # what is only looked at does not go there


def test_a_gated_model_is_told_of_as_far_as_the_hub_does(hub: Hub) -> None:
    *_, wanted, shown = ShowOnlineJob(GATED).run_events(None)
    assert wanted == AccessWanted(f"{hub.url}/{GATED}")
    assert isinstance(shown, ModelShown)
    assert (shown.gated, shown.config, shown.facts.license) == (True, "", "llama3.2")
    *_, read = ShowOnlineJob(GATED, token=READABLE_BY).run_events(None)
    assert isinstance(read, ModelShown)
    assert (read.gated, bool(read.config)) == (False, True)


def test_numbers_that_mlx_packed_count_as_what_they_stand_for() -> None:
    """Llama 3.2 1B in 4 bits by its arrays: 1,235,814,400 weights, of which 65,536 stay as they are."""
    told = {"U32": 154_468_352, "BF16": 38_682_624}
    info = SimpleNamespace(
        id="mlx-community/Llama-3.2-1B-Instruct-4bit",
        config={"quantization_config": {"bits": 4}},
        safetensors=SimpleNamespace(parameters=told),
    )
    counted = Counted.of(info)
    assert counted.parameters == pytest.approx(1_235_814_400, rel=1e-4)
    assert counted.bits == pytest.approx(4.5, abs=0.01)
    assert counted.size == 4 * told["U32"] + 2 * told["BF16"]


def files(*names: str) -> list[RemoteFile]:
    return [RemoteFile(name, size) for size, name in enumerate(names)]


SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
OWN_CODE = ("model.safetensors", "run.py", "training_args.json", "merges.txt", "chat_template.jinja")


@pytest.mark.parametrize(
    ("there", "brought"),
    [
        ((*SHARDS, "consolidated.safetensors"), {*SHARDS}),
        (("weights.00.safetensors", "config.json", "model.onnx"), {"weights.00.safetensors", "config.json"}),
        (("model.safetensors", "model.gguf", "tokenizer.model"), {"model.safetensors", "tokenizer.model"}),
        (("only-q4.gguf", "README.md"), {"only-q4.gguf"}),
        (OWN_CODE, {"model.safetensors", "merges.txt", "chat_template.jinja"}),
    ],
)
def test_of_a_repository_only_what_is_needed_comes(there: tuple[str, ...], brought: set[str]) -> None:
    assert {each.name for each in needed("a/b", files(*there))} == brought


def test_weights_that_can_hold_code_are_not_brought() -> None:
    with refused("hub.no_weights", HubError, name="a/b"):
        needed("a/b", files("pytorch_model.bin", "model.ckpt", "config.json"))
