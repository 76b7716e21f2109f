"""Base against tuned on the same questions and the same held-out text, and the verdict in words."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from mlx import nn
from mlx_lm.tokenizer_utils import TokenizerWrapper

from studio.dataset.dataset import Dataset
from studio.dataset.render.render import Renderer, Tokens
from studio.errors import StudioError
from studio.evaluate.golden import Golden
from studio.evaluate.measures import compare_means, compare_rates
from studio.evaluate.scorers.overlap import exact_match, word_overlap
from studio.events import ENOUGH, Evaluated, Event, GoldenAnswer, Log, Measure, Progress
from studio.generate.stream import answers
from studio.train.learner import row_losses
from studio.words import counted

EXACT, OVERLAP = "Exact match", "Word overlap"
VALIDATION, GENERAL = "Validation loss", "General text loss"


def judge(measures: Sequence[Measure]) -> tuple[str, str]:
    """(headline, sentence) for a comparison: better, worse, no clear difference, or too few to tell."""
    by_name = {measure.name: measure for measure in measures}
    return _headline(by_name), " ".join(_sentence(measure) for measure in measures if measure.name != OVERLAP)


def _headline(by_name: dict[str, Measure]) -> str:
    deciding = [by_name[n] for n in (EXACT, OVERLAP, VALIDATION) if n in by_name]
    clear = next((m for m in deciding if m.verdict in ("better", "worse")), None)
    if clear is None:
        few = any(m.verdict == "too few" for m in deciding)
        return "Too few to tell" if few else "No clear difference"
    word = "Better" if clear.verdict == "better" else "Worse"
    general = by_name.get(GENERAL)
    cost = ", at some cost" if word == "Better" and general and general.verdict == "worse" else ""
    if clear.name == EXACT:
        right = round(clear.tuned * clear.count)
        was = round(clear.base * clear.count)
        return f"{word}{cost}: {right} of {clear.count} right, {'up' if right > was else 'down'} from {was}"
    return f"{word}{cost}: {clear.name.lower()} {_value(clear, clear.base)} → {_value(clear, clear.tuned)}"


def _sentence(measure: Measure) -> str:
    both = f"{_value(measure, measure.base)} and {_value(measure, measure.tuned)}"
    few = f"{both}, only {counted(measure.count, 'example')}"
    if measure.verdict == "unclear":
        return f"{measure.name}: no clear difference ({few if measure.count < ENOUGH else both})."
    if measure.verdict == "too few":
        return f"{measure.name}: too few to tell ({few}; it takes {ENOUGH} or more)."
    moved = "rose" if measure.difference > 0 else "fell"
    return (
        f"{measure.name} {moved} from {_value(measure, measure.base)} to {_value(measure, measure.tuned)} "
        f"({_range(measure)} at 95 %)."
    )


def _value(measure: Measure, value: float) -> str:
    return f"{value:.0%}".replace("%", " %") if measure.unit == "share" else f"{value:.2f}"


def _range(measure: Measure) -> str:
    if measure.unit == "share":
        return f"{100 * measure.low:+.0f} to {100 * measure.high:+.0f} points"
    return f"{measure.low:+.2f} to {measure.high:+.2f}"


BATCH_TOKENS = 512
"""Tokens read at once for a loss: their logits over a vocabulary of 150,000 take 0.3 GB, and a stop waits for
no more than one such micro-batch.
"""


@dataclass(frozen=True)
class ComparedModels:
    """The two models of a comparison; they share a tokenizer and, underneath, one copy of the weights."""

    base: nn.Module
    tuned: nn.Module
    tokenizer: TokenizerWrapper
    name: str = ""  # of the base in words, where it could be another


def compare(
    run: str,
    pair: ComparedModels,
    renderer: Renderer,
    data: Dataset,
    golden: Golden,
    general: Sequence[Tokens],
) -> Generator[Event, None, None]:
    """Answer, measure, judge. Yields Progress and GoldenAnswer events, and Evaluated at the end.

    Raises StudioError when there is nothing to compare on.
    """
    began = time.perf_counter()
    measures: list[Measure] = []
    results: list[GoldenAnswer] = []
    if golden.items:
        results = yield from _golden(pair, renderer, golden)
        measures += _answer_measures(results)
    for name, rows in ((VALIDATION, [example.tokens for example in data.validation]), (GENERAL, general)):
        if rows:
            measures.append((yield from _loss(name, pair, rows)))
    if not measures:
        raise StudioError("compare.nothing")
    headline, verdict = judge(measures)
    yield Evaluated(
        run=run,
        golden=golden.description,
        headline=headline,
        verdict=verdict,
        measures=tuple(measures),
        fixed=sum(r.tuned_right and not r.base_right for r in results),
        broken=sum(r.base_right and not r.tuned_right for r in results),
        both_right=sum(r.base_right and r.tuned_right for r in results),
        both_wrong=sum(not r.base_right and not r.tuned_right for r in results),
        seconds=time.perf_counter() - began,
        base=pair.name,
    )


def _golden(
    pair: ComparedModels, renderer: Renderer, golden: Golden
) -> Generator[Event, None, list[GoldenAnswer]]:
    """Ask both models everything; report each answer when both have given theirs."""
    prompts = [renderer.prompt_ids(item.turns, item.tools) for item in golden.items]
    longest = max(len(pair.tokenizer.encode(item.ideal, add_special_tokens=False)) for item in golden.items)
    limit = min(512, 2 * longest + 8)  # enough for any ideal answer; a base model may never stop by itself
    if warning := renderer.remark(prompts, limit):
        yield Log(warning, "warning")
    base: dict[int, str] = {}
    results: list[GoldenAnswer] = []
    total = 2 * len(prompts)
    for answered in answers(pair.base, pair.tokenizer, prompts, limit, renderer.stops):
        if answered:
            base[answered[0]] = answered[1]
        yield Progress("Asking the base model", len(base), total)
    for answered in answers(pair.tuned, pair.tokenizer, prompts, limit, renderer.stops):
        if answered:
            index, text = answered
            item = golden.items[index]
            right = exact_match(base[index], item.ideal), exact_match(text, item.ideal)
            results.append(GoldenAnswer(index, item.prompt, item.ideal, base[index], text, *right))
            yield results[-1]
        yield Progress("Asking the tuned model", len(base) + len(results), total)
    return sorted(results, key=lambda result: result.index)


def _answer_measures(results: Sequence[GoldenAnswer]) -> list[Measure]:
    overlaps = [(word_overlap(r.base, r.ideal), word_overlap(r.tuned, r.ideal)) for r in results]
    return [
        compare_means(EXACT, [float(r.base_right) for r in results], [float(r.tuned_right) for r in results]),
        compare_means(OVERLAP, [b for b, _ in overlaps], [t for _, t in overlaps]),
    ]


def _loss(name: str, pair: ComparedModels, rows: Sequence[Tokens]) -> Generator[Event, None, Measure]:
    """Loss per trained token of both models on the same rows."""
    sums: list[list[float]] = [[], []]
    weights: list[float] = []
    what, done = f"Measuring {name.lower()} of base and tuned", 0
    for part in _batches(rows):
        weights += [float(sum(t.trained[1:])) for t in part]
        for side, model in enumerate((pair.base, pair.tuned)):
            yield Progress(what, done, 2 * len(rows))
            losses = row_losses(model, part)
            sums[side] += [float(x) for x in np.array(losses)]
            done += len(part)
    yield Progress(what, done, 2 * len(rows))
    return compare_rates(name, sums[0], sums[1], weights)


def _batches(rows: Sequence[Tokens]) -> Iterator[list[Tokens]]:
    """All rows, those of like length together, as many at once as BATCH_TOKENS allows."""
    part: list[Tokens] = []
    for row in sorted(rows, key=lambda tokens: len(tokens.ids)):
        if part and (len(part) + 1) * len(row.ids) > BATCH_TOKENS:
            yield part
            part = []
        part.append(row)
    yield part
