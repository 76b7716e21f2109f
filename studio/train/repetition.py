"""Whether sample answers have collapsed: repeating themselves, or one answer for everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from studio.train.curves import Curves

NGRAM = 4
FEWEST = 20
"""Shorter answers repeat nothing that could be told from speech."""
REPEATED = 0.5
"""Prose repeats under a tenth of its runs of four words, lists and code a quarter; a loop nearly all."""
LONGEST_WORD = 15
"""Texts with longer words on average are written without spaces, and are read letter by letter."""
SAME_PROMPTS = 3
SAME_WORDS = 5
"""A short answer may well be the same for many prompts, as the labels of a classification are."""
ANSWERS = 2
"""One answer that repeats itself may be the prompt's doing."""


def repetition(curves: Curves) -> str | None:
    """Half of the latest sample answers repeat themselves or each other, and more than before training."""
    asked = sorted(curves.sampled)
    if not asked:
        return None
    latest = curves.sampled[asked[-1]]
    before = curves.sampled[asked[0]] if len(asked) > 1 else {}
    return _same(asked[-1], latest, before) or _loops(curves, asked, before)


def repeated_share(text: str) -> float:
    """The share of a text's runs of four words that it has said before; 0 for a short text."""
    words = text.split()
    units = words if len(words) * LONGEST_WORD >= len(text) else list(text)
    runs = [tuple(units[i : i + NGRAM]) for i in range(len(units) - NGRAM + 1)]
    return 1 - len(set(runs)) / len(runs) if len(units) >= FEWEST else 0.0


def _loops(curves: Curves, asked: list[int], before: Mapping[str, str]) -> str | None:
    latest = curves.sampled[asked[-1]]
    loops = {prompt: answer for prompt, answer in latest.items() if repeated_share(answer) > REPEATED}
    earlier = curves.sampled[asked[-2]] if len(asked) > 1 else {}
    seen = len(loops) + sum(repeated_share(answer) > REPEATED for answer in earlier.values())
    if 2 * len(loops) < max(1, len(latest)) or seen < ANSWERS:
        return None
    if before and 2 * sum(repeated_share(answer) > REPEATED for answer in before.values()) >= len(before):
        return None  # the model did so before it was trained
    prompt, answer = max(loops.items(), key=lambda item: repeated_share(item[1]))
    return (
        f"{len(loops)} of {len(latest)} sample answers at step {asked[-1]} repeat themselves: "
        f"{100 * repeated_share(answer):.0f} % of the answer to “{_short(prompt)}” was said before."
    )


def _same(step: int, latest: Mapping[str, str], before: Mapping[str, str]) -> str | None:
    answer, count = _commonest(latest)
    if len(latest) < SAME_PROMPTS or 2 * count <= len(latest) or 0 < len(answer.split()) < SAME_WORDS:
        return None
    if before and 2 * _commonest(before)[1] > len(before):
        return None
    told = f"the same answer, “{_short(answer)}”" if answer else "no answer at all"
    return f"{count} of {len(latest)} sample prompts get {told}, at step {step}."


def _commonest(answers: Mapping[str, str]) -> tuple[str, int]:
    counted = Counter(" ".join(answer.split()) for answer in answers.values()).most_common(1)
    return counted[0] if counted else ("", 0)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39].rstrip() + "…"
