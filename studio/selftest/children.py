"""What the app has done by processes of its own beside the engine: the Hub, chat templates, weighing up."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from studio.catalogue import listed
from studio.dataset.record import Message
from studio.errors import StudioError
from studio.language import tr
from studio.paths import STARTER_MODEL, model_folder
from studio.recipe.recipe import Recipe
from studio.selftest.check import CheckOutcome, Workbench
from studio.selftest.faults import shipped

_TALK = (Message("user", "Who are you?"), Message("assistant", "A small model."), Message("user", "Thanks."))


def hub(_: Workbench) -> CheckOutcome:
    """The Hub's process asks and is answered, by a stand-in on this machine: nobody is asked outside."""
    from studio.hub.failure import HubError
    from studio.models.hub.asked import DOWNLOADS, ModelFilters
    from studio.models.hub.download import search

    with _stand_in() as server, _environment({"HF_ENDPOINT": server.address, "NO_PROXY": server.host}):
        try:
            for _progress in search("", ModelFilters(), DOWNLOADS, 1):
                pass
        except HubError as error:
            if error.code != "hub.offline":
                raise StudioError("selftest.hub", reason=error) from error
            return CheckOutcome(
                tr("A child process says that the Hub is switched off"), {"asked": server.asked}
            )
    if not server.asked:
        raise StudioError("selftest.hub_elsewhere")
    return CheckOutcome(tr("A child process asked a stand-in, and was answered"), {"asked": server.asked})


class _StandIn(ThreadingHTTPServer):
    """Answers every question by an empty list, and counts them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _EmptyList)
        self.host = "127.0.0.1"
        self.address = f"http://{self.host}:{self.server_address[1]}"
        self.asked = 0


class _EmptyList(BaseHTTPRequestHandler):
    server: _StandIn

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, format: str, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def _stand_in() -> Iterator[_StandIn]:
    with _StandIn() as server:
        thread = Thread(target=server.serve_forever, name="stand-in", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Have these in the environment meanwhile, for processes that are started."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def tokenizer(_: Workbench) -> CheckOutcome:
    """The starter's tokenizer writes a conversation by its chat template and reads its tokens again."""
    from studio.train.dataset_cache import DatasetCache

    with shipped(model_folder(STARTER_MODEL) / "tokenizer_config.json"):
        renderer = DatasetCache().renderer(Recipe())
        ids, text = renderer.prompt_ids(_TALK), renderer.prompt_text(_TALK)
    if _TALK[0].content not in text or not ids:
        raise StudioError("selftest.lost_text", file="tokenizer.json")
    detail = tr(
        "{template}, {tokens:,} tokens for {characters:,} characters",
        template=renderer.description,
        tokens=len(ids),
        characters=len(text),
    )
    return CheckOutcome(detail, {"tokens": len(ids), "characters": len(text)})


def template(_: Workbench) -> CheckOutcome:
    """A template that nobody vouches for runs in a process of its own, and writes the same there."""
    from studio.dataset.render.chat_template import ChatTemplate
    from studio.dataset.render.isolated import Apart
    from studio.models.tokenizer import load_tokenizer

    own = ChatTemplate.of(load_tokenizer(model_folder(STARTER_MODEL)), ())
    apart = Apart(own)
    if apart.prompt(_TALK) != own.prompt(_TALK):
        raise StudioError("selftest.apart")
    return CheckOutcome(tr("A child process writes the same"))


def weighing(bench: Workbench) -> CheckOutcome:
    """A process of its own weighs up the starter, and of every family on the shelf a model."""
    from studio.forecast.uses import Candidate, known_uses, weigh
    from studio.models.library.shelf import shelf_configs

    families = {str(config["model_type"]): Candidate.online(name, config) for name, config in shelf_configs()}
    asked = {STARTER_MODEL: Candidate(str(model_folder(STARTER_MODEL))), **families}
    kept = bench.folder / "uses.json"
    for _ in weigh(kept, list(asked.values())):
        pass
    known = known_uses(kept, asked.values())
    silent = [name for name, each in asked.items() if each not in known or known[each].problem]
    if silent:
        reasons = [str(known[asked[name]].problem) for name in silent if asked[name] in known]
        raise StudioError("selftest.no_weighing", names=listed(silent), reason=" ".join(reasons))
    return CheckOutcome(
        tr("A child process weighed up {count} models", count=len(asked)), {"models": list(asked)}
    )
