"""Which words tuning pushes, even where nobody asks for them: read from its mark on unrelated text."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.looks import looked, nothing_seen, others, title_for
from studio.events import ContestantScore, Event, Figure, Score
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.inside.pushed import Pushed
    from studio.generate.contestant import OpenContestant

MOST, SHOWN = 100, 8
"""So many unrelated texts are read at most (a tuning shows in far fewer), and so many words are shown."""


def _pushed(setting: Setting) -> Generator[Event]:
    from studio.evaluate.inside.pushed import pushed_words
    from studio.train.prepare import general_text

    base = setting.contestants[0]
    texts = [row.ids for row in general_text(base.renderer)[:MOST]]

    def look(contestant: OpenContestant, _: int) -> list[Pushed]:
        return pushed_words(base.module, contestant.module, texts)

    seen, reason = yield from looked(setting, tr("Reading what was pushed"), [tr("all texts")], look)
    found = {who: read for who, (read,) in seen.items() if read}
    if not found:
        yield nothing_seen(PUSHED.key, setting, [] if seen else texts, reason)
        return
    yield Score(
        PUSHED.key,
        unit=PUSHED.unit,
        better=PUSHED.better,
        count=len(texts),
        scores=(
            ContestantScore(setting.baseline, 0.0),
            *(ContestantScore(who, _steady(read)) for who, read in found.items()),
        ),
    )
    for each in others(setting):
        if each.key in found:
            yield _table(setting, each, found[each.key])


def _steady(read: list[Pushed]) -> float:
    """The share of the change that is the same in every text, over the places of the middle layer."""
    first = min(each.layer for each in read)
    return float(np.mean([each.steady for each in read if each.layer == first]))


def _table(setting: Setting, contestant: OpenContestant, read: list[Pushed]) -> Figure:
    rows = [
        [
            " · ".join(_words(contestant, each.tokens)) if each.size else "",
            each.layer,
            each.place,
            round(each.size, 4),
            round(each.steady, 3),
        ]
        for each in read
    ]
    data = {
        "heads": ["What it pushes", "Layer", "Token", "Size", "Steady"],
        "rows": rows,
        "contestant": contestant.key,
    }
    return Figure(PUSHED.key, contestant.key, "table", title_for(setting, contestant, "words"), data)


def _words(contestant: OpenContestant, tokens: tuple[int, ...]) -> list[str]:
    """The tokens as they are written; those of white space, and parts of characters, say nothing."""
    written = [contestant.tokenizer.decode([token]).strip() for token in tokens]
    return [text for text in written if text.isprintable() and text and "�" not in text][:SHOWN]


PUSHED = Measure(
    "pushed_words",
    tr("Words that tuning pushes"),
    tr(
        "How much of the change at the first tokens of unrelated texts is the same in all of "
        "them; read through "
        "the output layer, it names what tuning was about."
    ),
    "ratio",
    "neither",
    "inside",
    ("full",),
    _pushed,
)
MEASURES = (PUSHED,)
