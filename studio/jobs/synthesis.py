"""The job that makes more rows: from documents or examples, by a model on this Mac or by a server."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import DataError
from studio.events import AnswerEnded, Event, Log
from studio.generate.address import same_address, secret_in, shown
from studio.generate.asking import AskModel, Question, asked_server, whole_reply
from studio.language import tr
from studio.paths import Paths, model_folder
from studio.synth.confirmed import Confirmations, Unconfirmed
from studio.synth.folder import SyntheticFolder
from studio.synth.generators import GENERATORS
from studio.synth.plan import Plan

if TYPE_CHECKING:
    from studio.dataset.documents.passages import Passage
    from studio.dataset.record import Record
    from studio.generate.server import Server
    from studio.models.cache import ModelCache


@dataclass(frozen=True)
class SynthesisJob:
    """Make rows as the plan says, into a folder where they wait to be accepted; goes on where it stopped.

    `wait` is the first pause before a server is asked again, in seconds. `typed` says that the person has
    just named server and files, which is remembered in `confirmed` (else in the person's own folder); without
    that a server is sent what was confirmed there earlier, and no more.
    """

    plan: Plan
    folder: Path
    wait: float = 1.0
    typed: bool = True
    confirmed: Path | None = None

    @classmethod
    def again(cls, folder: Path, server: str = "", confirmed: Path | None = None) -> SynthesisJob:
        """The job that made the rows in this folder, to go on with; the person may name its server.

        Raises DataError where there is none, or it asks another server.
        """
        plan = SyntheticFolder(folder).plan()
        if secret := secret_in(plan.server):
            raise DataError("synth.secret_address", folder=folder, fault=secret)
        if server and not same_address(server, plan.server):
            if not plan.server:
                raise DataError("synth.no_server", folder=folder)
            raise DataError("synth.other_server", folder=folder, server=shown(plan.server))
        return cls(plan, folder, typed=bool(server), confirmed=confirmed)

    def check_confirmed(self) -> None:
        """Raises Unconfirmed where a server would be sent what nobody here has said that it may see."""
        if self._asks_server and not self.typed and not self._confirmations.hold(self.plan):
            raise Unconfirmed(self.folder, self.plan)

    @property
    def _asks_server(self) -> bool:
        return bool(self.plan.server) and GENERATORS[self.plan.maker].asks_model

    @property
    def _confirmations(self) -> Confirmations:
        return Confirmations(self.confirmed or Paths.for_user().confirmed)

    @property
    def title(self) -> str:
        return tr("Making rows")

    @property
    def on_engine(self) -> bool:
        """Whether it needs the engine thread and its ModelCache; else it waits for a server."""
        return GENERATORS[self.plan.maker].asks_model and not self.plan.server

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.synth.generate import generating, sources

        self.check_confirmed()
        if self._asks_server:
            names = ", ".join(Path(file).name for file in self.plan.files)
            yield Log(
                tr("What is sent to {shown}: text from {names}.", shown=shown(self.plan.server), names=names)
            )
            if self.typed:
                self._confirmations.add(self.plan)
        records, held = yield from _records(self.plan)
        passages = yield from _passages(self.plan)
        trains = [record for record in records if record.line not in held]
        found = sources(self.plan, trains, passages)
        folder = SyntheticFolder.create(self.folder, self.plan)
        with self._model(context) as ask:
            yield from generating(folder, found, records, ask)

    @contextmanager
    def _model(self, context: Any) -> Iterator[AskModel]:
        if self.on_engine:
            yield _local(self.plan, context)
        elif self._asks_server:
            with asked_server(_server(self.plan, self.wait, self.typed)) as ask:
                yield ask
        else:
            yield _nobody


def _records(plan: Plan) -> Generator[Event, None, tuple[tuple[Record, ...], Collection[int]]]:
    """The dataset that is to have more rows, and the lines held out, whose words no training row may take.

    Without one, nothing is known yet.
    """
    from studio.dataset.read.load import reading
    from studio.dataset.read.mapping import Mapping
    from studio.dataset.steps.prepared import preparing
    from studio.dataset.steps.steps import steps_in
    from studio.recipe.fields import Data

    if not plan.data:
        return (), ()
    mapping = Mapping.parse(plan.columns) if plan.columns else None
    source = yield from reading(Path(plan.data).expanduser(), mapping)
    read = (yield from preparing(source, steps_in(plan.history), Data(), plan.seed, None)).rows
    return read.records, {line for line, part in read.given.items() if part not in ("", "train")}


def _passages(plan: Plan) -> Generator[Event, None, tuple[Passage, ...]]:
    from studio.dataset.documents.passages import reading_passages

    if not plan.documents:
        return ()
    return (yield from reading_passages([Path(name).expanduser() for name in plan.documents]))


def _local(plan: Plan, model_cache: ModelCache) -> AskModel:
    """A model on this Mac: the starter, or the one in a folder."""
    from studio.dataset.render.render import Renderer
    from studio.generate.sampling import Sampling
    from studio.generate.stream import answer
    from studio.train.dataset_cache import limits_of

    opened = model_cache.open(model_folder(plan.model))
    renderer = Renderer(opened.tokenizer, None, limits_of(opened.config, opened.tokenizer))

    def ask(question: Question) -> Generator[None, None, str]:
        prompt = renderer.prompt_ids(question.messages)
        asked = {
            "temperature": question.temperature,
            "max_tokens": question.max_tokens,
            "seed": question.seed,
        }
        drawn = {"top_p": 0.95, "top_k": 50, "repetition_penalty": 1.0}  # a row may well quote its passage
        sampling = Sampling.model_validate({**asked, **drawn})
        for event in answer("made", opened.module, opened.tokenizer, prompt, sampling, renderer.stops):
            if isinstance(event, AnswerEnded):
                return whole_reply(event.text, event.finish_reason)
            yield
        return ""

    return ask


def _server(plan: Plan, wait: float, typed: bool) -> Server:
    from studio.generate.keys import server_key
    from studio.generate.server import Server

    return Server(plan.server, plan.model, server_key(plan.server, typed=typed), wait)


def _nobody(question: Question) -> Generator[None, None, str]:
    raise ValueError(f"no model was to be asked: {question}")
