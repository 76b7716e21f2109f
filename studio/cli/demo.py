"""The main job in the terminal, for machines without a display."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio.cli import results
from studio.cli.evaluation import of_evaluation
from studio.cli.terminal import Terminal, asked, console, perform, report
from studio.evaluate.options import QUICK
from studio.events import AnswerEnded, Evaluated, RunOpened
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
