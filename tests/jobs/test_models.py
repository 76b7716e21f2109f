from __future__ import annotations

import json
import shutil
from pathlib import Path

from studio.events.models import FITS, ModelDeleted, ModelsFound, ModelShown, ModelsListed, ModelUse
from studio.forecast.uses import Candidate
from studio.jobs.models import DeleteModelJob, ListModelsJob, ListShelfJob, ShowModelJob
from studio.models.gguf.settings import config_of
from studio.models.gguf.source import read_source
from studio.paths import Paths, model_folder
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.models.gguf.files import llama_tensors, write_small


def test_the_models_of_this_machine_are_listed_and_shown(tmp_path: Path, tiny_model: Path) -> None:
    paths = Paths.under(tmp_path / "home")
    (found,) = ListModelsJob(paths, (str(tiny_model),), weigh=False).run_events(None)
    assert isinstance(found, ModelsFound)
    assert [facts.name for facts in found.models] == ["starter", tiny_model.name]
    (shown,) = ShowModelJob("starter").run_events(None)
    assert isinstance(shown, ModelShown)
    assert shown.facts == found.models[0]


def test_what_is_known_of_a_models_uses_is_told_at_once(tmp_path: Path, tiny_model: Path) -> None:
    paths, use = Paths.under(tmp_path / "home"), ModelUse("chat", FITS, 5)
    plain = {Candidate(str(model)).fingerprint: use for model in (tiny_model, model_folder("starter"))}
    paths.model_uses.parent.mkdir()
    paths.model_uses.write_text(json.dumps({key: {"uses": [["chat", FITS, 5]]} for key in plain}))
    (found,) = ListModelsJob(paths, (str(tiny_model),)).run_events(None)
    assert isinstance(found, ModelsFound)
    assert [facts.uses for facts in found.models] == [(use,), (use,)]


def test_of_a_gguf_file_it_is_told_what_its_folder_would_be_good_for(tmp_path: Path) -> None:
    paths, file = (
        Paths.under(tmp_path / "home"),
        write_small(tmp_path / "small.gguf", tensors=llama_tensors()),
    )
    candidate = Candidate.online("small", config_of(read_source(file), "float16"))
    paths.model_uses.parent.mkdir()
    paths.model_uses.write_text(json.dumps({candidate.fingerprint: {"uses": [["chat", FITS, 5]]}}))
    found = next(ListModelsJob(paths, (str(file),), weigh=False).run_events(None))
    assert isinstance(found, ModelsFound)
    assert found.models[1].uses == (ModelUse("chat", FITS, 5),)


def test_the_shelf_is_listed_with_what_is_here_already(tmp_path: Path, tiny_model: Path) -> None:
    lm_studio = tmp_path / ".lmstudio/models/mlx-community/Qwen3-0.6B-4bit"
    shutil.copytree(tiny_model, lm_studio)
    (listed,) = ListShelfJob(Paths.under(tmp_path / "home"), weigh=False).run_events(None)
    assert isinstance(listed, ModelsListed)
    found = {model.facts.name: model for model in listed.models}
    assert found["mlx-community/Qwen3-0.6B-4bit"].here == str(lm_studio)
    assert found["Qwen/Qwen3-0.6B"].here == ""
    llama = "meta-llama/Llama-3.1-8B"
    assert (found[llama].gated, found[llama].is_base, found[llama].facts.license) == (True, True, "llama3.1")
    assert not found["mlx-community/Meta-Llama-3.1-8B-4bit"].gated


def test_a_model_is_not_deleted_while_a_run_is_at_work_with_it(tmp_path: Path, tiny_model: Path) -> None:
    paths = Paths.under(tmp_path / "home")
    folder = paths.models / "mine"
    shutil.copytree(tiny_model, folder)
    (found,) = ListModelsJob(paths, weigh=False).run_events(None)
    assert isinstance(found, ModelsFound)
    job = DeleteModelJob(found.models[1], paths)
    run = RunFolder.create(paths.runs, "at-work", {"recipe": Recipe(model=str(folder)).model_dump()})
    with run.held(), refused("library.in_use"):
        list(job.run_events(None))
    assert folder.is_dir()
    assert list(job.run_events(None)) == [ModelDeleted("mine", 0)]
    assert not folder.exists()
