"""Contestants are plain values with a key that stays."""

from __future__ import annotations

import pytest

from studio.generate.contestant import Approach, Contestant, contestant_of
from tests.conftest import refused

KEYS = {
    "base": Contestant(),
    "parent": Contestant(kind="parent"),
    "tuned": Contestant(kind="tuned"),
    "tuned@500": Contestant(kind="tuned", step=500),
    "tuned*0.5": Contestant(kind="tuned", strength=0.5),
    "tuned@500*-1": Contestant(kind="tuned", step=500, strength=-1),
    "run:first-2": Contestant(kind="run", run="first-2"),
    "run:first@40*1.5": Contestant(kind="run", run="first", step=40, strength=1.5),
    "model:/models/a*b@3+c": Contestant(kind="model", model="/models/a*b@3+c"),
    "server:http://127.0.0.1:8080/v1#qwen": Contestant(
        kind="server", server="http://127.0.0.1:8080/v1", model="qwen"
    ),
    "tuned+few_shot": Contestant(kind="tuned", approach=Approach(name="few_shot")),
}


@pytest.mark.parametrize(("key", "contestant"), KEYS.items())
def test_a_contestant_and_its_key_lead_to_each_other(key: str, contestant: Contestant) -> None:
    assert contestant.key == key
    assert contestant_of(key) == contestant
    assert Contestant.model_validate_json(contestant.model_dump_json()) == contestant


@pytest.mark.parametrize("key", ["", "Tuned", "run:", "base*0.5", "parent@3", "tuned@", "run", "model:"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with refused("contestant.unknown", key=key):
        contestant_of(key)


def test_titles_are_for_people() -> None:
    assert contestant_of("tuned@1500*0.5").title == "Tuned, step 1,500, at 0.5 of its strength"
    assert contestant_of("model:/models/qwen3-8b").title == "qwen3-8b"
    shots = Approach(name="few_shot", shots=(("2 + 2?", "4"),))
    assert Contestant(approach=shots).title == "Base, few shot"
