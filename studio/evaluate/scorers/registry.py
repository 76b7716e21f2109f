"""All scorers, in the order in which they are listed, and how one is found by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from studio.catalogue import Unusable
from studio.evaluate.scorers.numbers import NUMERIC, numbers_in
from studio.evaluate.scorers.patterns import REGEX
from studio.evaluate.scorers.scorer import Scorer, words
from studio.evaluate.scorers.sequences import BLEU, CHRF, ROUGE_L
from studio.evaluate.scorers.structured import JSON, JSON_SCHEMA, is_json
from studio.evaluate.scorers.texts import CONTAINS, EXACT, NORMALIZED, OVERLAP, SIMILARITY
from studio.evaluate.scorers.tool_calls import TOOL_CALL
from studio.generate.calls import calls_of

SCORERS: Sequence[Scorer] = (
    NORMALIZED,
    OVERLAP,
    EXACT,
    CONTAINS,
    ROUGE_L,
    CHRF,
    BLEU,
    SIMILARITY,
    NUMERIC,
    JSON,
    JSON_SCHEMA,
    REGEX,
    TOOL_CALL,
)

_BY_NAME: Mapping[str, Scorer] = {name: scorer for scorer in SCORERS for name in (scorer.key, *scorer.names)}

_NUMBER_WORDS = 3

NOT = "not_"
"""What stands before the name of a scorer whose finding is turned around."""


def scorer_named(name: str) -> tuple[Scorer, bool]:
    """The scorer of this key or other name, and whether its finding is turned around: "not-contains".

    Raises Unusable for a name that no scorer has.
    """
    wanted = name.strip().lower().replace("-", "_")
    turned = wanted.startswith(NOT)
    if scorer := _BY_NAME.get(wanted.removeprefix(NOT)):
        return scorer, turned
    names = [scorer.key for scorer in SCORERS]
    near = get_close_matches(wanted.removeprefix(NOT), names, 1)
    if near:
        raise Unusable("scorer.near_name", name=name, near=near[0])
    raise Unusable("scorer.no_name", name=name, names=", ".join(names))


def fitting(ideal: str) -> Sequence[Scorer]:
    """The scorers that say something where only an ideal answer is given.

    Those for JSON and for calls of tools need an ideal answer that is some; that for numbers one which
    holds a number and no more than a unit beside it.
    """
    kinds = {
        JSON.key: is_json(ideal) and ideal.strip()[:1] in ("{", "["),
        TOOL_CALL.key: bool(calls_of(ideal)),
        NUMERIC.key: len(numbers_in(ideal)) == 1 and len(words(ideal)) <= _NUMBER_WORDS,
    }
    return [each for each in SCORERS if not each.needs_value and kinds.get(each.key, True)]
