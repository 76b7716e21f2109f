"""An evaluation from beginning to end: every measure in turn, kept as it comes, and the verdict."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

from studio.catalogue import listed, phrase
from studio.errors import StudioError
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.nothing import failed
from studio.evaluate.registry import BY_KEY
from studio.evaluate.verdict import judge
from studio.events import MEASURED, TOO_FEW, Answered, Evaluated, Event, Figure, Log, Score
from studio.generate.address import shown

_KEPT = (Answered, Figure, Score)


def evaluate(setting: Setting, measures: Sequence[Measure], primary: str) -> Generator[Event]:
    """Take the measures, each where the store does not have it, and end with Evaluated.

    A measure that fails is said to have failed, and the others go on. Raises StudioError where nothing at all
    could be compared.
    """
    began = time.perf_counter()
    if strangers := [each.title for each in setting.contestants if each not in setting.readers]:
        yield Log(str(phrase("evaluation.other_tokens", who=listed(strangers))), "warning")
    for each in setting.servers:
        where = shown(each.contestant.server)
        yield Log(str(phrase("evaluation.served", who=each.title, server=where)))
    scores: list[Score] = []
    for measure in measures:
        for event in _taken(measure, setting):
            if isinstance(event, Score):
                scores.append(event)
            yield event
    if not any(score.state in (MEASURED, TOO_FEW) for score in scores):
        raise StudioError("compare.nothing")
    seen = {each.key: each.title for each in setting.contestants if each.contestant.is_local}
    headline, verdict = judge(scores, BY_KEY, primary, seen)  # what a server has lost cannot be told
    result = Evaluated(
        run=setting.run.name if setting.run else "",
        golden=setting.golden.description,
        headline=headline,
        verdict=verdict,
        scores=tuple(scores),
        primary=primary,
        contestants=tuple(setting.titles.items()),
        seconds=time.perf_counter() - began,
        suite=setting.options.suite,
        folder=str(setting.store.folder),
    )
    setting.store.complete(result)
    yield result


def _taken(measure: Measure, setting: Setting) -> Generator[Event]:
    """One measure: as it was kept, or taken now and kept."""
    store = setting.store
    if store.is_finished(measure.key):
        for event in store.events(measure.key):
            if isinstance(event, Answered):
                setting.told.add(event.task)
            yield event
        return
    store.begin(measure.key)
    try:
        for event in measure.run(setting):
            if isinstance(event, _KEPT):
                store.keep(measure.key, event)
            yield event
    except StudioError as error:
        if setting.run is not None:
            setting.run.manifest()  # raises where the run was deleted meanwhile: nothing is kept of that
        event = failed(measure.key, error.said)
        store.keep(measure.key, event)
        yield event
    store.finish(measure.key)
