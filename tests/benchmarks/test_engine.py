"""The engine benchmark measures what it says it measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.engine import limit, metal, ours, peers, readme
from tests.benchmarks.engine.limit import Work
from tests.benchmarks.engine.runs import Held, Row
from tests.benchmarks.engine.workloads import Shape, instructions, pairs, tokens

SMALL = Shape(300, layers=3, width=32, inner=48, heads=4, shared_heads=2, head_width=16)
WORK = Work(rows=2, width=24, targets=5)


def test_the_forward_products_are_those_of_the_models_own_matrices() -> None:
    from mlx.utils import tree_flatten

    matrices = [array for _, array in tree_flatten(SMALL.tree().layers) if array.ndim == 2]
    linear = WORK.positions * sum(array.size for array in matrices)
    attention = SMALL.layers * 2 * WORK.rows * SMALL.heads * WORK.width**2 * SMALL.head_width
    head = WORK.targets * SMALL.vocabulary * SMALL.width
    assert limit.multiplications(SMALL, [WORK], 0, learning=False) == linear + attention + head


def test_frozen_layers_and_prompts_cost_less() -> None:
    whole = limit.multiplications(SMALL, [WORK], SMALL.layers)
    assert limit.multiplications(SMALL, [WORK], 1) < whole
    assert limit.multiplications(SMALL, [Work(2, 24, 48)], SMALL.layers) > whole


def test_every_product_of_the_limit_can_be_run() -> None:
    assert limit.limit(SMALL, [WORK, WORK], 2, repeats=1) > 0


def test_both_sides_lay_out_every_token() -> None:
    examples = instructions(8, SMALL.vocabulary)
    read = tokens(examples) - len(examples)  # the last token of each is only a target
    for works in (ours.works(examples), metal._mlx_lm(examples)):
        assert sum(work.rows for work in works) == len(examples)
        assert sum(work.positions for work in works) >= read
    assert sum(work.targets for work in ours.works(examples)) == sum(
        len(example.ids) - example.prompt for example in examples
    )


@pytest.mark.long
def test_trainers_run_and_say_what_they_took() -> None:
    examples, preferences = instructions(4, SMALL.vocabulary), pairs(4, SMALL.vocabulary)
    for run in (ours.supervised(SMALL, examples), peers.mlx_lm(SMALL, examples)):
        assert run.tokens == tokens(examples)
        assert run.seconds > 0 < run.peak
    run = ours.preference(SMALL, preferences, epochs=2)
    assert run.tokens == 2 * tokens(preferences)


@pytest.mark.long
def test_mlx_lm_lora_meets_every_pair_once() -> None:
    pytest.importorskip("mlx_lm_lora", reason="`make test-long` and `make bench` install it")
    from mlx_lm_lora.trainer.dpo_trainer import iterate_dpo_batches

    preferences = pairs(12, SMALL.vocabulary)
    rows = [peers._as_row(pair) for pair in preferences]
    with peers._every_batch_once():
        batches = [next(iterate_dpo_batches(rows, 4, 2048, train=True)) for _ in range(3)]
    firsts = [tuple(row[:12]) for chosen, *_ in batches for row in chosen.tolist()]
    assert sorted(firsts) == sorted(pair.chosen.ids[:12] for pair in preferences)


def test_the_readme_gets_the_table_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n", encoding="utf-8")
    missed = Row("work", "mlx-lm", Held(3.21, 4, True), Held(0.2, 0.25, False), (321.0, 100.0), "2 x")
    readme.write([missed], "this machine", file)
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{readme.BEGIN}\n")
    assert text.endswith(f"{readme.END}\nafter\n")
    assert "| work | mlx-lm | **3.21 x** (321 against 100) | at least 4 x (missed) | **0.20 x** |" in text
    assert "old" not in text


def test_a_readme_without_the_markers_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("nothing here", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        readme.write([], "this machine", file)
    assert file.read_text(encoding="utf-8") == "nothing here"
