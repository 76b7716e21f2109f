"""Two adapters mixed by weight are the dense sum of what each changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mlx.utils import tree_unflatten

from studio.catalogue import Unusable
from studio.events import AnswersBegin
from studio.generate.contestant import Contestant, contestant_of
from studio.generate.parties import Contest
from studio.generate.sampling import GREEDY
from studio.generate.shared import is_shared
from studio.generate.stream import answer
from studio.generate.talking import asked_talk, talking
from studio.jobs.answers import ChatJob
from studio.models.adapter_layers import dense
from studio.models.cache import ModelCache
from studio.models.strength import outermost
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.generate.test_talking import FIRST, LATER, ended, talks
from tests.jobs.test_contestants import IDS, logits, opened, runs

__all__ = ["runs"]

SHORT = GREEDY.model_copy(update={"max_tokens": 8})
MIXES = {  # ranks and layers differ; one has embeddings; one is DoRA on a parent
    "two LoRA": ("run:first", 0.75, "run:wide", -0.5),
    "with DoRA": ("run:dora", 0.6, "run:wide", 1.2),
}


@pytest.mark.parametrize("mixed", MIXES.values(), ids=MIXES)
def test_a_mix_is_the_dense_sum_of_both_changes(mixed: tuple[str, float, str, float], runs: Path) -> None:
    one, first, other, second = mixed
    key = f"mix:{one}*{first},{other}*{second}"
    base, left, right, mix = opened(runs, "first", "base", one, other, key)
    bare, before = base.bare(), dict(base.module.named_modules())
    bearing = outermost(left.module), outermost(right.module)
    summed = []
    for path in {*bearing[0], *bearing[1]}:
        whole = dense(before[path])
        for layers, weight in zip(bearing, (first, second), strict=True):
            if path in layers:
                whole = whole + weight * (dense(layers[path]) - dense(before[path]))
        summed.append((f"{path}.weight", whole))
    bare.update(tree_unflatten(summed))
    expected = np.array(bare.eval()(IDS))
    scale = np.abs(expected).max()
    assert np.abs(logits(mix) - expected).max() <= 1e-5 * scale
    assert np.abs(logits(mix) - logits(base)).max() > 1e-3 * scale


def test_a_mix_answers_in_the_joined_batch_as_it_does_alone(runs: Path) -> None:
    keys = ("base", "tuned", "mix:tuned*0.5,run:wide*0.5")
    contest = Contest(opened(runs, "first", *keys))
    assert [len(party.voices) for party in contest.parties] == [3]
    assert all(is_shared(each) for each in contest.contestants)
    asked = [asked_talk(key, contest.of(key), LATER) for key in keys]
    found = ended([event for event in talking(contest, asked, SHORT) if event])
    for each in asked:
        who = contest.of(each.contestant)
        alone = list(answer(each.who, who.module, who.tokenizer, each.prompt, SHORT, who.renderer.stops))
        assert found[each.who].text == ended([event for event in alone if event])[each.who].text


def test_weights_of_one_and_nothing_are_the_adapter_itself(runs: Path) -> None:
    tuned, mix = opened(runs, "first", "tuned", "mix:tuned,run:wide*0")
    assert np.abs(logits(mix) - logits(tuned)).max() < 1e-5 * np.abs(logits(tuned)).max()


@pytest.mark.parametrize("key", ["mix:tuned*0.5,run:wide*0.25", "mix:tuned@2,run:a@now*-1+few_shot"])
def test_the_key_of_a_mix_comes_back(key: str) -> None:
    found = contestant_of(key)
    assert found.key == key
    assert Contestant.model_validate(found.model_dump()) == found


@pytest.mark.parametrize("key", ["mix:", "mix:tuned", "mix:tuned,base", "mix:tuned,run:a,run:b"])
def test_what_is_no_mix_of_two_is_refused(key: str) -> None:
    with pytest.raises(Unusable):
        contestant_of(key)


def test_weights_of_a_models_own_are_not_mixed(runs: Path) -> None:
    with refused("contestant.not_mixed"):
        opened(runs, "first", "mix:tuned,run:full")


def test_a_mix_says_what_it_is_of(runs: Path) -> None:
    asked = talks((("mix:tuned*0.5,run:wide*0.5", FIRST),))
    events = ChatJob(RunFolder(runs / "first"), asked, SHORT).run_events(ModelCache())
    (begin,) = [event for event in events if isinstance(event, AnswersBegin)]
    assert begin.run == "first, wide"
    assert begin.title == "Tuned, at 0.5 of its strength with wide, at 0.5 of its strength"
