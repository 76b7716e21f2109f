"""The playground: one column against mlx-lm's stream, base with tuned against one after the other."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.figure import Figure
from tests.benchmarks.many_answers import trained

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant
    from studio.generate.sampling import Sampling

TOKENS, ROUNDS = 200, 7
AS_FAST, FASTER = 0.95, 1.3
PROMPT = "Tell me what you know about the animals of the sea and of the forest."

type Pair = tuple[float, float]


def measure() -> list[Figure]:
    """A short run of the starter answers at a length where neither ends early; both sides in turn."""
    from studio.events import finished
    from studio.generate.contestant import contestant_of
    from studio.generate.sampling import GREEDY
    from studio.jobs.contestants import open_contestants
    from studio.models.cache import ModelCache

    with tempfile.TemporaryDirectory() as folder:
        run = trained(Path(folder))
        both = [contestant_of("base"), contestant_of("tuned")]
        contestants = finished(open_contestants(run, both, ModelCache()))
        for each in contestants:
            each.renderer.__dict__["stops"] = frozenset()  # so that all answers are equally long
        sampling = GREEDY.model_copy(update={"max_tokens": TOKENS})
        peers = _peers(run.adapter)
        alone = _in_turn(peers[0], lambda: _rate(contestants[:1], sampling))
        together = _in_turn(lambda: _one_after_another(peers), lambda: _rate(contestants, sampling))
    return [
        _figure("tokens per second of one column, by mlx-lm's stream_generate", alone, AS_FAST),
        _figure("tokens per second of base and tuned together, by two mlx-lm streams", together, FASTER),
    ]


def _figure(name: str, rates: Sequence[Pair], target: float) -> Figure:
    ratio = statistics.median(ours / theirs for theirs, ours in rates)
    theirs, ours = (statistics.median(side) for side in zip(*rates, strict=True))
    text = f"{ratio:.2f} x ({ours:.0f} against {theirs:.0f})"
    return Figure(name, text, f"at least {target} x", ratio >= target)


def _in_turn(theirs: Callable[[], float], ours: Callable[[], float]) -> list[Pair]:
    return [(theirs(), ours()) for _ in range(ROUNDS + 1)][1:]


def _rate(contestants: Sequence[OpenContestant], sampling: Sampling) -> float:
    """Tokens per second of all that answer, from the first one's first token on."""
    from studio.dataset.record import Message
    from studio.events import AnswerEnded
    from studio.generate.parties import Contest
    from studio.generate.talking import asked_talk, talking

    contest = Contest(tuple(contestants))
    asked = [asked_talk(e.key, e, (Message("user", PROMPT),)) for e in contestants]
    assert contest.parties
    began, tokens = 0.0, 0
    for event in talking(contest, asked, sampling):
        began = began or time.perf_counter()
        tokens += event.tokens if isinstance(event, AnswerEnded) else 0
    return tokens / (time.perf_counter() - began)


def _peers(adapter: Path) -> list[Callable[[], float]]:
    from mlx_lm.utils import load

    from studio.paths import resource

    folder = str(resource("starter/model"))
    loaded = [load(folder, adapter_path=path) for path in (None, str(adapter))]
    for _, tokenizer in loaded:
        tokenizer._eos_token_ids = set()
    return [partial(_peer_rate, *each) for each in loaded]


def _peer_rate(model: Any, tokenizer: Any) -> float:
    import mlx.core as mx
    from mlx_lm import stream_generate

    prompt = tokenizer.apply_chat_template([{"role": "user", "content": PROMPT}], add_generation_prompt=True)
    mx.enable_compile()
    began, tokens = 0.0, 0
    for _ in stream_generate(model, tokenizer, prompt, max_tokens=TOKENS):
        began = began or time.perf_counter()
        tokens += 1
    mx.disable_compile()
    return tokens / (time.perf_counter() - began)


def _one_after_another(peers: Sequence[Callable[[], float]]) -> float:
    return 2 / sum(1 / peer() for peer in peers)
