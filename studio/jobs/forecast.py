"""What a run would take, from its recipe: quick enough to follow a form while it is filled in."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from studio.events import Event, ExampleRow
from studio.paths import model_folder
from studio.train.recipe import Recipe


@dataclass(frozen=True)
class Examples:
    """What a forecast needs to know of a dataset: the tokens of each training example, and how many train."""

    tokens: tuple[int, ...]
    trained: int

    @classmethod
    def of(cls, rows: Sequence[ExampleRow]) -> Examples:
        """Of a dataset that was read."""
        training = [row for row in rows if row.split == "train"]
        return cls(tuple(row.tokens for row in training), sum(row.trained for row in training))


@dataclass(frozen=True)
class ForecastJob:
    """Forecast memory and time of a recipe. For the engine thread, aside: it builds the model lazily.

    `examples` are those of the recipe's dataset; without them rows are taken to be as long as allowed.
    """

    recipe: Recipe
    examples: Examples | None = None

    @property
    def title(self) -> str:
        return "Forecasting memory and time"

    def run_events(self, shelf: Any) -> Generator[Event]:
        from studio.train.forecast import Rows, forecast

        rows = None
        if self.examples is not None and self.examples.tokens:
            longest = self.recipe.data.max_length
            pieces = [p for tokens in self.examples.tokens for p in _pieces(tokens, longest)]
            sides = 2 if self.recipe.pairs else 1  # the rejected side is about as long
            rows = Rows(tuple(pieces), sides * self.examples.trained)
        yield forecast(self.recipe, model_folder(self.recipe.model), rows)


def _pieces(tokens: int, longest: int) -> list[int]:
    """The positions of an example's rows: a text longer than the maximum is divided into several."""
    whole, rest = divmod(max(1, tokens - 1), longest - 1)
    return [longest - 1] * whole + ([rest] if rest else [])
