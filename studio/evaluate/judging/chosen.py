"""The judge that a person has chosen, opened and asked: the cost is told first, nothing is asked twice."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from studio.catalogue import phrase
from studio.errors import RecipeError
from studio.evaluate.judging.judge import Judge, JudgeQuestion, JudgeReply, family_of
from studio.evaluate.judging.questioning import JudgeCost, cost_of, judged, unanswered
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.store import EvaluationStore
from studio.events import Event, Log
from studio.generate.address import fault_in, shown
from studio.generate.keys import ServerError
from studio.paths import model_folder
from studio.words import duration

if TYPE_CHECKING:
    from studio.evaluate.measure import Setting
    from studio.generate.contestant import OpenContestant


_MODELS, _TOLD = "models of judges", "told what a judge is sent"
"""What is known once in an evaluation, whichever measure asks first."""


@contextmanager
def chosen_judge(setting: Setting) -> Iterator[Judge]:
    """The judge of the options: a contestant by its key, a server by its address, else a model's folder.

    `check_judge` says beforehand whether there is such a one.
    """
    name = setting.options.judge
    competes = opened_in(setting)
    if "://" in name:
        from studio.evaluate.judging.judges import server_judge

        with server_judge(_server(name, setting.options.judge_model)) as judge:
            yield judge
    elif name in competes:
        yield _contestant(competes[name])
    else:
        yield _model(name, setting)


def opened_in(setting: Setting) -> dict[str, OpenContestant]:
    """The contestants whose weights are here, by their keys: none where kept answers are scored anew."""
    from studio.generate.contestant import OpenContestant

    return {each.key: each for each in setting.contestants if isinstance(each, OpenContestant)}


def families_in(setting: Setting) -> dict[str, str]:
    """Whose kind of model each challenger is that is opened, by its key."""
    return {
        key: family_in(each.config) for key, each in opened_in(setting).items() if key != setting.baseline
    }


def check_judge(options: EvaluationOptions, keys: Collection[str]) -> None:
    """Raises before anything is opened what would keep the judge from being asked.

    RecipeError, ServerError or ModelError; `keys` are those of the contestants whose weights are here.
    """
    from studio.models.folder import read_config

    name = options.judge
    if "://" in name:
        if fault := fault_in(name):
            raise ServerError("server.no_address", fault=fault)
        if not options.judge_model.strip():
            raise RecipeError("judge.no_model_name")
    elif name and name not in keys:
        read_config(model_folder(name))


def _server(address: str, model: str) -> Any:
    from studio.generate.keys import server_key
    from studio.generate.server import Server

    return Server(address, model, server_key(address, typed=True))


def _contestant(contestant: OpenContestant) -> Judge:
    from studio.evaluate.judging.judges import local_judge

    family = family_in(contestant.config)
    of = contestant.module, contestant.tokenizer, contestant.renderer
    return local_judge(contestant.fingerprint, contestant.title, *of, family)


def _model(name: str, setting: Setting) -> Judge:
    """A model in a folder; where a contestant has the same one, over its copy of the weights."""
    from studio.dataset.render.render import Renderer
    from studio.evaluate.judging.judges import local_judge
    from studio.models.cache import ModelCache
    from studio.models.folder import model_fingerprint
    from studio.train.dataset_cache import limits_of

    folder = model_folder(name)
    shared = next(
        (each for each in opened_in(setting).values() if each.folder.resolve() == folder.resolve()), None
    )
    cache: ModelCache = setting.known.setdefault(_MODELS, ModelCache())
    of = shared or cache.open(folder)
    module = shared.bare() if shared else of.module
    module.eval()
    renderer = Renderer(of.tokenizer, None, limits_of(of.config, of.tokenizer))
    key = model_fingerprint(folder)["weights"]
    return local_judge(key, Path(folder).name, module, of.tokenizer, renderer, family_in(of.config))


def family_in(config: dict[str, Any]) -> str:
    """Whose kind of model a config describes."""
    return family_of(str(config.get("model_type", "")))


class KeptVerdicts:
    """The verdicts of this evaluation, and of earlier ones of the run: nothing is asked of one judge twice.

    An evaluation whose judge could not be reached is over, and the next one goes on with what was said.
    """

    def __init__(self, store: EvaluationStore) -> None:
        self._store = store

    @cached_property
    def _earlier(self) -> list[EvaluationStore]:
        beside = sorted(each for each in self._store.folder.parent.glob("[!.]*") if each.is_dir())
        return [EvaluationStore(each) for each in beside if each != self._store.folder]

    def known(self, cache: str, key: str) -> Any:
        found = (each.known(cache, key) for each in (self._store, *self._earlier))
        return next((value for value in found if value is not None), None)

    def remember(self, cache: str, key: str, value: Any) -> None:
        self._store.remember(cache, key, value)


def asked(
    setting: Setting, judge: Judge, questions: Sequence[JudgeQuestion]
) -> Generator[Event, None, list[JudgeReply]]:
    """The judge's replies, in order. The first shows how long one takes; of the rest the cost is told."""
    store = KeptVerdicts(setting.store)
    if "://" in setting.options.judge and not setting.known.get(_TOLD):
        setting.known[_TOLD] = True
        yield Log(str(phrase("judge.sent", server=shown(setting.options.judge))))
    cost, missing = cost_of(judge, questions, store), unanswered(judge, questions, store)
    began = perf_counter()
    yield from judged(judge, missing[:1], store)
    seconds = (perf_counter() - began) * len(missing) / judge.at_once
    if len(missing) > 1:
        yield Log(_told(judge, replace(cost, seconds=seconds)))
    return (yield from judged(judge, questions, store))


def _told(judge: Judge, cost: JudgeCost) -> str:
    written = phrase("judge.cost_written", tokens=cost.written_tokens, most=cost.most_written_tokens)
    return str(
        phrase(
            "judge.cost",
            judge=judge.name,
            requests=cost.requests,
            read=cost.read_tokens,
            written=written if cost.written_tokens else "",
            time=duration(cost.seconds),
            kept=phrase("judge.cost_kept", kept=cost.kept) if cost.kept else "",
        )
    )
