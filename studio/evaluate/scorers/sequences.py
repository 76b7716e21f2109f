"""Answers against texts by what runs through both: ROUGE-L, chrF and BLEU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from studio.catalogue import Unusable
from studio.evaluate.scorers.overlap import UNSPACED
from studio.evaluate.scorers.scorer import SCORE, Grade, Scorer, against_texts, folded, texts_of, words
from studio.language import tr

_TOKENIZERS = ("13a", "intl", "char", "zh", "none")


def rouge_l(answer: str, wanted: str) -> float:
    """The F1 of the longest common subsequence of words (Lin, 2004), as `rouge-score` gives it unstemmed."""
    given, ideal = words(answer), words(wanted)
    if not given or not ideal:
        return float(folded(answer) == folded(wanted))
    common = common_subsequence(given, ideal)
    return 2 * common / (len(given) + len(ideal))


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, a row of the table at a time in one whole number.

    Source: Hyyrö, "Bit-parallel LCS-length computation revisited" (2004).
    """
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    everything = (1 << len(one)) - 1
    row = everything
    for word in other:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & everything
    return len(one) - row.bit_count()


def chrf(answer: str, wanted: str) -> float:
    """chrF of characters up to six, recall counting twice (Popović, 2015), from 0 to 1."""
    if not answer.strip() or not wanted.strip():
        return float(answer.strip() == wanted.strip())
    return min(float(_chrf().sentence_score(answer, [wanted]).score) / 100, 1.0)


def _prepare_bleu(value: Any, options: Mapping[str, Any]) -> Grade:
    """BLEU against all the texts at once; those in a script without spaces are taken by character."""
    wanted = list(texts_of(value))
    unspaced = any(UNSPACED.search(text) for text in wanted)
    tokenizer = options.get("tokenize", "char" if unspaced else "13a")
    if tokenizer not in _TOKENIZERS:
        raise Unusable("scorer.no_choice", name="tokenize", choices=", ".join(_TOKENIZERS))
    return lambda answer: min(float(_bleu(tokenizer).sentence_score(answer, wanted).score) / 100, 1.0)


def signatures() -> dict[str, str]:
    """How chrF and BLEU were computed, in the words that publications print beside them, by scorer."""
    chrf("a", "a")
    _bleu("13a").sentence_score("a", ["a"])  # what a signature says is known after a first score
    return {
        CHRF.key: str(_chrf().get_signature()),
        BLEU.key: str(_bleu("13a").get_signature()),
    }


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF as Metric

    return Metric()


@cache
def _bleu(tokenizer: str) -> Any:
    """For sentences: only the orders of n-grams count that an answer is long enough for."""
    from sacrebleu.metrics.bleu import BLEU as Metric

    return Metric(tokenize=tokenizer, effective_order=True)


ROUGE_L = Scorer(
    "rouge_l",
    "ROUGE-L",
    tr("The longest run of words, gaps allowed, that the answer shares with the ideal one, as an F1."),
    SCORE,
    against_texts(rouge_l),
    passes=0.5,
    names=("rouge",),
)
CHRF = Scorer(
    "chrf",
    "chrF",
    tr("Runs of up to six characters that the answer shares with the ideal one; good for any language."),
    SCORE,
    against_texts(chrf),
    passes=0.5,
)
BLEU = Scorer(
    "bleu",
    "BLEU",
    tr("Runs of up to four words that the answer shares with the ideal one, as translations are scored."),
    SCORE,
    _prepare_bleu,
    passes=0.5,
    options=("tokenize",),
)
