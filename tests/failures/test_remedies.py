"""What is offered against a failure changes the recipe, or names what can be done."""

from __future__ import annotations

import json
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from studio.catalogue import CLAUSES, Phrase, listed, phrase
from studio.cli.commands import run
from studio.cli.options import with_options
from studio.failures import hints_for, remedies_for
from studio.failures.remedies import DOWNLOADS, MODELS, MOST, REMEDIES, RESUME, SIGN_IN
from studio.recipe.recipe import Recipe

GIVEN = {"tokens": 3000, "limit": 1024, "rate": 1e-4, "changes": "nothing"}
"""Values that a sentence may have, of which fixes are made."""


def told(code: str) -> Phrase:
    return Phrase(code, tuple(GIVEN.items()))


def spoilt() -> Recipe:
    """A recipe in which everything is set that a fix may take back."""
    return Recipe().with_values(
        {
            "method": "dora",
            "base.quantize": "8-bit",
            "base.adapter": "a",
            "base.precision": "float16",
            "scope.embeddings": True,
            "data.packing": True,
            "data.validation_share": 0.0,
            "loop.prefix_cache": "disk",
            "watch.wandb": "a",
            "watch.tensorboard": True,
        }
    )


@pytest.mark.parametrize("code", sorted(REMEDIES))
def test_every_known_remedy_is_offered_and_does_something(code: str) -> None:
    assert code in CLAUSES
    recipe = spoilt()
    if code == "forecast.set":
        return  # see below
    offered = remedies_for(told(code), recipe)
    assert 0 < len(offered) <= MOST
    for fix in offered:
        if fix.values:
            changed = recipe.with_values(dict(fix.values))
            assert changed != recipe
            assert len(changed.problems()) <= len(recipe.problems())
        else:
            assert fix.does
        assert str(fix.title)[0].isupper()
        assert "…" not in str(fix.title)


def test_the_way_on_of_a_metal_failure_is_looked_into() -> None:
    said = phrase(
        "engine.with_way_on",
        reason=phrase("engine.out_of_memory"),
        way_on=phrase("engine.resume", step=10),
    )
    titles = [str(fix.title) for fix in remedies_for(said, Recipe())]
    assert titles == ["Use gradient checkpointing", "Compute 1,024 tokens at once", "Use 4-bit weights"]


def test_smaller_portions_and_a_smaller_batch_learn_the_same() -> None:
    recipe = Recipe().with_values({"tokens_at_once": 512, "batch_size": 8, "accumulation": 2})
    values = [dict(fix.values) for fix in remedies_for(phrase("engine.stopped_by_macos"), recipe)]
    assert values == [
        {},
        {"loop.tokens_at_once": 256},
        {"loop.batch_size": 4, "loop.accumulation": 4},
    ]


def test_what_is_done_already_is_not_offered_again() -> None:
    least = {"tokens_at_once": 128, "batch_size": 1, "max_length": 128, "quantize": "4-bit"}
    recipe = Recipe().with_values({**least, "checkpointing": True})
    assert remedies_for(phrase("failure.no_memory"), recipe) == ()
    assert remedies_for(phrase("failure.no_memory")) == ()  # no recipe is at hand


def test_the_learning_rate_is_a_third_of_what_was_trained_with() -> None:
    said = phrase(
        "train.diverged",
        steps=3,
        last=9,
        where=phrase("train.no_checkpoint"),
        advice=phrase("train.lower_rate", rate=3e-4),
    )
    (lower,) = [fix for fix in remedies_for(said, Recipe()) if fix.title.code == "fix.lower_rate"]
    assert dict(lower.values) == {"optimizer.learning_rate": 1e-4}
    (own,) = [
        fix
        for fix in remedies_for(said, Recipe().with_values({"learning_rate": 0.6}))
        if fix.title.code == "fix.lower_rate"
    ]
    assert dict(own.values) == {"optimizer.learning_rate": 0.2}


def test_an_example_that_is_too_long_gets_room() -> None:
    reason = phrase("row.too_long", tokens=1500, limit=1024)
    said = phrase(
        "dataset.unusable", rows=1, name="a", place=phrase("line", line=1), reason=reason, remedy=""
    )
    room, cut = remedies_for(said, Recipe())
    assert (dict(room.values), dict(cut.values)) == ({"data.max_length": 1536}, {"data.too_long": "cut_end"})


def test_what_the_forecast_found_to_fit_is_set_as_it_says() -> None:
    def change(title: str, value: object) -> Phrase:
        return phrase("forecast.change", title=title, value=value)

    ways = [
        phrase("forecast.set", changes=change("Tokens at once", 512), peak="9.1 GB"),
        phrase("forecast.set", changes=change("Gradient checkpointing", phrase("forecast.on")), peak="8 GB"),
    ]
    advice = phrase("forecast.any_change", changes=listed(ways))
    said = phrase("forecast.takes", peak="20 GB", limit="10 GB", advice=advice)
    fixes = remedies_for(said, Recipe())
    assert [dict(fix.values) for fix in fixes] == [{"loop.tokens_at_once": 512}, {"loop.checkpointing": True}]
    assert str(fixes[0].title) == "Set Tokens at once to 512"


@pytest.mark.parametrize(
    ("code", "does"),
    [
        ("hub.gated", SIGN_IN),
        ("weights.cut_short", MODELS),
        ("failure.disk_full", DOWNLOADS),
        ("failure.gpu_disturbed", RESUME),
    ],
)
def test_what_changes_no_recipe_is_done_elsewhere(code: str, does: str) -> None:
    assert does in [fix.does for fix in remedies_for(told(code))]


def test_the_command_line_names_what_can_be_typed_and_it_works() -> None:
    recipe = Recipe()
    hint = str(hints_for(phrase("failure.no_memory"), recipe))
    assert hint.startswith("Try: Use gradient checkpointing: --set loop.checkpointing=true")
    words = shlex.split(hint.replace(",", " "))
    sets = [value for word, value in pairwise(words) if word == "--set"]
    changed = with_options(recipe, None, "", sets)
    assert (changed.loop.checkpointing, changed.base.quantize) == (True, "4-bit")
    disturbed = phrase("failure.gpu_disturbed")
    assert str(hints_for(disturbed, recipe, "my run")) == "Try: Resume: studio resume 'my run'"
    assert hints_for(disturbed, recipe) is None


def test_a_command_that_fails_says_what_helps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "a", "completion": "b"}\n' * 5, encoding="utf-8")
    gone = str(tmp_path / "gone")
    asked = ["train", str(rows), "--model", gone, "--home", str(tmp_path), "--json"]
    assert run(asked) == 2
    printed = capsys.readouterr()
    hint = "Try: Open Models: studio models list"
    assert (json.loads(printed.out)["code"], json.loads(printed.out)["hint"]) == ("model.missing", hint)
    assert hint in printed.err
