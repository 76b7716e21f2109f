"""The engine trains what torch, transformers, PEFT and TRL train: equal to 1e-4 at every step.

`make_fixtures.py` says how the fixtures came about; nothing of that is needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.engine import losses_and_norms

FIXTURES = Path(__file__).parent / "fixtures"
TOLERANCE = 1e-4

MODELS = ("starter", "llama", "qwen2")
CASES = ("sft", "dpo", "orpo", "simpo", "rank_stabilized", "dora")


def _case(kind: str, name: str) -> dict[str, Any]:
    fixture: dict[str, dict[str, Any]] = json.loads((FIXTURES / f"{kind}.json").read_text(encoding="utf-8"))
    return fixture[name]


def _quick_or_long(kind: str, name: str) -> Any:
    """Of the starter, whose steps take longest, only the plain case is quick."""
    marks = [pytest.mark.long] if kind == "starter" and name != "sft" else []
    return pytest.param(kind, name, id=f"{kind}-{name}", marks=marks)


@pytest.mark.parametrize(("kind", "name"), [_quick_or_long(kind, name) for kind in MODELS for name in CASES])
def test_every_step_has_the_references_loss_and_gradient_norm(kind: str, name: str, tmp_path: Path) -> None:
    case = _case(kind, name)

    found = losses_and_norms(kind, case, tmp_path)

    assert found.rates == pytest.approx(case["rates"], rel=1e-6)
    assert found.losses == pytest.approx(case["losses"], rel=TOLERANCE)
    assert found.norms == pytest.approx(case["norms"], rel=TOLERANCE)
    # A reward is a small difference of sums of log p, so what counts is the sums' own rounding.
    for part, values in case.get("rewards", {}).items():
        assert found.rewards[part] == pytest.approx(values, rel=TOLERANCE, abs=1e-5), part


@pytest.mark.long
@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_a_run_that_goes_on_from_an_adapter_has_the_references_steps(kind: str, tmp_path: Path) -> None:
    """SFT, then DPO on what it made: TRL's reference is that model, too, merged before it goes on."""
    losses_and_norms(kind, _case(kind, "sft"), tmp_path / "sft")
    case = _case(kind, "dpo_after_sft")
    parent = str(tmp_path / "sft" / "run" / "adapter")

    found = losses_and_norms(kind, case, tmp_path / "dpo", base__adapter=parent)
    bare = losses_and_norms(kind, case, tmp_path / "bare", base__adapter="")

    assert len(found.losses) == 10
    assert found.losses == pytest.approx(case["losses"], rel=TOLERANCE)
    assert found.norms == pytest.approx(case["norms"], rel=TOLERANCE)
    for part, values in case["rewards"].items():
        assert found.rewards[part] == pytest.approx(values, rel=TOLERANCE, abs=1e-5), part
    assert bare.losses != pytest.approx(case["losses"], rel=100 * TOLERANCE)


@pytest.mark.long
@pytest.mark.parametrize("name", ["sft", "dpo", "orpo", "simpo"])
def test_how_a_step_is_divided_makes_no_difference(name: str, tmp_path: Path) -> None:
    """One row at a time, or the whole step at once: the reference's steps all the same."""
    case = _case("qwen2", name)
    for accumulation, size in ((len(case["rows"]), 1), (1, len(case["rows"]))):
        folder = tmp_path / str(size)
        folder.mkdir()
        divided = {
            "loop__batch_size": size,
            "loop__accumulation": accumulation,
            "loop__epochs": case["recipe"]["loop.epochs"],
        }

        found = losses_and_norms("qwen2", case, folder, **divided)

        assert found.losses == pytest.approx(case["losses"], rel=TOLERANCE)
        assert found.norms == pytest.approx(case["norms"], rel=TOLERANCE)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer__clip": 0.0},
        {"optimizer__weight_decay": 0.0},
        {"lora__alpha": 8.01},
        {"optimizer__warmup_steps": 5},
    ],
    ids=str,
)
def test_a_recipe_that_is_a_little_different_is_told_apart(change: dict[str, Any], tmp_path: Path) -> None:
    case = _case("llama", "sft")

    found = losses_and_norms("llama", case, tmp_path, **change)

    assert found.losses != pytest.approx(case["losses"], rel=TOLERANCE)
