from __future__ import annotations

import json
from pathlib import Path

from studio.events.models import FITS, ModelsFound, ModelShown, ModelUse
from studio.forecast.uses import Candidate
from studio.jobs.models import ListModelsJob, ShowModelJob
from studio.paths import Paths, model_folder


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
