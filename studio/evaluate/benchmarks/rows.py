"""Where the rows of a benchmark come from: a folder of the person's own, what is here already, or the Hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue import said_by
from studio.errors import DataError

_LOCAL = ("json", "csv", "parquet", "text", "arrow")
"""Ways of `datasets` to read files that a task itself names."""


@dataclass(frozen=True)
class RowSource:
    """Gives out the rows of tasks. `folder` may hold TASK/SPLIT.jsonl, in the columns of the task's dataset;
    only with `download` is anything fetched from the Hub."""

    folder: Path | None = None
    download: bool = False

    def reader(self, task: str, config: dict[str, Any]) -> Callable[..., dict[str, Any]]:
        """What the harness calls for a task's dataset: {split: rows}. Raises DataError when it is called."""

        def read(**_: Any) -> dict[str, Any]:
            if self.folder is not None and (own := self.folder / task).is_dir():
                return _own_rows(own)
            return self._known_rows(task, config)

        return read

    def _known_rows(self, task: str, config: dict[str, Any]) -> dict[str, Any]:
        import datasets

        datasets.disable_progress_bars()
        datasets.logging.set_verbosity_error()  # or it tells each time where it found them
        path, subset = str(config.get("dataset_path")), config.get("dataset_name")
        told = config.get("dataset_kwargs") or {}
        arguments = {name: value for name, value in told.items() if name != "trust_remote_code"}
        try:
            if self.download or path in _LOCAL or Path(path).exists():
                return dict(datasets.load_dataset(path, subset, **arguments))
            return _rows_here(path, subset, arguments)
        except Exception as error:  # of `datasets`, of what it reads with, and of the network
            names = f"{path} {subset}" if subset else path
            raise DataError(
                "benchmark.no_rows", task=task, dataset=names, fault=str(said_by(error)).splitlines()[0]
            ) from error


def _rows_here(path: str, subset: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
    """The rows as `datasets` keeps them after a download: it reads them again without asking the Hub."""
    from datasets.packaged_modules.cache.cache import Cache

    kept = Cache(
        dataset_name=path.rpartition("/")[2],
        repo_id=path,
        config_name=subset,
        version="auto",
        hash="auto",
        **arguments,
    )
    kept.download_and_prepare()
    return dict(kept.as_dataset())


def _own_rows(folder: Path) -> dict[str, Any]:
    import datasets

    datasets.disable_progress_bars()
    splits: dict[str, Any] = {}
    for file in sorted(folder.glob("*.jsonl")):
        try:
            lines = file.read_text(encoding="utf-8").split("\n")
            splits[file.stem] = datasets.Dataset.from_list([json.loads(row) for row in lines if row.strip()])
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise DataError("benchmark.bad_rows", file=file, fault=str(error)) from error
    if not splits:
        raise DataError("benchmark.no_splits", folder=folder)
    return splits
