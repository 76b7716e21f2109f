"""A local server that really answers: the starter, a run on it, and OpenAI's own client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from openai import OpenAI

from studio.cli.serve import MainThread
from studio.events import RunOpened
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.serve.offered import Offered
from studio.serve.server import LocalServer


@dataclass(frozen=True)
class Serving:
    """A server, who asks it, and the run that it serves."""

    server: LocalServer
    client: OpenAI
    run: RunFolder


@contextmanager
def serving(run: RunFolder, models: list[str], key: str = "") -> Iterator[Serving]:
    """Serve a run and models on a free port; models are asked on a thread of their own."""
    engine = MainThread()
    server = LocalServer(Offered(run.path.parent, [run.name], models), engine.submit, port=0, key=key)
    thread = threading.Thread(target=engine.run, name="engine")
    thread.start()
    server.start()
    client = OpenAI(base_url=server.address, api_key=key or "none", max_retries=0, timeout=120)
    try:
        yield Serving(server, client, run)
    finally:
        client.close()
        server.stop()
        engine.leave()
        thread.join()


def train(folder: Path, model: str, answer: str, changes: dict[str, object], count: int = 60) -> RunFolder:
    """A run that learned to answer the same to every question."""
    data = folder / "rows.jsonl"
    rows = [{"instruction": f"Question {n}", "output": answer} for n in range(count)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = Recipe().with_values({"model": model, "data.path": str(data), **changes})
    events = list(TrainJob(recipe, folder / "runs", "talker").run_events(ModelCache()))
    return RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))


@pytest.fixture(scope="session")
def served_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two steps on the starter: it can be asked, and has a checkpoint."""
    folder = tmp_path_factory.mktemp("served")
    return train(
        folder, "starter", "ok", {"loop.steps": 2, "loop.batch_size": 2, "watch.forgetting": False}, 12
    )


@pytest.fixture(scope="module")
def served(served_run: RunFolder) -> Iterator[Serving]:
    """The run and the starter, without a key."""
    with serving(served_run, ["starter"]) as found:
        yield found
