"""All measures, in the order of the table; what is measured, shown and reported is decided here."""

from __future__ import annotations

from studio.catalogue import listed
from studio.errors import RecipeError
from studio.evaluate.measure import Measure
from studio.evaluate.measures import (
    adapter_strength,
    attention_change,
    benchmarks,
    calibration,
    capabilities,
    general_text,
    golden_answers,
    held_out_loss,
    instructions,
    judge_pairs,
    judge_rubrics,
    knowing,
    knowledge,
    pushed_words,
    refusals,
    state_change,
    task_divergence,
    trade_off,
)
from studio.evaluate.options import EvaluationOptions

MEASURES: tuple[Measure, ...] = (
    *golden_answers.MEASURES,
    *held_out_loss.MEASURES,
    *instructions.MEASURES,
    *judge_pairs.MEASURES,
    *judge_rubrics.MEASURES,
    *general_text.MEASURES,
    *capabilities.MEASURES,
    *task_divergence.MEASURES,
    *trade_off.MEASURES,
    *calibration.MEASURES,
    *knowing.MEASURES,
    *refusals.MEASURES,
    *adapter_strength.MEASURES,
    *attention_change.MEASURES,
    *state_change.MEASURES,
    *pushed_words.MEASURES,
    *calibration.MEASURES,
    *knowing.MEASURES,
    *refusals.MEASURES,
    *benchmarks.MEASURES,
    *knowledge.MEASURES,
)

BY_KEY = {measure.key: measure for measure in MEASURES}

GROUPS = {
    "answers": "Answers",
    "loss": "Held-out text",
    "instructions": "Following instructions",
    "judge": "Judge",
    "benchmarks": "Benchmarks",
    "kept": "Capabilities kept",
    "epistemics": "Knowing what it knows",
    "failures": "Failures",
    "approaches": "Other approaches",
    "inside": "Inside the model",
}
"""The headings of the table, in order."""


def chosen(options: EvaluationOptions) -> tuple[Measure, ...]:
    """The measures of a suite, or those asked for. Raises RecipeError for a key that there is not."""
    if not options.measures:
        named = {benchmarks.KEY} if options.tasks else set()
        return tuple(each for each in MEASURES if options.suite in each.suites or each.key in named)
    if unknown := [key for key in options.measures if key not in BY_KEY]:
        raise RecipeError("evaluation.no_measure", name=unknown[0], measures=listed(list(BY_KEY)))
    return tuple(measure for measure in MEASURES if measure.key in options.measures)


def primary_of(options: EvaluationOptions, *, golden: bool) -> str:
    """The measure that the headline is about: the one asked for, else answers, else the held-out loss.

    Raises RecipeError for one that cannot be.
    """
    if not options.primary:
        return "golden_exact" if golden else "validation_loss"
    if options.primary not in BY_KEY or not BY_KEY[options.primary].primary:
        able = [measure.key for measure in MEASURES if measure.primary]
        raise RecipeError("evaluation.no_primary", name=options.primary, measures=listed(able))
    return options.primary
