"""The command `forecast`: what a run would take, before anything is loaded or trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from studio import words
from studio.cli.results import Result
from studio.cli.terminal import perform
from studio.events import DatasetRead, Forecasted
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.read import DatasetJob
from studio.train.library import Library
from studio.train.recipe import Recipe


def forecasted(recipe: Recipe) -> Result:
    """The forecast of a recipe; its dataset is read first where it names one."""
    examples, remarks = None, []
    if recipe.data.path:
        for event in perform(DatasetJob(recipe).run_events(Library())):
            if isinstance(event, DatasetRead):
                examples = Examples.of(event.rows)
                remarks = [f"{problem.reason}." for problem in event.problems if not problem.line]
    found = [e for e in perform(ForecastJob(recipe, examples).run_events(None)) if isinstance(e, Forecasted)]
    return of_forecast(found[-1], examples, remarks)


def of_forecast(
    forecast: Forecasted, examples: Examples | None = None, remarks: Sequence[str] = ()
) -> Result:
    """A forecast as a document and as a table, with what is to be said of the dataset as a whole.

    `trained_share` is of the model with its adapter.
    """
    together = forecast.adapted_parameters or forecast.total_parameters
    share = forecast.trainable_parameters / max(1, together)
    said = {"trained_share": share, "remarks": [*forecast.remarks, *remarks]}
    read = {"examples": examples.count, "rows": len(examples.tokens)} if examples else {}
    text = "\n".join((*_lines(forecast, examples), *remarks))
    return Result({**asdict(forecast), **said, **read}, text)


def _lines(forecast: Forecasted, examples: Examples | None) -> Iterator[str]:
    trains, total = forecast.trainable_parameters, forecast.total_parameters
    yield words.trained(trains, total, forecast.adapted_parameters)
    yield from forecast.remarks
    yield ""
    for name, size in (
        ("Weights", forecast.weights),
        ("Adapters", forecast.adapters),
        ("Optimizer", forecast.optimizer),
        ("Activations", forecast.activations),
        ("Head", forecast.head),
        ("Peak", forecast.peak),
        ("This machine", forecast.limit),
    ):
        yield f"  {name:14} {words.memory(size):>10}"
    yield ""
    yield "It fits." if forecast.fits else "It does not fit into this machine's memory."
    if forecast.changes:
        yield "This makes it fit:" if len(forecast.changes) == 1 else "Any one of these makes it fit:"
        yield from (f"  {change}" for change in forecast.changes)
    elif not forecast.fits:
        yield "Nothing in the recipe would make it fit: choose a smaller model."
    if forecast.seconds_per_epoch:
        steps = f"{forecast.steps_per_epoch:,.0f} steps"
        if examples and len(examples.tokens) > examples.count:
            rows = words.counted(len(examples.tokens), "row")
            steps += f" ({rows} of {words.counted(examples.count, 'example')})"
        yield f"An epoch is {steps} and takes about {words.duration(forecast.seconds_per_epoch)} here."
    else:
        yield "For an estimate of the time name a dataset with --data."
