"""Reading a dataset as a job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.data.mapping import UnknownColumns
from studio.events import ColumnsAsked, DatasetRead, Event
from studio.jobs.read import DatasetJob
from studio.train.library import Library
from studio.train.recipe import Recipe


def test_unknown_columns_are_asked_about_and_the_guess_reads_the_file(
    tmp_path: Path, tiny_model: Path
) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"Frage": f"Was ist {n}?", "Antwort": f"Die Zahl {n}."} for n in range(20)]
    path.write_text("\n".join(map(json.dumps, rows)))
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(path)})
    told: list[Event] = []
    with pytest.raises(UnknownColumns):
        told.extend(DatasetJob(recipe).run_events(Library()))
    asked = next(event for event in told if isinstance(event, ColumnsAsked))
    assert [(column.name, column.kind) for column in asked.columns] == [
        ("Frage", "text"),
        ("Antwort", "text"),
    ]
    assert asked.columns[0].examples[:2] == ("Was ist 0?", "Was ist 1?")
    mapped = recipe.with_values({"data.columns": asked.guess})
    events = DatasetJob(mapped).run_events(Library())
    assert len(next(event for event in events if isinstance(event, DatasetRead)).rows) == 20
