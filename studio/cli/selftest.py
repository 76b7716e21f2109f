"""The self-test of this installation, and the main job in the terminal for machines without a display."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.cli import results
from studio.cli.evaluation import of_evaluation
from studio.cli.results import SelfCheck
from studio.cli.terminal import Terminal, asked, console, perform, report
from studio.evaluate.options import QUICK
from studio.events import AnswerEnded, Evaluated, Event, RunOpened, Step
from studio.generate.contestant import one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.train import TrainJob
from studio.language import tr
from studio.paths import Paths, resource
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

QUESTIONS = 3

_out = Terminal()


def demo(paths: Paths) -> None:
    """Train the starter on its sample with the default recipe, measure it, and show three answers."""
    from studio.models.cache import ModelCache

    model_cache, out = ModelCache(), console if asked.as_json else _out
    document: dict[str, Any] = {"answers": []}
    sample = resource("starter/instructions.jsonl")
    recipe = Recipe().with_values({"data.path": str(sample)})
    out.rule(tr("Training the starter on the sample"))
    run = None
    for event in perform(TrainJob(recipe, paths.runs, "sample").run_events(model_cache)):
        if isinstance(event, RunOpened):
            run = RunFolder(Path(event.folder))
    if run is None:
        return
    trained = results.of_run(run)
    document["run"] = trained.document
    out.print(trained.text)
    out.rule(tr("Did it get better?"))
    for event in perform(EvaluateJob(run, options=QUICK).run_events(model_cache)):
        if isinstance(event, Evaluated):
            measured = of_evaluation(event, [])
            document["evaluation"] = measured.document
            out.print(measured.text)
    out.rule(tr("The same question to both"))
    for prompt in _questions():
        job = ChatJob(run, one_prompt(prompt), GREEDY)
        answers = [e for e in perform(job.run_events(model_cache)) if isinstance(e, AnswerEnded)]
        out.print(prompt, style="bold")
        result = results.of_answers(prompt, answers, GREEDY)
        document["answers"].append(result.document)
        out.print(result.text + "\n")
    out.print(tr("All of it is in {path}", path=run.path))
    if asked.as_json:
        report(document, "")


def _questions() -> list[str]:
    lines = resource("starter/golden.jsonl").read_text(encoding="utf-8").splitlines()
    step = max(1, len(lines) // QUESTIONS)
    return [json.loads(line)["prompt"] for line in lines[::step][:QUESTIONS]]


def selftest() -> list[SelfCheck]:
    """Every check in turn; a check that fails does not keep the next from being made."""
    with tempfile.TemporaryDirectory(prefix="studio-selftest-") as folder:
        context = _Context(Path(folder))
        checks = (
            (tr("Libraries"), context.libraries),
            (tr("Matrix products"), context.products),
            (tr("Train, 3 steps"), context.train),
            (tr("Base and tuned side by side"), context.chat),
            (tr("Evaluate"), context.evaluate),
            (tr("Window"), context.window),
        )
        return [_check(name, work) for name, work in checks]


def _check(name: str, work: Callable[[], str]) -> SelfCheck:
    began = time.perf_counter()
    try:
        passed, detail = True, work()
    except Exception as error:  # noqa: BLE001  # whatever is broken is the result
        passed, detail = False, f"{type(error).__name__}: {error}"
    return SelfCheck(name, passed, detail, round(time.perf_counter() - began, 2))


class _Context:
    """The checks, and what they hand on to one another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model_cache: Any = None
        self.run: RunFolder | None = None

    def libraries(self) -> str:
        from importlib.metadata import version

        import mlx.core as mx

        from studio.models.cache import ModelCache

        self.model_cache = ModelCache()
        return tr(
            "mlx {version}, mlx-lm {version2}, on {default_device}",
            version=version("mlx"),
            version2=version("mlx-lm"),
            default_device=mx.default_device(),
        )

    def products(self) -> str:
        import mlx.core as mx

        size = 512
        a = mx.random.normal((size, size))
        mx.eval(a @ a)
        began = time.perf_counter()
        mx.eval(a @ a)
        return tr("{value:,.0f} GFLOP/s in fp32", value=2 * size**3 / (time.perf_counter() - began) / 1e9)

    def train(self) -> str:
        from studio.jobs.train import TrainJob

        data = self.folder / "few.jsonl"
        lines = resource("starter/instructions.jsonl").read_text(encoding="utf-8").splitlines()[:32]
        data.write_text("\n".join(lines), encoding="utf-8")
        recipe = Recipe().with_values({"data.path": str(data), "epochs": 1, "batch_size": 10})
        events = list(TrainJob(recipe, self.folder / "runs", "selftest").run_events(self.model_cache))
        self.run = RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))
        steps = [e for e in events if isinstance(e, Step)]
        return tr("loss {loss:.3f} → {loss2:.3f}", loss=steps[0].loss, loss2=steps[-1].loss)

    def chat(self) -> str:
        from studio.jobs.answers import ChatJob

        sampling = GREEDY.model_copy(update={"max_tokens": 8})
        job = ChatJob(self._trained(), one_prompt(tr("What is the capital of France?")), sampling)
        ended = _only(list(job.run_events(self.model_cache)), AnswerEnded)
        return " | ".join(f"{e.who}: {e.text.strip()}" for e in ended)

    def evaluate(self) -> str:
        from studio.jobs.evaluate import EvaluateJob

        golden = self.folder / "few-golden.jsonl"
        lines = resource("starter/golden.jsonl").read_text(encoding="utf-8").splitlines()[:4]
        golden.write_text("\n".join(lines), encoding="utf-8")
        events = list(EvaluateJob(self._trained(), golden, options=QUICK).run_events(self.model_cache))
        return f"{_only(events, Evaluated)[0].headline}"

    def window(self) -> str:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from PySide6.QtCore import qVersion
        from PySide6.QtWidgets import QApplication, QLabel

        application = QApplication.instance() or QApplication([])
        label = QLabel("Tuning Studio")
        label.show()
        application.processEvents()
        label.close()
        return tr("Qt {qVersion}", qVersion=qVersion())

    def _trained(self) -> RunFolder:
        if self.run is None:
            raise RuntimeError("there is no trained run to ask")
        return self.run


def _only[T: Event](events: list[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]
