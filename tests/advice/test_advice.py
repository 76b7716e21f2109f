"""Advice: each symptom is seen in curves that have it, and in no curve that is merely noisy."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.advice.advice import KINDS, Adviser, advise, repeated_share
from studio.catalogue import Phrase, phrase
from studio.events import (
    Advice,
    Ended,
    Event,
    Log,
    Prepared,
    Probed,
    Rewards,
    Sampled,
    Skipped,
    Step,
    Validated,
)
from studio.recipe.recipe import find_field

SEEDS = range(25)
Curve = Callable[[float], float]  # a value by the share of the run that has passed


def run_of(
    train: Curve,
    validation: Curve | None = None,
    probe: Curve | None = None,
    *,
    seed: int = 0,
    steps: int = 300,
    noise: float = 0.1,
    validations: int = 10,
    until: float = 1.0,
) -> list[Event]:
    """A run's events: batches differ by `noise` (a share of the loss), validations by 0.4 percent."""
    draw = random.Random(seed)
    events: list[Event] = []
    every = max(1, steps // validations)

    def measure(step: int) -> Iterator[Event]:
        at = step / steps
        if validation:
            loss = validation(at) * (1 + draw.gauss(0, 0.004))
            yield Validated(step, loss, math.exp(min(loss, 50)), 1000, False)
        if probe:
            yield Probed(step, probe(at) * (1 + draw.gauss(0, 0.003)), 1000)

    events += measure(0)
    for step in range(1, int(steps * until) + 1):
        at = step / steps
        loss = train(at) * (1 + draw.gauss(0, noise))
        events.append(step_of(step, steps, loss, 1.5 * draw.lognormvariate(0, 0.4), epoch=3 * at))
        if step % every == 0:
            events += measure(step)
    return events


def step_of(step: int, steps: int, loss: float, norm: float = 1.0, epoch: float = 1.0) -> Step:
    at = step / steps
    rate = 2e-4 * min(at / 0.05, 0.5 * (1 + math.cos(math.pi * at)))
    return Step(step, steps, epoch, loss, rate, norm, 500, 1000.0, 10, 10, 10, 1.0, 1.0)


def names(events: list[Event]) -> set[str]:
    return {advice.name for advice in advise(events)}


def falls(start: float, end: float, speed: float = 8.0) -> Curve:
    return lambda at: end + (start - end) * math.exp(-speed * at)


def power_law(start: float, end: float) -> Curve:
    """How fine-tuning mostly looks: steep, then ever slower, never quite flat."""
    return lambda at: end + (start - end) * (1 + 40 * at) ** -0.5


def stairs(at: float) -> float:
    """Three epochs over few examples: the training loss steps down at the start of each."""
    return (1.9, 1.35, 0.85)[min(2, int(3 * at))]


FLAT_PROBE = falls(3.0, 3.05)

HEALTHY = {
    "exponential": lambda seed: run_of(falls(2.4, 1.3), falls(2.4, 1.4), FLAT_PROBE, seed=seed),
    "power law": lambda seed: run_of(power_law(2.4, 1.0), power_law(2.4, 1.1), FLAT_PROBE, seed=seed),
    "tiny batches": lambda seed: run_of(power_law(2.4, 1.0), power_law(2.4, 1.1), seed=seed, noise=0.35),
    "short": lambda seed: run_of(falls(2.4, 1.3), falls(2.4, 1.4), seed=seed, steps=20),
    "nothing held out": lambda seed: run_of(power_law(2.4, 1.0), seed=seed, noise=0.2),
    "to nearly zero": lambda seed: run_of(falls(4.0, 0.01), falls(4.0, 0.012), seed=seed),
    "a plateau of validation": lambda seed: run_of(
        power_law(2.2, 0.9), falls(2.2, 1.5, 20), FLAT_PROBE, seed=seed, validations=25
    ),
    "known data": lambda seed: run_of(lambda at: 0.05, lambda at: 0.05, seed=seed),
    "preference": lambda seed: run_of(falls(0.693, 0.35), falls(0.693, 0.45), seed=seed),
    "long": lambda seed: run_of(power_law(2.4, 1.0), power_law(2.4, 1.1), seed=seed, steps=3000),
    "cut off by hand": lambda seed: run_of(falls(2.4, 1.2, 4), falls(2.4, 1.3, 4), seed=seed, until=0.4),
    "just begun": lambda seed: run_of(lambda at: 2.4, lambda at: 2.4, seed=seed, until=0.1),
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_run_hears_nothing(kind: str) -> None:
    assert [advise(HEALTHY[kind](seed)) for seed in SEEDS] == [()] * len(SEEDS)


def rising(start: float, low: float, end: float, turn: float = 0.35) -> Curve:
    """Falls to `low` at the turn, and rises to `end`."""
    return lambda at: (
        low + (start - low) * (1 - at / turn) ** 2
        if at < turn
        else low + (end - low) * (at - turn) / (1 - turn)
    )


def spiking(seed: int) -> list[Event]:
    """Every 40 steps after warmup the gradient explodes, and the loss with it for three steps."""
    events = run_of(falls(2.4, 1.6), falls(2.4, 1.7), seed=seed)
    return [
        step_of(e.step, e.steps, 2 * e.loss, 25 * e.gradient_norm)
        if isinstance(e, Step) and e.step > 40 and e.step % 40 < 3
        else e
        for e in events
    ]


def swinging(seed: int) -> list[Event]:
    swing = {0: 2.4}
    return run_of(
        falls(2.4, 1.8), lambda at: swing.get(at) or (1.7 if round(at * 10) % 2 else 2.1), seed=seed
    )


SICK = {
    "overfitting": lambda seed: run_of(stairs, rising(2.0, 1.5, 2.1), FLAT_PROBE, seed=seed),
    "overfitting, tiny batches": lambda seed: run_of(
        falls(2.2, 0.3, 3), rising(2.2, 1.6, 2.4), seed=seed, noise=0.35
    ),
    "underfitting, hardly fell": lambda seed: run_of(
        lambda at: 2.4 - 0.09 * at, lambda at: 2.4 - 0.09 * at, seed=seed, steps=1500, noise=0.05
    ),
    "underfitting, still falling": lambda seed: run_of(
        lambda at: 2.6 - 1.3 * at, lambda at: 2.6 - 1.2 * at, seed=seed
    ),
    "forgetting": lambda seed: run_of(
        power_law(2.4, 1.0), power_law(2.4, 1.1), lambda at: 3 + 0.8 * at, seed=seed
    ),
    "divergence": lambda seed: run_of(
        lambda at: 2.4 - at if at < 0.4 else 2.0 + 9 * (at - 0.4), rising(2.4, 2.0, 6.0), seed=seed, until=0.9
    ),
    "divergence, within the first steps": lambda seed: run_of(
        lambda at: min(1.6 + 170 * at, 5.0 - 0.6 * at),
        lambda at: 1.6 if at == 0 else 5.0 - 0.6 * at,
        seed=seed,
        steps=60,
    ),
    "divergence, nothing held out": lambda seed: run_of(
        lambda at: min(1.6 + 85 * at, 5.0 - 0.6 * at), seed=seed, steps=100, noise=0.05
    ),
    "rate too high, spikes": spiking,
    "rate too high, swings": swinging,
    "rate too high, climbs": lambda seed: run_of(rising(2.4, 1.4, 1.9, 0.1), seed=seed),
    "rate too low": lambda seed: run_of(
        lambda at: 2.4 - 0.01 * at, lambda at: 2.4 - 0.01 * at, seed=seed, steps=600, noise=0.05
    ),
}


@pytest.mark.parametrize("kind", SICK)
def test_a_sick_run_hears_what_it_has_and_nothing_else(kind: str) -> None:
    assert [names(SICK[kind](seed)) for seed in SEEDS] == [{kind.partition(",")[0]}] * len(SEEDS)


def test_the_evidence_holds_the_figures_of_the_events() -> None:
    events = run_of(stairs, rising(2.0, 1.5, 2.1), noise=0.0)
    (advice,) = advise(events)
    validated = [e for e in events if isinstance(e, Validated)]
    best = min(validated, key=lambda e: e.loss)
    assert isinstance(advice.evidence, Phrase)
    assert advice.evidence.code == "curve.overfits"
    assert dict(advice.evidence.values) == {
        "lowest": best.loss,
        "best": best.step,
        "now": validated[-1].loss,
        "last": 300,
        "before": pytest.approx(1.9),
        "after": pytest.approx(0.85),
    }
    assert advice.step == 300


def test_overfitting_is_seen_before_the_run_is_over() -> None:
    events = run_of(stairs, rising(2.0, 1.5, 2.1), steps=300)
    adviser = Adviser()
    heard = [(e.step, a.name) for e in events if isinstance(e, Step) for a in adviser.see(e)]
    assert heard == []  # validations were not shown to it
    adviser = Adviser()
    told = [a for e in events for a in adviser.see(e)]
    assert [a.name for a in told] == ["overfitting"]
    assert 150 < told[0].step < 260


def test_every_remedy_names_fields_that_the_recipe_has() -> None:
    for kind in KINDS:
        remedy = str(phrase(kind.remedy))
        named = re.findall(r"\(([a-z_]+\.[a-z_]+)\)", remedy)
        assert named
        for title, path in re.findall(r"([A-Z][\w ]+) \(([a-z_]+\.[a-z_]+)\)", remedy):
            assert title.endswith(find_field(path).title)


@pytest.mark.parametrize("events", [[Skipped(7, "loss", 1), Skipped(8, "loss", 2)]])
def test_skipped_updates_are_divergence_at_once(events: list[Event]) -> None:
    adviser = Adviser()
    assert adviser.see(step_of(6, 100, 2.0)) == ()
    assert adviser.see(events[0]) == ()
    (advice,) = adviser.see(events[1])
    assert advice.name == "divergence"
    assert advice.evidence == phrase("curve.skips", count=2, last=8)
    assert adviser.see(Skipped(9, "loss", 3)) == ()


def test_a_single_skipped_update_is_no_matter() -> None:
    events = run_of(falls(2.4, 1.3), falls(2.4, 1.4))
    assert advise([*events[:100], Skipped(90, "gradient", 1), *events[100:]]) == ()


def test_pairs_told_apart_no_better_than_by_a_coin_are_underfitting() -> None:
    events = run_of(falls(0.72, 0.6), falls(0.72, 0.6))
    reward = Rewards(300, "validation", 0.1, 0.1, 0.0, 0.52, 100)
    assert names([*events, reward]) == {"underfitting"}
    assert names([*events, Rewards(300, "validation", 0.3, 0.1, 0.2, 0.74, 100)]) == set()
    assert names([*events, Rewards(300, "validation", 0.1, 0.1, 0.0, 0.5, 8)]) == set()


PROMPTS = ("What is a star?", "Name a river.", "Tell me of bread.", "Why is the sky blue?")
PROSE = (
    "A star is a ball of hot gas that shines because atoms in its middle are pressed together until they "
    "join and give off light; the nearest one to us is the sun.",
    "The Danube begins in the Black Forest, passes ten countries and four capitals on its way east, and ends "
    "in a wide delta at the Black Sea where pelicans live.",
    "Bread is made of flour, water, salt and yeast. The dough rests for some hours until it has doubled, is "
    "shaped into a loaf, and bakes in a hot oven until it sounds hollow.",
    "Sunlight holds every colour. Air scatters the short blue waves far more than the long red ones, so blue "
    "reaches the eye from all over the sky, whichever way it looks.",
)
LOOP = "The answer is that the answer is " + "the thing and the thing and " * 12


def samples(step: int, answers: tuple[str, ...]) -> list[Event]:
    return [Sampled(step, prompt, answer) for prompt, answer in zip(PROMPTS, answers, strict=False)]


@pytest.mark.parametrize(
    ("answers", "before", "found"),
    [
        (PROSE, PROSE, set()),
        ((LOOP, LOOP + "x", PROSE[0], LOOP), PROSE, {"repetition"}),
        ((LOOP, LOOP + "x", PROSE[0], LOOP), (LOOP,) * 4, set()),  # the base model did it already
        ((LOOP, *PROSE[1:]), PROSE, set()),
        ((PROSE[0],) * 4, PROSE, {"repetition"}),
        (("positive",) * 4, PROSE, set()),  # a classifier
        (("",) * 4, PROSE, {"repetition"}),
        (("永和九年歲在癸丑" * 8,) * 3, PROSE, {"repetition"}),
        ((LOOP,), (PROSE[0],), set()),  # one answer, once
    ],
)
def test_repetition_is_seen_in_samples(
    answers: tuple[str, ...], before: tuple[str, ...], found: set[str]
) -> None:
    events = run_of(falls(2.4, 1.3), falls(2.4, 1.4))
    assert names([*samples(0, before), *events, *samples(300, answers)]) == found


def test_the_only_prompt_must_repeat_itself_twice() -> None:
    events = [*samples(0, PROSE[:1]), *samples(50, (LOOP,))]
    assert advise(events) == ()
    assert names([*events, *samples(100, (LOOP,))]) == {"repetition"}


def test_lists_and_code_repeat_far_less_than_loops() -> None:
    code = "".join(f"def f{n}(x):\n    return x + {n}\n\n" for n in range(10))
    assert repeated_share(code) < 0.4
    assert all(repeated_share(text) < 0.1 for text in PROSE)
    assert repeated_share(LOOP) > 0.8


def test_a_resumed_run_is_read_as_one() -> None:
    """What was done twice counts once; what was advised before is not said again."""
    events = run_of(stairs, rising(2.0, 1.5, 2.1))
    whole = advise(events)
    cut = next(i for i, e in enumerate(events) if isinstance(e, Step) and e.step == 250)
    again = next(i for i, e in enumerate(events) if isinstance(e, Step) and e.step == 201)
    opened = Prepared("m", 1, 2, 3, 4, 5, 300, 1e-3, first_step=201)
    assert advise([*events[:cut], Ended("failed"), opened, *events[again:]]) == whole
    adviser = Adviser()
    adviser.remember([*events[:cut], Advice(240, "overfitting", "", "")])
    assert [a for e in [opened, *events[again:], Ended("done")] for a in adviser.see(e)] == []


def test_only_the_later_half_of_a_run_says_nothing_about_its_start() -> None:
    events = run_of(falls(2.4, 1.3, 20), falls(2.4, 1.3, 20), steps=600)
    half = [e for e in events if not isinstance(e, Prepared) and getattr(e, "step", 0) > 300]
    assert advise(half) == ()


def test_the_end_is_told_of_only_at_the_end() -> None:
    events = SICK["underfitting, still falling"](0)
    adviser = Adviser()
    assert [a for e in events for a in adviser.see(e)] == []
    assert [a.name for a in adviser.at_the_end()] == ["underfitting"]
    assert adviser.see(Ended("done")) == ()


def test_a_stopped_run_is_not_called_underfitted() -> None:
    events = run_of(lambda at: 2.6 - 1.3 * at, lambda at: 2.6 - 1.2 * at, until=0.6)
    assert advise([*events, Ended("stopped")]) == ()


def test_looking_is_cheap_however_often_is_validated() -> None:
    looked = 0

    class Counting(Adviser):
        def _look(self) -> tuple[Advice, ...]:
            nonlocal looked
            looked += 1
            return super()._look()

    adviser = Counting()
    for event in run_of(power_law(2.4, 1.0), power_law(2.4, 1.1), steps=1000, validations=1000):
        adviser.see(event)
    assert 50 <= looked <= 101


numbers = st.floats(allow_nan=True, allow_infinity=True)
counts = st.integers(-5, 400)
anything = st.one_of(
    st.builds(
        Step, counts, counts, numbers, numbers, numbers, numbers, counts, *[numbers] * 0,
        tokens_per_second=numbers, memory_active=counts, memory_peak=counts, memory_process=counts,
        seconds=numbers, seconds_left=numbers,
    ),
    st.builds(Validated, counts, numbers, numbers, counts, st.booleans()),
    st.builds(Rewards, counts, st.sampled_from(["train", "validation"]), *[numbers] * 4, counts),
    st.builds(Probed, counts, numbers, counts),
    st.builds(Sampled, counts, st.sampled_from("abcd"), st.text(max_size=60)),
    st.builds(Skipped, counts, st.text(max_size=5), counts),
    st.builds(Prepared, st.just("m"), *[counts] * 6, learning_rate=numbers, first_step=counts),
    st.builds(Ended, st.sampled_from(["done", "stopped", "failed"])),
    st.just(Log("hello")),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, max_size=150))
def test_no_sequence_of_events_makes_it_raise(events: list[Event]) -> None:
    given_names = [advice.name for advice in advise(events)]
    assert len(given_names) == len(set(given_names))
    adviser = Adviser()
    heard = [a.name for e in events for a in adviser.see(e)] + [a.name for a in adviser.at_the_end()]
    assert len(heard) == len(set(heard))


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(numbers, numbers, numbers, st.integers(0, 9)), min_size=60, max_size=200))
def test_nor_does_any_long_curve(points: list[tuple[float, float, float, int]]) -> None:
    events: list[Event] = []
    for n, (a, b, c, kind) in enumerate(points, 1):
        events.append(step_of(n, len(points), a, b))
        if kind > 7:
            events += [Validated(n, c, c, 1, False), Probed(n, b, 1), Sampled(n, "p", str(a) * kind)]
    advise(events)
