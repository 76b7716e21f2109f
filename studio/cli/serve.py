"""`studio serve`: the local server in the terminal, until Ctrl-C. Models are asked on the main thread."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any

import typer

from studio.cli.options import ChangedBase, paths_from
from studio.cli.parser import StudioCommand
from studio.cli.results import CommandResult
from studio.cli.terminal import STOPPED, console, report
from studio.errors import ModelError, RunMissing, StudioError
from studio.events import Event
from studio.generate.keys import checked
from studio.jobs.job import Job, Outcome
from studio.jobs.perform import Performer, QueueName, Ticket, model_cache
from studio.language import tr
from studio.models.present import named_model
from studio.paths import model_folder
from studio.runs.store import RunStore
from studio.serve.offered import Offered
from studio.serve.server import PORT, LocalServer
from studio.serve.snippets import curl
from studio.words import counted

KEY_VARIABLE = "STUDIO_SERVE_KEY"


class MainThread:
    """Performs the jobs of requests on the thread that calls `run`, those that wait in turn."""

    def __init__(self) -> None:
        self._performer = Performer("serving", model_cache)
        self._open: set[Ticket] = set()

    def submit(
        self, job: Job, on_event: Callable[[Event], None], on_end: Callable[[Outcome], None], /
    ) -> Callable[[], None]:
        """Queue a job, from any thread; returns how to stop it."""
        ticket = Ticket(job, QueueName.INTERRUPT, on_event, on_end)
        self._open.add(ticket)
        self._performer.take(ticket)
        return ticket.stop

    def run(self) -> None:
        """Perform jobs until `leave` is called, or MLX can be used no more."""
        self._performer.run(self._tell)

    def leave(self) -> None:
        """Stop what is performed, and have `run` return; callable in a signal's handler."""
        for ticket in list(self._open):
            ticket.stop()
        self._performer.inbox.put(None)

    def _tell(self, ticket: Ticket, note: Event | Outcome) -> None:
        if isinstance(note, Outcome):
            self._open.discard(ticket)
            ticket.end(note)
        else:
            ticket.on_event(note)


def serve(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]…", help=tr("Runs to answer with; all if none is named.")),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=tr("Where it listens; 0 takes a free one."))
    ] = PORT,
    key: Annotated[
        str,
        typer.Option(
            envvar=KEY_VARIABLE, show_envvar=True, help=tr("Ask for this API key; without one, for none.")
        ),
    ] = "",
    model: Annotated[
        list[str] | None,
        typer.Option(
            help=tr('A model to answer with, too: its folder, its name, or "starter"; may be repeated.')
        ),
    ] = None,
    changed_base: ChangedBase = False,
) -> None:
    """Answer programs on this machine as OpenAI's API does, with runs and models, until Ctrl-C."""
    offered = Offered(paths_from().runs, [_named(run) for run in runs or ()], _places(model or []))
    offered.check()
    engine = MainThread()
    server = LocalServer(offered, engine.submit, port=port, key=checked(key), changed_base=changed_base)
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache  # noqa: F401  # before the first request waits for it
    server.start()
    try:
        _tell_where(server, offered, bool(key))
        with _until_interrupted(engine.leave):
            engine.run()
    finally:
        server.stop()
    result = _of_server(server)
    report(result.document, result.text)


def register(app: typer.Typer) -> None:
    """Add the command to `studio`."""
    app.command(cls=StudioCommand)(serve)


def _named(run: str) -> str:
    """The name of a run. Raises RunMissing, also for one that lies elsewhere."""
    runs = paths_from().runs
    found = RunStore(runs).find(run)
    if found.path.parent.resolve() != runs.resolve():
        raise RunMissing("serve.run_elsewhere", folder=found.path, runs=runs)
    return found.name


def _places(models: list[str]) -> list[str]:
    found = [named_model(model, paths_from().models) for model in models]
    for place in found:
        if not (model_folder(place) / "config.json").is_file():
            raise ModelError("serve.no_folder", folder=place)
    return found


def _tell_where(server: LocalServer, offered: Offered, asks_key: bool) -> None:
    names = [each.name for each in offered.models()]
    console.print(
        tr("Serving {counted} at {address}", counted=counted(len(names), "model"), address=server.address)
    )
    for name in names[:20]:
        console.print(f"  {name}")
    if len(names) > 20:
        console.print(
            tr(
                "  and {value} more, listed by {address}/models",
                value=len(names) - 20,
                address=server.address,
            )
        )
    console.print(
        tr("Try it:\n{curl}", curl=curl(server.address, names[0], "KEY" if asks_key else "")), soft_wrap=True
    )
    console.print(tr("Press Ctrl-C to stop."))


def _of_server(server: LocalServer) -> CommandResult:
    figures = server.figures
    document = {"address": server.address, "requests": figures.answered, "tokens": figures.tokens}
    text = tr(
        "Stopped. {counted}, {counted2}.",
        counted=counted(figures.answered, "request"),
        counted2=counted(figures.tokens, "token"),
    )
    return CommandResult(document, text)


@contextmanager
def _until_interrupted(leave: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, or being asked to end, leaves; a second time interrupts at once."""
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            sys.exit(STOPPED)
        pressed = True
        leave()

    handlers: dict[signal.Signals, Any] = {
        number: signal.signal(number, press) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if not pressed:
        raise StudioError("serve.ended")
