"""What an evaluation announces: answers as they are given, scores and what stands behind them, figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from studio.catalogue import Said
from studio.events.event import Event

MEASURED, NOT_RUN, FAILED, INCOMPATIBLE, TOO_FEW = "measured", "not_run", "failed", "incompatible", "too_few"
STATES = (MEASURED, NOT_RUN, FAILED, INCOMPATIBLE, TOO_FEW)
"""What stands behind a score: figures, or why there are none. A missing result is never a pass."""


@dataclass(frozen=True)
class ContestantScore:
    """What one contestant reached, with its own interval at 95 %, where it has one."""

    contestant: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difference:
    """A contestant minus the baseline on the same rows, with its interval at 95 %.

    `p` is of the test that both are alike, `correlation` that of the two over the rows (what pairing was
    worth), and `detectable` the smallest difference that so many rows show four times of five. `least` is the
    smallest p that the rows that differ at all could have given, whichever way they went.
    """

    contestant: str
    value: float
    low: float
    high: float
    p: float
    correlation: float | None = None
    detectable: float | None = None
    least: float = 0.0


@dataclass(frozen=True)
class Score(Event, kind="Score"):
    """What a measure found, for every contestant; or why it found nothing.

    `part` names a subset of the rows or an aspect; the whole has none. `unit` is share, nats, ratio, score,
    seconds, tokens or bits; `better` is higher, lower or neither. `count` is how many rows stand behind it,
    `clusters` how many independent groups those form, 0 where each row stands for itself.
    """

    measure: str
    part: str = ""
    state: str = MEASURED
    reason: Said = ""
    unit: str = ""
    better: str = ""
    count: int = 0
    clusters: int = 0
    scores: tuple[ContestantScore, ...] = ()
    differences: tuple[Difference, ...] = ()

    def of(self, contestant: str) -> float | None:
        """What one contestant reached; None where nothing was measured."""
        return next((each.value for each in self.scores if each.contestant == contestant), None)

    def direction(self, difference: Difference) -> str:
        """better or worse where the interval leaves zero out and there is a direction, else unclear."""
        if self.state != MEASURED or self.better not in ("higher", "lower"):
            return "unclear"
        if difference.low <= 0 <= difference.high:
            return "unclear"
        return "better" if (difference.low > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Figure(Event, kind="Figure"):
    """Something to look at beside the scores. What `data` holds is decided by `kind`, and of one contestant
    also `contestant`, its key; a value that there is none of is null:

    - heat: {"x": [labels], "y": [labels], "values": [[number, …] per y], "unit"}, and where there are
      smaller ones behind its cells "details": {"labels", "unit", "kept": [{"x", "y", "series": [{"name",
      "values"}]}]}, by the places of the cells
    - bars: {"x": [labels], "series": [{"name", "values"}], "unit"}
    - dots: {"x_title", "y_title", "points": [{"x", "y", "label", "series"}]}
    - lines: {"x_title", "y_title", "series": [{"name", "x": […], "y": […]}]}
    - tokens: {"texts": [token texts], "series": [{"name", "values"}], "unit"}
    - table: {"heads": […], "rows": [[text or number, …]]}
    """

    measure: str
    key: str
    kind_of_figure: str
    title: Said
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GivenAnswer:
    """What one contestant answered; `score` and `right` by the item's own scorer, None where not scored."""

    contestant: str
    text: str
    tokens: int = 0
    seconds: float = 0.0
    finish_reason: str = ""
    score: float | None = None
    right: bool | None = None
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered(Event, kind="Answered"):
    """One item of a task with what every contestant answered, the baseline first."""

    task: str
    id: str
    prompt: str
    ideal: str
    answers: tuple[GivenAnswer, ...]
    category: str = ""
    index: int = 0

    @property
    def change(self) -> str:
        """fixed, broken, both_right or both_wrong between the baseline and the last; empty if not scored."""
        first, last = self.answers[0].right, self.answers[-1].right
        if first is None or last is None:
            return ""
        if first == last:
            return "both_right" if last else "both_wrong"
        return "fixed" if last else "broken"


@dataclass(frozen=True)
class Evaluated(Event, kind="Evaluated"):
    """A whole evaluation of a run: the headline, the verdict in sentences, and every score.

    `primary` is the measure that the headline is about, chosen before the start. `contestants` are the key
    and the title of each, the baseline first; `golden` says what was asked, `folder` where it is kept.
    """

    run: str
    golden: str
    headline: Said
    verdict: tuple[Said, ...]
    scores: tuple[Score, ...]
    primary: str
    contestants: tuple[tuple[str, str], ...]
    seconds: float
    suite: str = ""
    folder: str = ""

    def score(self, measure: str, part: str = "") -> Score | None:
        """What a measure found, if it was among those taken."""
        return next((each for each in self.scores if (each.measure, each.part) == (measure, part)), None)
