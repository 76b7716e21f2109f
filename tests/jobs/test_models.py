from __future__ import annotations

from pathlib import Path

from studio.events.models import ModelsFound, ModelShown
from studio.jobs.models import ListModelsJob, ShowModelJob
from studio.paths import Paths


def test_the_models_of_this_machine_are_listed_and_shown(tmp_path: Path, tiny_model: Path) -> None:
    (found,) = ListModelsJob(Paths.under(tmp_path / "home"), (str(tiny_model),)).run_events(None)
    assert isinstance(found, ModelsFound)
    assert [facts.name for facts in found.models] == ["starter", tiny_model.name]
    (shown,) = ShowModelJob("starter").run_events(None)
    assert isinstance(shown, ModelShown)
    assert shown.facts == found.models[0]
