"""What a model could do before and tuning was not about: family by family, how much of it is left."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.catalogue import Phrase
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.scoring import scored
from studio.events import INCOMPATIBLE, MEASURED, TOO_FEW, Event, Score
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.kept.families import FamilyText
    from studio.evaluate.reading import RowLosses

type _Table = Mapping[str, RowLosses]


def _loss(setting: Setting) -> Generator[Event]:
    """The loss of each family; the whole is over those that the baseline can read."""
    from studio.evaluate.kept.families import unread

    texts, losses = yield from _read(setting)
    base, vocabulary = losses[setting.baseline], setting.contestants[0].tokenizer.vocab_size
    values = {who: each.sums for who, each in losses.items()}
    reasons = {name: unread(base, places, vocabulary) for name, places in _families(texts).items()}
    yield from _scores(LOSS, setting, texts, values, base.targets, reasons, INCOMPATIBLE)


def _accuracy(setting: Setting) -> Generator[Event]:
    """The share of right answers of each family; the whole is over those that the baseline has any of."""
    from studio.evaluate.kept.families import rights, unable

    texts, losses = yield from _read(setting)
    values = {who: rights(texts, each) for who, each in losses.items()}
    base = values[setting.baseline]
    reasons = {name: unable(base[places]) for name, places in _families(texts).items()}
    yield from _scores(ACCURACY, setting, texts, values, None, reasons, TOO_FEW)


def _read(setting: Setting) -> Generator[Event, None, tuple[tuple[FamilyText, ...], _Table]]:
    from studio.evaluate.kept.families import family_rows, family_texts

    texts, first = family_texts(), setting.contestants[0]
    rows = family_rows(texts, first.renderer, list(first.tokenizer.eos_token_ids))
    losses = yield from setting.losses("abilities", rows)
    return texts, losses


def _families(texts: Sequence[FamilyText]) -> dict[str, list[int]]:
    """The places of each family's texts."""
    found: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        found.setdefault(text.family, []).append(place)
    return found


def _scores(
    measure: Measure,
    setting: Setting,
    texts: Sequence[FamilyText],
    values: Mapping[str, npt.NDArray[np.float64]],
    weights: npt.NDArray[np.float64] | None,
    reasons: Mapping[str, Phrase | None],
    state: str,
) -> Generator[Score]:
    """The whole first, then every family; one that says nothing has the reason, and `state`."""
    families = _families(texts)
    told = [place for name, places in families.items() if not reasons[name] for place in places]
    parts = {"": told or list(range(len(texts))), **families}
    for part, places in parts.items():
        found = scored(
            measure.key,
            {who: each[places].tolist() for who, each in values.items()},
            part=part,
            unit=measure.unit,
            better=measure.better,
            weights=None if weights is None else weights[places].tolist(),
            baseline=setting.baseline,
        )
        reason = reasons[part] if part else _common(reasons)
        yield (
            found if reason is None or found.state != MEASURED else replace(found, state=state, reason=reason)
        )


def _common(reasons: Mapping[str, Phrase | None]) -> Phrase | None:
    """Why even the whole says nothing: no family does."""
    found = list(reasons.values())
    return None if None in found else found[0]


LOSS = Measure(
    "capability_loss",
    tr("Loss on other abilities"),
    tr(
        "The loss on short texts of ours that tuning is not about: English, facts, arithmetic, code, other "
        "languages, formatting."
    ),
    "nats",
    "lower",
    "kept",
    ("standard", "full"),
    _loss,
    cost=True,
)
ACCURACY = Measure(
    "capability_accuracy",
    tr("Other abilities"),
    tr(
        "The share of those texts that the model completes rightly; where there is nothing to "
        "complete, of their "
        "tokens."
    ),
    "share",
    "higher",
    "kept",
    ("standard", "full"),
    _accuracy,
    cost=True,
)
MEASURES = (LOSS, ACCURACY)
