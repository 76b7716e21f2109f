"""All measures, in the order of the table; what is measured, shown and reported is decided here."""

from __future__ import annotations

from collections.abc import Collection

from studio.catalogue import listed, worded
from studio.errors import RecipeError
from studio.evaluate.measure import Measure
from studio.evaluate.measures import (
    adapter_strength,
    approaches,
    attention_change,
    benchmarks,
    calibration,
    capabilities,
    failures,
    general_text,
    golden_answers,
    golden_meaning,
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
    training_overlap,
)
from studio.evaluate.options import EvaluationOptions
from studio.language import tr

MEASURES: tuple[Measure, ...] = (
    *golden_answers.MEASURES,
    *golden_meaning.MEASURES,
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
    *benchmarks.MEASURES,
    *knowledge.MEASURES,
    *approaches.MEASURES,
    *failures.MEASURES,
    *training_overlap.MEASURES,
)

BY_KEY = {measure.key: measure for measure in MEASURES}

GROUPS = {
    "answers": tr("Answers"),
    "loss": tr("Held-out text"),
    "instructions": tr("Following instructions"),
    "judge": tr("Judge"),
    "benchmarks": tr("Benchmarks"),
    "kept": tr("Capabilities kept"),
    "epistemics": tr("Knowing what it knows"),
    "failures": tr("Failures"),
    "approaches": tr("Other approaches"),
    "inside": tr("Inside the model"),
}
"""The headings of the table, in order."""


def title_of(measure: str, part: str = "") -> str:
    """What a score is called: its measure's title, with the part that it is about."""
    title = BY_KEY[measure].title if measure in BY_KEY else measure
    return f"{title}: {worded(part)}" if part else title


def chosen(options: EvaluationOptions, also: Collection[str] = ()) -> tuple[Measure, ...]:
    """The measures of a suite and `also` these, or those asked for.

    Raises RecipeError for a key that there is not.
    """
    if not options.measures:
        named = {*also, *({benchmarks.KEY} if options.tasks else ())}
        return tuple(each for each in MEASURES if options.suite in each.suites or each.key in named)
    if unknown := [key for key in options.measures if key not in BY_KEY]:
        raise RecipeError("evaluation.no_measure", name=unknown[0], measures=listed(list(BY_KEY)))
    return tuple(measure for measure in MEASURES if measure.key in options.measures)


def primary_of(options: EvaluationOptions, *, golden: bool, checks: bool = False) -> str:
    """The measure that the headline is about: the one asked for, else answers, else the held-out loss.

    Answers count by the `checks` that their rows or a person ask for, where there are such.

    Raises RecipeError for one that cannot be.
    """
    if not options.primary:
        if golden and checks:
            return golden_answers.CHECKS_KEY
        return golden_answers.EXACT_KEY if golden else "validation_loss"
    if options.primary not in BY_KEY or not BY_KEY[options.primary].primary:
        able = [measure.key for measure in MEASURES if measure.primary]
        raise RecipeError("evaluation.no_primary", name=options.primary, measures=listed(able))
    return options.primary
