"""What a run would take, from its recipe: quick enough to follow a form while it is filled in."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.events import Event, ExampleRow, ModelCounted
from studio.language import tr
from studio.paths import model_folder
from studio.recipe.recipe import Recipe


@dataclass(frozen=True)
class Examples:
    """What a forecast needs to know of a dataset: the tokens of each training row, and how many train; and of
    how many examples they are.
    """

    tokens: tuple[int, ...]
    trained: int
    count: int = 0

    @classmethod
    def of(cls, rows: Sequence[ExampleRow]) -> Examples:
        """Of a dataset that was read."""
        training = [row for row in rows if row.split == "train"]
        tokens = tuple(size for row in training for size in row.rows or (row.tokens,))
        return cls(tokens, sum(row.trained for row in training), len(training))


@dataclass(frozen=True)
class ForecastJob:
    """Count what a recipe trains, and forecast memory and time; see that the model's weights are there.

    For the engine thread: it builds the model lazily. `examples` are those of the recipe's dataset;
    without them rows are taken to be as long as allowed.
    """

    recipe: Recipe
    examples: Examples | None = None
    needs_weights: bool = False  # complain when only the config is there
    before: tuple[Recipe, ...] = ()  # the stages that it goes on from, where they are still to be trained

    @property
    def title(self) -> str:
        return tr("Forecasting memory and time")

    def run_events(self, model_cache: Any) -> Generator[Event]:
        from studio.forecast.forecast import ExampleLengths, forecast
        from studio.models.count import adapter_shapes, count_parameters
        from studio.models.folder import read_config
        from studio.models.weights import find_weights
        from studio.train.prepare import form_of, peak_rate, tuning_of

        model, folder = self.recipe.model, model_folder(self.recipe.model)
        planned = tuple(map(tuning_of, self.before))
        tuning = replace(tuning_of(self.recipe), planned=planned)
        count = count_parameters(folder, tuning, form_of(self.recipe))
        rate = peak_rate(self.recipe, read_config(folder))
        sizes = (count.total, count.trainable, count.weights_bytes)
        adapters = adapter_shapes(count.shapes, self.recipe.lora.rank)
        yield ModelCounted(model, count.architecture, *sizes, rate, count.adapted, adapters)
        rows = None
        if self.examples is not None and self.examples.tokens:
            longest = self.recipe.data.max_length
            pieces = [p for tokens in self.examples.tokens for p in _pieces(tokens, longest)]
            sides = 2 if self.recipe.pairs else 1  # the rejected side is about as long
            rows = ExampleLengths(tuple(pieces), sides * self.examples.trained)
        yield forecast(self.recipe, folder, rows, planned=planned)
        if self.needs_weights:
            find_weights(folder)


def _pieces(tokens: int, longest: int) -> list[int]:
    """The positions of an example's rows: a text longer than the maximum is divided into several."""
    whole, rest = divmod(max(1, tokens - 1), longest - 1)
    return [longest - 1] * whole + ([rest] if rest else [])
