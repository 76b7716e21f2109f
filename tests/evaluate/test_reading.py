"""The losses of an evaluation are those that transformers finds, however rows are read together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.dataset.render.render import Tokens
from studio.evaluate.reading import row_losses_of
from studio.evaluate.store import EvaluationStore
from studio.models.cache import ModelCache
from tests.conftest import finish
from tests.evaluate.contestants import open_contestant, setting_of

ORACLE = Path(__file__).parents[1] / "oracles" / "fixtures" / "losses.json"


def test_each_row_of_the_starter_has_the_loss_that_transformers_finds(starter: Path) -> None:
    """`tests/oracles/make_losses.py` says how those came about."""
    rows = json.loads(ORACLE.read_text(encoding="utf-8"))
    tokens = [Tokens(tuple(row["ids"]), tuple(row["trained"])) for row in rows]
    model = ModelCache().open(starter / "model").module
    found = finish(row_losses_of(model, tokens))
    assert found.sums == pytest.approx([row["loss"] for row in rows], rel=1e-5)
    assert found.targets.tolist() == [sum(row["trained"]) for row in rows]
    alone = [finish(row_losses_of(model, [each])).sums[0] for each in tokens]
    assert np.allclose(found.sums, alone, rtol=1e-5)
    assert 0 < found.right.sum() < found.targets.sum()


def test_who_has_other_tokens_is_left_out_of_losses(starter: Path, tiny_model: Path, tmp_path: Path) -> None:
    base, other = open_contestant(starter / "model"), open_contestant(tiny_model, "tuned")
    setting = setting_of([base, other], EvaluationStore(tmp_path))
    assert not other.has_tokens_of(base)
    found = finish(setting.losses("text", base.renderer.render_text("The capital of Senegal is Dakar.")))
    assert found.keys() == {"base"}
    alike = setting_of([base, open_contestant(starter / "model", "tuned")], EvaluationStore(tmp_path))
    assert alike.readers == alike.contestants
