"""Answers of base and tuned to the same prompts: in one batch, against mlx-lm's own batches run twice."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figure import Figure

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant
    from studio.runs.folder import RunFolder

PROMPTS, LIMIT, ROUNDS, STEPS = 96, 64, 5, 120
FASTER, MEMORY = 1.3, 1.1
IN_FLIGHT = 32
"""Rows that are answered at once, by both; it is mlx-lm's default."""

type Prompts = list[tuple[int, ...]]
type Ids = list[tuple[int, ...]]


@dataclass(frozen=True)
class Round:
    """What one pass over all prompts took: seconds, bytes beside the weights; and the answers, in order."""

    seconds: float
    memory: int
    answers: Ids


def measure() -> list[Figure]:
    """A short run of the starter is asked its own prompts: rounds of both in turn, after one to warm up."""
    from studio.models.cache import ModelCache
    from studio.paths import resource

    with tempfile.TemporaryDirectory() as folder:
        run = trained(Path(folder))
        contestants = _opened(run, ModelCache())
        prompts = _prompts(contestants[0], resource("starter/instructions.jsonl"))
        peer = _Peer(resource("starter/model"), run.adapter)
        rounds = [(peer.answer(prompts), _ours(contestants, prompts)) for _ in range(ROUNDS + 1)][1:]
    stops = contestants[0].renderer.stops
    same = sum(
        _shown(one, stops) == _shown(other, stops)
        for theirs, ours in rounds[-1:]
        for one, other in zip(theirs.answers, ours.answers, strict=True)
    )
    count = 2 * len(prompts)
    ratio = statistics.median(theirs.seconds / ours.seconds for theirs, ours in rounds)
    rates = [count / statistics.median(each.seconds for each in side) for side in zip(*rounds, strict=True)]
    used = [max(each.memory for each in side) for side in zip(*rounds, strict=True)]
    return [
        Figure(
            "answers per second of base and tuned, by mlx-lm's batches run twice",
            f"{ratio:.2f} x ({rates[1]:.0f} against {rates[0]:.0f}; {same} of {count} answers the same)",
            f"at least {FASTER} x",
            ratio >= FASTER,
        ),
        Figure(
            f"memory for {IN_FLIGHT} rows in flight, by mlx-lm's",
            f"{used[1] / used[0]:.2f} x ({used[1] / 1e6:.0f} MB against {used[0] / 1e6:.0f})",
            f"at most {MEMORY} x",
            used[1] <= MEMORY * used[0],
        ),
    ]


def trained(folder: Path) -> RunFolder:
    from studio.events import RunOpened
    from studio.jobs.train import TrainJob
    from studio.models.cache import ModelCache
    from studio.paths import resource
    from studio.recipe.recipe import Recipe
    from studio.runs.folder import RunFolder

    values = {
        "model": str(resource("starter/model")),
        "data.path": str(resource("starter/instructions.jsonl")),
        "loop.steps": STEPS,
        "watch.forgetting": False,
    }
    events = TrainJob(Recipe().with_values(values), folder).run_events(ModelCache())
    return RunFolder(Path(next(e.folder for e in list(events) if isinstance(e, RunOpened))))


def _opened(run: RunFolder, cache: object) -> tuple[OpenContestant, ...]:
    from studio.events import finished
    from studio.generate.contestant import contestant_of
    from studio.jobs.contestants import open_contestants

    return finished(open_contestants(run, [contestant_of("base"), contestant_of("tuned")], cache))


def _prompts(contestant: OpenContestant, file: Path) -> Prompts:
    from studio.dataset.record import Message

    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[:PROMPTS]]
    render = contestant.renderer.prompt_ids
    return [tuple(render((Message("user", row["instruction"]),))) for row in rows]


def _ours(contestants: tuple[OpenContestant, ...], prompts: Prompts) -> Round:
    """Both in one batch, made ready anew each time."""
    import mlx.core as mx

    from studio.generate.batch import AskedPrompt, batch_answers
    from studio.generate.parties import Contest
    from studio.generate.sampling import GREEDY

    before = _begin()
    began = time.perf_counter()
    asked = [AskedPrompt(each.key, prompt) for each in contestants for prompt in prompts]
    limited = GREEDY.model_copy(update={"max_tokens": LIMIT})
    work = batch_answers(Contest(contestants), asked, limited, in_flight=IN_FLIGHT)
    found = dict(each for each in work if each)
    seconds = time.perf_counter() - began
    return Round(seconds, mx.get_peak_memory() - before, [found[n].ids for n in range(len(asked))])


class _Peer:
    """mlx-lm with its own loader, layers and settings: base, then base with the adapter."""

    def __init__(self, model: Path, adapter: Path) -> None:
        from mlx_lm.utils import load

        self._models = [load(str(model), adapter_path=path) for path in (None, str(adapter))]

    def answer(self, prompts: Prompts) -> Round:
        """All prompts by one, then by the other; compiled where mlx-lm compiles."""
        import mlx.core as mx
        from mlx_lm.generate import batch_generate

        before = _begin()
        mx.enable_compile()
        began = time.perf_counter()
        answers: Ids = []
        for model, tokenizer in self._models:
            rows = [list(prompt) for prompt in prompts]
            found = batch_generate(model, tokenizer, rows, max_tokens=LIMIT, return_token_ids=True)
            answers += [tuple(ids) for ids in found.token_ids]
        seconds = time.perf_counter() - began
        mx.disable_compile()
        return Round(seconds, mx.get_peak_memory() - before, answers)


def _begin() -> int:
    """Forget what was before; the bytes that are in use."""
    import mlx.core as mx

    mx.clear_cache()
    mx.reset_peak_memory()
    return mx.get_active_memory()


def _shown(ids: tuple[int, ...], stops: frozenset[int]) -> tuple[int, ...]:
    return tuple(token for token in ids if token not in stops)
