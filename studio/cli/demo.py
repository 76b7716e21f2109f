"""The main job in the terminal, for machines without a display: train, evaluate, compare."""

from __future__ import annotations

import json
from pathlib import Path

from studio.cli import results
from studio.cli.terminal import Terminal, perform
from studio.events import AnswerEnded, Evaluated, RunOpened
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob, EvaluateJob
from studio.jobs.train import TrainJob
from studio.paths import Paths, resource
from studio.runs.folder import RunFolder
from studio.train.recipe import Recipe

QUESTIONS = 3

out = Terminal()


def demo(paths: Paths) -> None:
    """Train the starter on its sample with the default recipe, measure it, and show three answers."""
    from studio.models.shelf import Shelf

    shelf = Shelf()
    sample = resource("starter/instructions.jsonl")
    recipe = Recipe().with_values({"data.path": str(sample)})
    out.rule("Training the starter on the sample")
    run = None
    for event in perform(TrainJob(recipe, paths.runs, "sample").run_events(shelf)):
        if isinstance(event, RunOpened):
            run = RunFolder(Path(event.folder))
    if run is None:
        return
    out.print(results.of_run(run).text)
    out.rule("Did it get better?")
    for event in perform(EvaluateJob(run).run_events(shelf)):
        if isinstance(event, Evaluated):
            out.print(results.of_evaluation(event, []).text)
    out.rule("The same question to both")
    for prompt in _questions():
        job = ChatJob(run, prompt, GREEDY)
        answers = [e for e in perform(job.run_events(shelf)) if isinstance(e, AnswerEnded)]
        out.print(prompt, style="bold")
        out.print(results.of_answers(prompt, answers, GREEDY).text + "\n")
    out.print(f"All of it is in {run.path}")


def _questions() -> list[str]:
    lines = resource("starter/golden.jsonl").read_text(encoding="utf-8").splitlines()
    step = max(1, len(lines) // QUESTIONS)
    return [json.loads(line)["prompt"] for line in lines[::step][:QUESTIONS]]
