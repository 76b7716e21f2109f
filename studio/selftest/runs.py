"""A run from its first step to what is made of it, by the engine in its own process."""

from __future__ import annotations

from pathlib import Path

from studio.errors import RunError, StudioError
from studio.evaluate.options import QUICK
from studio.events import AdapterImported, AnswerEnded, Evaluated, Event, Exported, RunOpened, Step
from studio.generate.contestant import one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.export import GGUF, PEFT, AdapterImportJob, RunExportJob
from studio.jobs.report import ReportJob, ReportWritten
from studio.jobs.train import TrainJob
from studio.language import tr
from studio.paths import STARTER_MODEL
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.selftest.check import CheckOutcome, Workbench
from studio.selftest.data import few_rows, golden_rows

_ALIKE = 0.9
"""Of the places where the likeliest next token is looked at: a file in 16 bits rounds near ties."""


def train(bench: Workbench) -> CheckOutcome:
    """Three steps of the default recipe on the starter."""
    values = {"data.path": str(few_rows(bench.folder / "few.jsonl")), "epochs": 1, "batch_size": 10}
    job = TrainJob(Recipe().with_values(values), bench.folder / "runs", "selftest")
    events = list(bench.engine.events(job))
    steps = [event for event in events if isinstance(event, Step)]
    bench.run = RunFolder(Path(next(event.folder for event in events if isinstance(event, RunOpened))))
    first, last = steps[0], steps[-1]
    figures = {
        "losses": [round(step.loss, 4) for step in steps],
        "tokens_per_second": round(last.tokens_per_second),
        "peak_memory": last.memory_peak,
    }
    return CheckOutcome(
        tr(
            "Loss {first:.3f} → {last:.3f} in {steps} steps",
            first=first.loss,
            last=last.loss,
            steps=len(steps),
        ),
        figures,
    )


def chat(bench: Workbench) -> CheckOutcome:
    """Base and tuned answer the same question."""
    sampling = GREEDY.model_copy(update={"max_tokens": 8})
    job = ChatJob(_trained(bench), one_prompt("What is the capital of France?"), sampling)
    ended = [event for event in bench.engine.events(job) if isinstance(event, AnswerEnded)]
    answers = {event.who: event.text.strip() for event in ended}
    return CheckOutcome(" | ".join(f"{who}: {text}" for who, text in answers.items()), answers)


def evaluate(bench: Workbench) -> CheckOutcome:
    """A quick evaluation with a small golden set."""
    golden = golden_rows(bench.folder / "few-golden.jsonl")
    job = EvaluateJob(_trained(bench), golden, options=QUICK)
    found = next(event for event in bench.engine.events(job) if isinstance(event, Evaluated))
    return CheckOutcome(str(found.headline))


def report(bench: Workbench) -> CheckOutcome:
    """The report of that evaluation as a page, a text and a PDF."""
    from studio.evaluate.report.write import HTML, MARKDOWN, PDF

    events: list[Event] = list(ReportJob(_trained(bench)).run_events(None))
    folder = next(event.folder for event in events if isinstance(event, ReportWritten))
    sizes = {name: (folder / name).stat().st_size for name in (HTML, MARKDOWN, PDF)}
    if not (folder / PDF).read_bytes().startswith(b"%PDF-"):
        raise StudioError("selftest.not_written", file=PDF)
    return CheckOutcome(tr("{files} written", files=", ".join(sizes)), {"bytes": sizes})


def export_gguf(bench: Workbench) -> CheckOutcome:
    """The result as one GGUF file, read back and compared."""
    return _compared(_exported(bench, GGUF))


def export_peft(bench: Workbench) -> CheckOutcome:
    """The result as PEFT's adapter, read back and compared, and brought in again."""
    exported = _exported(bench, PEFT)
    job = AdapterImportJob(Path(exported.folder), bench.folder / "imported", STARTER_MODEL)
    back = [event for event in bench.engine.events(job) if isinstance(event, AdapterImported)][-1]
    found = _compared(exported)
    return CheckOutcome(
        tr("{found}; {layers} layers brought in again", found=found.detail, layers=back.layers), found.figures
    )


def _exported(bench: Workbench, target: str) -> Exported:
    job = RunExportJob(_trained(bench), target, bench.folder / f"exported-{target}")
    return next(event for event in bench.engine.events(job) if isinstance(event, Exported))


def _compared(exported: Exported) -> CheckOutcome:
    same, places = exported.same, exported.places
    if same < _ALIKE * places:
        raise StudioError("selftest.unlike", same=same, places=places)
    figures = {"difference": exported.difference, "same": same, "places": places, "bytes": exported.size}
    return CheckOutcome(
        tr("Read back, {same} of {places} next tokens are the same", same=same, places=places), figures
    )


def serve(bench: Workbench) -> CheckOutcome:
    """The local server answers one request, by the engine."""
    import httpx2

    from studio.serve.offered import Offered
    from studio.serve.server import LocalServer

    run = _trained(bench)
    server = LocalServer(Offered(run.path.parent, [run.name]), bench.engine.submit, port=0)
    server.start()
    try:
        body = {
            "model": run.name,
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
            "max_tokens": 8,
            "temperature": 0,
        }
        with httpx2.Client(trust_env=False, timeout=120) as client:  # a proxy has no business here
            answered = client.post(f"{server.address}/chat/completions", json=body)
    finally:
        server.stop()
    if answered.status_code != httpx2.codes.OK:
        raise StudioError("selftest.server_answers", status=answered.status_code)
    text = answered.json()["choices"][0]["message"]["content"].strip()
    return CheckOutcome(tr("Answered one request: {text}", text=text), {"answer": text})


def _trained(bench: Workbench) -> RunFolder:
    if bench.run is None:
        raise RunError("selftest.needs", names="train")
    return bench.run
