"""Generating rows: one source after another, each kept before the next is asked."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime

from studio.dataset.documents.passages import Passage, words
from studio.dataset.record import Record
from studio.errors import DataError
from studio.events import Event, GeneratedRow, Log, Progress, Refusals, SynthesisEnded, retold
from studio.generate.asking import AskModel, NoReply
from studio.language import tr
from studio.paths import model_name
from studio.synth.filter import RowFilter
from studio.synth.folder import SyntheticFolder
from studio.synth.generators import GENERATORS, Draft, GenerationSource, RowGenerator
from studio.synth.plan import Plan
from studio.synth.rows import Provenance, SyntheticRow, row_of

SHOWN = 4
"""Examples that the model sees when it makes others like them."""

_NEEDED = {
    "examples": "synth.no_examples",
    "passages": "synth.no_passages",
    "either": "synth.neither",
    "both": "synth.not_both",
    "seeds": "synth.no_seeds",
}


def sources(plan: Plan, records: Sequence[Record], passages: Sequence[Passage]) -> list[GenerationSource]:
    """The plan's sources in their order: the same for the same plan and files.

    Raises DataError when there is nothing to start from.
    """
    generator = GENERATORS[plan.maker]
    examples = [record for record in records if _usable(record)]
    if generator.needs == "seeds":
        found = _seeds(plan, examples)
    elif generator.needs == "both":
        found = list(_fitting(examples, passages))
    elif generator.needs == "passages" or (generator.needs == "either" and passages):
        found = _numbered(passages)
    else:
        found = [GenerationSource(f"line {record.line}", record) for record in examples]
    if not found:
        code = _NEEDED[generator.needs]
        raise DataError(code, title=generator.title)
    if plan.sources and generator.needs != "seeds" and plan.sources < len(found):
        drawn = sorted(random.Random(plan.seed).sample(range(len(found)), plan.sources))
        found = [found[i] for i in drawn]
    return found


def _usable(record: Record) -> bool:
    """Whether it asks and answers in words: tools and plain text are left alone."""
    if record.tools or any(message.calls for message in record.messages):
        return False
    roles = {message.role for message in record.messages}
    asked = any(message.role == "user" and message.content.strip() for message in record.before_answer)
    return asked and roles <= {"system", "user", "assistant"} and bool(record.answer.strip())


def _numbered(passages: Sequence[Passage]) -> list[GenerationSource]:
    times = Counter[str]()
    found = []
    for passage in passages:
        times[passage.source] += 1
        count = times[passage.source]
        found.append(
            GenerationSource(f"{passage.source} ({count})" if count > 1 else passage.source, passage=passage)
        )
    return found


def _seeds(plan: Plan, examples: Sequence[Record]) -> list[GenerationSource]:
    """Draws of SHOWN examples; as many as asked, or as there are examples."""
    if not examples:
        return []
    found = []
    for number in range(1, (plan.sources or len(examples)) + 1):
        drawn = random.Random(f"{plan.seed}\0{number}").sample(examples, min(SHOWN, len(examples)))
        found.append(GenerationSource(f"draw {number}", examples=tuple(drawn)))
    return found


def _fitting(examples: Sequence[Record], passages: Sequence[Passage]) -> Iterator[GenerationSource]:
    """Each question with the passage that shares most of its rare words; without one it is left out."""
    index: defaultdict[str, set[int]] = defaultdict(set)
    for number, passage in enumerate(passages):
        for word in words(passage.text):
            index[word[:5]].add(number)
    for record in examples:
        weights = Counter[int]()
        for word in {word[:5] for word in words(record.prompt) if len(word) > 3 or not word.isascii()}:
            for number in index.get(word, ()):
                weights[number] += 1000 // len(index[word])
        if weights:
            best = min(weights, key=lambda number: (-weights[number], number))
            yield GenerationSource(f"line {record.line}", record, passages[best])


NO_FORM = "not in the asked form"
"""Why nothing came of a reply in which no question and answer could be found."""

_REPORT_EVERY = 2000
_IN_A_ROW = 20  # refusals after which nothing more is asked


def generating(
    folder: SyntheticFolder, found: Sequence[GenerationSource], records: Sequence[Record], ask: AskModel
) -> Generator[Event]:
    """Make rows from every source that was not asked yet, and end with what came of all.

    Stopped or killed at any point, it goes on with the next source: what was kept is never made again.
    """
    with folder.held():
        plan = folder.plan()
        generator = GENERATORS[plan.maker]
        folder.expect(len(found))
        row_filter = RowFilter(generator, plan)
        for number, record in enumerate(records):
            if number % _REPORT_EVERY == 0:
                yield Progress(tr("Looking at the rows there are"), number, len(records))
            row_filter.know(record)
        before = folder.rows()
        for row in before:
            row_filter.know(row.record(0))
        asked, number = folder.asked(), folder.next_number() - 1
        refusals = _Refusals(folder, answered=bool(asked))
        for done, source in enumerate(found):
            progress = Progress(tr("Making rows"), done, len(found))
            if source.name in asked:
                continue
            try:
                drafts = yield from _drafts(generator, source, plan, ask, progress)
            except NoReply as lost:
                if lost.__cause__ is not None:
                    yield Log(
                        tr("Nothing is made from {name}: {cause}", name=source.name, cause=lost.__cause__),
                        "warning",
                    )
                refusals.take(source, lost)
                continue
            refusals.pass_()
            rows, refused = _filtered(drafts, source, plan, row_filter, number)
            folder.keep(source.name, rows, refused)
            number += len(rows)
            for row in rows:
                yield generated_row(row)
        refusals.end()
        yield Progress(tr("Making rows"), len(found), len(found))
        yield summary(folder)


class _Refusals:
    """Sources that a server refused: one is passed over for good, but where all are, something else is wrong.

    So a refusal is written down when the server has answered another question, and not before.
    """

    def __init__(self, folder: SyntheticFolder, answered: bool) -> None:
        self._folder, self._answered = folder, answered
        self._held: list[tuple[GenerationSource, NoReply]] = []

    def take(self, source: GenerationSource, lost: NoReply) -> None:
        """Note a source of which nothing came. Raises what a server that refuses everything said."""
        if lost.__cause__ is None:  # it did reply
            self.pass_()
            self._folder.keep(source.name, (), Counter({lost.reason: 1}))
            return
        self._held.append((source, lost))
        if len(self._held) >= _IN_A_ROW:
            raise lost.__cause__

    def pass_(self) -> None:
        """The server replied to something."""
        self._answered = True
        for source, lost in self._held:
            self._folder.keep(source.name, (), Counter({lost.reason: 1}))
        self._held.clear()

    def end(self) -> None:
        """Raises what the server said, where it refused all that it was ever asked."""
        if self._held and not self._answered and (cause := self._held[-1][1].__cause__) is not None:
            raise cause
        self.pass_()


def generated_row(row: SyntheticRow, state: str = "pending") -> GeneratedRow:
    """The row as a table shows it."""
    record, made = row.record(row.number), row.made
    return GeneratedRow(
        row.number,
        record.prompt,
        record.answer,
        state,
        made.maker,
        made.model,
        made.source,
        made.passage,
        made.time,
    )


def summary(folder: SyntheticFolder) -> SynthesisEnded:
    """What the folder holds by now."""
    refused = tuple(Refusals(reason, count) for reason, count in folder.refused().most_common())
    return SynthesisEnded(str(folder.path), len(folder.asked()), len(folder.rows()), refused)


def _drafts(
    generator: RowGenerator, source: GenerationSource, plan: Plan, ask: AskModel, progress: Progress
) -> Generator[Event, None, list[Draft]]:
    """What the generator drafts; while the model works, the progress is said again."""
    yield progress
    return (yield from retold(generator.make(source, plan, ask), lambda _: progress))


def _filtered(
    drafts: Sequence[Draft], source: GenerationSource, plan: Plan, row_filter: RowFilter, number: int
) -> tuple[list[SyntheticRow], Counter[str]]:
    rows: list[SyntheticRow] = []
    refused = Counter[str]() if drafts else Counter({NO_FORM: 1})
    now = datetime.now(UTC).isoformat(timespec="seconds")
    passage = source.passage.text if source.passage else ""
    named = plan.model if plan.server else model_name(plan.model)  # rows are given away, paths are not
    model = named if GENERATORS[plan.maker].asks_model else ""
    kin = source.record.group_key if source.record else ""
    made = Provenance(plan.maker, model, source.name, passage, now, kin)
    for draft in drafts:
        if reason := row_filter.refusal(draft, source):
            refused[reason] += 1
        else:
            rows.append(row_of(number + len(rows) + 1, draft.record, made))
    return rows, refused
