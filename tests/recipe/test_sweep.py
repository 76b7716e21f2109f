"""A sweep is a list of recipes, all of them checked before the first one starts."""

from __future__ import annotations

from typing import Any

import pytest

from studio.catalogue import phrase
from studio.errors import RecipeError
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep, parse_over, short, usual_stages
from tests.conftest import refused


def sweep(*over: str, **values: object) -> Sweep:
    return Sweep(Recipe().with_values(values), tuple(parse_over(each) for each in over))


def names(*over: str, **values: object) -> list[str]:
    return [member.name for member in sweep(*over, **values).members()]


def test_a_grid_is_every_combination_in_order_with_names_that_fit_a_file() -> None:
    assert names("lora.rank=8,16", "learning_rate=2e-4,0.001") == [
        "rank-8 learning_rate-2e-4",
        "rank-8 learning_rate-0.001",
        "rank-16 learning_rate-2e-4",
        "rank-16 learning_rate-0.001",
    ]


def test_a_member_is_the_base_with_its_changes_and_nothing_else() -> None:
    base = Recipe().with_values({"epochs": 2, "lora.dropout": 0.1})
    for member in Sweep(base, (("lora.rank", ("8", "64")),)).members():
        assert member.recipe == base.with_values(member.changes)
        assert member.changes == {"lora.rank": member.recipe.lora.rank}
    assert member.recipe.lora.rank == 64


def test_a_short_name_and_a_full_one_mean_the_same_field() -> None:
    assert parse_over("rank=8,16") == parse_over(" lora.rank = 8 , 16 ") == ("lora.rank", ("8", "16"))


def test_a_value_with_commas_stands_in_quotes() -> None:
    assert parse_over('targets=all,"q_proj, v_proj"') == ("lora.targets", ("all", "q_proj, v_proj"))
    assert names('targets=all,"q_proj,v_proj"') == ["targets-all", "targets-q_proj-v_proj"]


def test_values_that_look_alike_in_a_name_still_make_different_names() -> None:
    long = "layers.0.self_attn.q_proj"
    found = names(f"targets={long}1,{long}2")
    assert len(set(found)) == 2


RANK = phrase("field.of", title="Rank", path="lora.rank")
MODE_BITS = phrase("recipe.mode_bits", mode="mxfp4", bits="4", quantize="4-bit")


def test_auto_is_a_value() -> None:
    assert names("learning_rate=auto,0.002") == ["learning_rate-auto", "learning_rate-0.002"]


@pytest.mark.parametrize(
    ("over", "code", "values"),
    [
        (["rank"], "sweep.no_values", {"text": "'rank'"}),
        (["rnk=8"], "recipe.near_field", {"name": "rnk", "near": "rank"}),
        (["rank="], "sweep.empty_value", {"text": "rank="}),
        (["rank=8,,16"], "sweep.empty_value", {"text": "rank=8,,16"}),
        (['targets="q_proj'], "sweep.quote", {}),
        (["rank=8,many"], "value.whole_number", {"title": RANK}),
        (["rank=8,0"], "value.at_least", {"title": RANK, "limit": 1}),
        (["rank=8,16", "lora.rank=32"], "sweep.field_twice", {"name": "lora.rank"}),
        (["rank=8,16,8"], "sweep.twice", {"name": "rank-8"}),
        (["learning_rate=2e-4,0.0002"], "sweep.twice", {"name": "learning_rate-2e-4"}),
        (["data.path=a,b"], "sweep.over_datasets", {}),
        (["method=lora,full", "rank=8,16"], "sweep.twins", {"resting": "Rank"}),
        (["base.mode=mxfp8,mxfp4", "base.quantize=8-bit"], "sweep.cannot_run", {"problems": MODE_BITS}),
        ([], "sweep.no_field", {}),
    ],
)
def test_a_grid_that_cannot_run_is_refused_whole(over: list[str], code: str, values: dict[str, Any]) -> None:
    with refused(code, RecipeError, **values):
        sweep(*over).members()


def test_a_field_that_rests_in_some_members_is_no_reason_to_refuse() -> None:
    assert names("method=lora,full", "rank=8") == ["method-lora rank-8", "method-full rank-8"]


def test_a_grid_beyond_reason_is_refused_before_it_is_built() -> None:
    ranks = ",".join(map(str, range(1, 22)))
    with refused("sweep.too_many", RecipeError, count=21**3):
        sweep(f"rank={ranks}", f"alpha={ranks}", f"batch_size={ranks}").members()


def test_a_sweep_over_what_is_held_out_says_that_its_losses_differ_in_kind() -> None:
    assert list(sweep("rank=8,16", "packing=true,false").remarks()) == []
    (remark,) = sweep("seed=0,1").remarks()
    assert remark == phrase("sweep.held_out", fields="Seed")


@pytest.mark.parametrize(
    ("value", "words"),
    [(16, "16"), (0.0002, "2e-4"), (1e-5, "1e-5"), (0.05, "0.05"), (2.0, "2"), (None, "auto"), (True, "yes")],
)
def test_values_are_written_in_few_letters(value: object, words: str) -> None:
    assert short(value) == words


def test_alpha_follows_rank_where_that_is_asked_for_and_alpha_is_not_gone_over() -> None:
    base, ranks = Recipe().with_values({"rank": 16, "alpha": 32}), ("lora.rank", (8, 64))
    assert [m.recipe.lora.alpha for m in Sweep(base, (ranks,)).members()] == [32, 32]
    following = Sweep(base, (ranks,), alpha_follows=True).members()
    assert [m.recipe.lora.alpha for m in following] == [16, 128]
    assert [m.changes for m in following] == [{"lora.rank": 8}, {"lora.rank": 64}]
    both = Sweep(base, (ranks, ("lora.alpha", (1, 2))), alpha_follows=True).members()
    assert [m.recipe.lora.alpha for m in both] == [1, 2, 1, 2]


def test_a_search_goes_over_what_matters_in_order_with_values_around_the_recipes() -> None:
    over = dict(usual_stages(Recipe(), 0.0016))
    assert over == {
        "optimizer.learning_rate": (0.00053, None, 0.0048),
        "lora.rank": (8, 16, 32),
        "loop.batch_size": (4, 8, 16),
        "loop.epochs": (2.0, 3.0, 4.0),
    }
    assert list(over) == ["optimizer.learning_rate", "lora.rank", "loop.batch_size", "loop.epochs"]
    assert Sweep(Recipe(), tuple(over.items()), guided=True).count == 9  # 3, and 2 in each further stage
    full = Recipe().with_values({"method": "full", "learning_rate": 1e-4, "steps": 100, "batch_size": 1})
    assert dict(usual_stages(full, 1.0)) == {
        "optimizer.learning_rate": (3.3e-05, 0.0001, 0.0003),
        "loop.batch_size": (1, 2),
        "loop.steps": (50, 100, 200),
    }
