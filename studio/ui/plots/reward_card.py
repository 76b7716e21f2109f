"""How preference training parts the chosen answers from the rejected ones."""

from __future__ import annotations

from collections.abc import Sequence

from studio import words
from studio.events import Rewards
from studio.ui.plots.plot_card import PlotCard
from studio.ui.plots.style import CurveStyle
from studio.ui.theme import Theme

REWARDS = CurveStyle(
    "Rewards",
    dot_colour="good",
    dot_name="chosen",
    other_colour="second",
    other_name="rejected",
    marks_best=False,
    redraw_milliseconds=170,
    words=lambda value: f"{value:+.3g}",
)


class RewardCard(PlotCard):
    """The margin of every step; of every validation, the rewards of chosen and rejected answers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, REWARDS, "How far chosen answers lead, from the first step on.", 100)
        self._latest: dict[str, Rewards] = {}
        self.hide()

    def clear(self) -> None:
        super().clear()
        self._latest = {}
        self.hide()

    def add(self, rewards: Rewards) -> None:
        """Add one event; the first one brings the card into view."""
        if rewards.part == "validation":
            self.curve.append_dot(rewards.step, rewards.chosen)
            self.curve.append_other(rewards.step, rewards.rejected)
        else:
            self.curve.append(rewards.step, rewards.margin)
        self._take(rewards)

    def load(self, history: Sequence[Rewards]) -> None:
        """Show a whole history; nothing to show hides the card."""
        steps = [event for event in history if event.part != "validation"]
        validated = [event for event in history if event.part == "validation"]
        self.curve.set_points([event.step for event in steps], [event.margin for event in steps])
        numbers = [event.step for event in validated]
        self.curve.set_dots(numbers, [event.chosen for event in validated])
        self.curve.set_others(numbers, [event.rejected for event in validated])
        self.setVisible(bool(history))
        for event in history:
            self._take(event)
        self.show_head()

    def show_head(self) -> None:
        """Write the current values: of the last validation, or of the last step before there is one."""
        latest = self._latest.get("validation") or self._latest.get("train")
        if latest is None:
            return
        right = words.percent(latest.accuracy)
        margin, chosen, rejected = (f"{v:+.2f}" for v in (latest.margin, latest.chosen, latest.rejected))
        keys = [
            (REWARDS.colour, f"margin {margin}, {right} right", f"{margin}, {right}"),
            (REWARDS.dot_colour, f"chosen {chosen}", chosen),
            (REWARDS.other_colour, f"rejected {rejected}", rejected),
        ]
        self.set_keys(keys)

    def _take(self, rewards: Rewards) -> None:
        self._latest[rewards.part] = rewards
        self.show()
        self.set_waiting(False)
