"""What a report of an evaluation says: question, results, figures, examples, set-up, limits, commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from studio.catalogue import worded
from studio.evaluate.registry import BY_KEY, GROUPS, title_of
from studio.evaluate.report.blocks import (
    Bullets,
    EvaluationReport,
    ExampleBlock,
    Prose,
    ReportBlock,
    Section,
    Subtitle,
    TableBlock,
    Verbatim,
)
from studio.evaluate.report.pictures import ROWS, intervals, picture_of
from studio.evaluate.score_text import difference_text, value_text
from studio.events import MEASURED, Answered, Difference, Evaluated, Figure, Score
from studio.generate.contestant import contestant_of
from studio.language import tr
from studio.recipe.recipe import Recipe, fields
from studio.runs.evaluations import EvaluationStored

_EXAMPLES = 5
_CHANGES = {
    "fixed": tr("Answered right only after training"),
    "broken": tr("Answered right only before training"),
    "both_wrong": tr("Wrong before and after training"),
}


def report_of(
    manifest: Mapping[str, Any],
    stored: EvaluationStored,
    template: str = "",
    learned: Mapping[str, str] | None = None,
) -> EvaluationReport:
    """The report of an evaluation of the run that `manifest` describes.

    `template` is the chat template's text, where the run has one of its own; `learned` are facts of its
    training, by their names.
    """
    result = stored.result
    titles = _titles(result)
    sections = (
        _question(manifest, result),
        Section(tr("Results"), tuple(_results(result, titles))),
        Section(tr("Figures"), tuple(_figures(result, stored.figures, titles))),
        Section(tr("Examples"), tuple(_examples(stored.answers, titles))),
        Section(tr("Set-up"), tuple(_set_up(manifest, stored, template, learned or {}))),
        Section(tr("Limits"), (Bullets(tuple(_limits(result, stored))),)),
        Section(tr("To repeat it"), (Verbatim(commands(manifest, stored)),)),
    )
    return EvaluationReport(
        title=tr("Evaluation of {run}", run=result.run),
        headline=str(result.headline),
        verdict=tuple(map(str, result.verdict)),
        sections=tuple(section for section in sections if section.blocks),
        made=_day(stored),
    )


def results_of(stored: EvaluationStored) -> EvaluationReport:
    """Only what was measured, without a prompt or an answer: for those who are shown the model alone."""
    result = stored.result
    return EvaluationReport(
        title=tr("Evaluation"),
        headline=str(result.headline),
        verdict=tuple(map(str, result.verdict)),
        sections=(
            Section(tr("Results"), tuple(_results(result, _titles(result)))),
            Section(tr("Limits"), (Bullets(tuple(_limits(result, stored))),)),
        ),
        made=_day(stored),
    )


def _name(score: Score) -> str:
    return title_of(score.measure, score.part)


def _question(manifest: Mapping[str, Any], result: Evaluated) -> Section:
    others = ", ".join(title for _, title in result.contestants[1:])
    primary = BY_KEY.get(result.primary)
    asked = tr(
        "Is {others} better than {lower}, and at what cost? The model is {get}; {value}.",
        others=others,
        lower=result.contestants[0][1].lower(),
        get=manifest["recipe"].get("model", "unknown"),
        value=result.golden or "no golden set was asked",
    )
    chosen = (
        tr(
            "The primary measure, chosen before the start, is {lower}: {help} What else is "
            "cited is corrected for several tests (Holm).",
            lower=primary.title.lower(),
            help=primary.help,
        )
        if primary
        else tr("No primary measure is on record.")
    )
    return Section(tr("Question"), (Prose(asked), Prose(chosen)))


def _titles(result: Evaluated) -> dict[str, str]:
    """What everybody is called, also those who compete in a single measure only."""
    keys = (each.contestant for score in result.scores for each in score.scores)
    named = dict(result.contestants)
    return {**{key: contestant_of(key).title for key in keys if key not in named}, **named}


def _results(result: Evaluated, titles: Mapping[str, str]) -> Iterable[ReportBlock]:
    for key, heading in GROUPS.items():
        scores = [each for each in result.scores if _group(each) == key]
        shown = [each for each in scores if each.scores]
        missing = [each for each in scores if not each.scores]
        if scores:
            yield Subtitle(heading)
        if shown:
            yield _table(shown, titles)
        if missing:
            yield Bullets(tuple(f"{_name(each)}: {_state(each)}. {each.reason}" for each in missing))


def _group(score: Score) -> str:
    return BY_KEY[score.measure].group if score.measure in BY_KEY else "answers"


def _state(score: Score) -> str:
    return worded(score.state)


def _table(scores: Sequence[Score], titles: Mapping[str, str]) -> TableBlock:
    several = len({each.contestant for score in scores for each in score.scores}) > 2
    heads = (
        tr("Measure"),
        *((tr("Contestant"),) if several else ()),
        "n",
        tr("Baseline"),
        tr("Value"),
        tr("Difference"),
    )
    rows = [row for score in scores for row in _rows(score, titles, several)]
    right = tuple(range(1 + several, 9 + several))
    return TableBlock((*heads, "95 % interval", "p", "r", tr("Can show")), tuple(rows), right)


def _rows(score: Score, titles: Mapping[str, str], several: bool) -> Iterable[tuple[str, ...]]:
    base, count = value_text(score.scores[0].value, score.unit), f"{score.count:,}"
    name = _name(score) if score.state == MEASURED else f"{_name(score)} ({_state(score)})"
    if not score.differences:
        yield (name, *(("",) if several else ()), count, base, *([""] * 6))
    for moved in score.differences:
        value = score.of(moved.contestant)
        yield (
            name,
            *((titles.get(moved.contestant, moved.contestant),) if several else ()),
            count,
            base,
            "" if value is None else value_text(value, score.unit),
            difference_text(moved.value, score.unit),
            tr(
                "{difference_text} to {difference_text2}",
                difference_text=difference_text(moved.low, score.unit),
                difference_text2=difference_text(moved.high, score.unit),
            ),
            _p(moved.p),
            "" if moved.correlation is None else f"{moved.correlation:.2f}",
            "" if moved.detectable is None else value_text(moved.detectable, score.unit),
        )


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _figures(
    result: Evaluated, figures: Sequence[Figure], titles: Mapping[str, str]
) -> Iterable[ReportBlock]:
    rows = list(_intervals(result, titles))
    for first in range(0, len(rows), ROWS):
        yield intervals(rows[first : first + ROWS], first // ROWS + 1)
    for figure in figures:
        picture = picture_of(figure)
        if picture is not None:
            yield picture
        elif figure.kind_of_figure == "table":
            yield Subtitle(str(figure.title))
            yield _figure_table(figure)


def _intervals(result: Evaluated, titles: Mapping[str, str]) -> Iterable[tuple[str, Score, Difference]]:
    for score in result.scores:
        if score.state == MEASURED and score.better in ("higher", "lower"):
            for moved in score.differences:
                several = len(score.differences) > 1 or moved.contestant not in dict(result.contestants)
                who = f", {titles.get(moved.contestant, moved.contestant)}" if several else ""
                yield f"{_name(score)}{who}", score, moved


def _figure_table(figure: Figure) -> TableBlock:
    rows = tuple(tuple(_cell(cell) for cell in row) for row in figure.data.get("rows", ()))
    return TableBlock(tuple(map(str, figure.data.get("heads", ()))), rows)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _examples(answers: Sequence[Answered], titles: Mapping[str, str]) -> Iterable[ReportBlock]:
    for change, heading in _CHANGES.items():
        found = [each for each in answers if each.change == change]
        if found:
            yield Subtitle(
                tr(
                    "{heading}: {count:,} of {count2:,}",
                    heading=heading,
                    count=len(found),
                    count2=len(answers),
                )
            )
            for answer in islice(found, _EXAMPLES):
                yield _example(answer, titles)


def _example(answer: Answered, titles: Mapping[str, str]) -> ExampleBlock:
    given = (
        (
            titles.get(each.contestant, each.contestant),
            each.text,
            {True: "right", False: "wrong"}.get(bool(each.right), ""),
        )
        for each in answer.answers
    )
    return ExampleBlock(answer.prompt, answer.ideal, tuple(given))


def _set_up(
    manifest: Mapping[str, Any], stored: EvaluationStored, template: str, learned: Mapping[str, str]
) -> Iterable[ReportBlock]:
    plan = stored.plan
    yield TableBlock(("", ""), (*_facts(manifest, stored), *learned.items()))
    if plan.get("contestants"):
        rows = [(str(each["key"]), str(each.get("fingerprint", ""))[:16]) for each in plan["contestants"]]
        yield TableBlock((tr("Contestant"), tr("Fingerprint")), tuple(rows))
    yield Prose(tr("Answers are the likeliest tokens (temperature 0) where nothing else is said."))
    yield from _template(plan.get("template", {}), template)
    changed = tuple(changed_fields(Recipe.kept(manifest["recipe"])))
    yield Prose(
        tr("What of the run's recipe is not as by default:")
        if changed
        else tr("The run's recipe is as by default.")
    )
    if changed:
        yield TableBlock((tr("Field"), tr("Value")), changed)


def _template(asked: Mapping[str, str], own: str) -> Iterable[ReportBlock]:
    if first := asked.get("first"):
        yield Prose(
            tr(
                "The template is {asked}. The first question, as every contestant reads it:",
                asked=asked["description"],
            )
        )
        yield Verbatim(first)
    if text := own or asked.get("text", ""):
        yield Prose(tr("The chat template, the same for every contestant:"))
        yield Verbatim(text)


def _facts(manifest: Mapping[str, Any], stored: EvaluationStored) -> Iterable[tuple[str, str]]:
    plan = stored.plan
    machine = plan.get("machine", manifest.get("machine", {}))
    versions = plan.get("versions", manifest.get("versions", {}))
    yield tr("Run"), stored.result.run
    yield tr("Model"), str(manifest["recipe"].get("model", ""))
    for part, fingerprint in manifest.get("base", {}).items():
        yield tr("Fingerprint of the {part}", part=part), str(fingerprint)[:16]
    yield tr("Dataset"), str(manifest["recipe"].get("data", {}).get("path", "").rsplit("/", 1)[-1])
    yield tr("Fingerprint of the dataset"), str(manifest.get("fingerprint", ""))[:16]
    yield tr("Golden set"), str(plan.get("golden", {}).get("description", stored.result.golden))
    yield tr("Machine"), ", ".join(str(each) for each in machine.values())
    yield tr("Versions"), ", ".join(f"{name} {number}" for name, number in versions.items())
    options = plan.get("options", {})
    yield (
        tr("Seeds"),
        tr(
            "training {get}, evaluation {get2}",
            get=manifest["recipe"].get("loop", {}).get("seed", 0),
            get2=options.get("seed", 0),
        ),
    )
    yield tr("Time taken"), f"{stored.result.seconds:.0f} s"


def changed_fields(recipe: Recipe) -> Iterable[tuple[str, str]]:
    """What of a recipe is not as by default, without its places on this machine."""
    for entry in fields():
        value = entry.value(recipe)
        if value != entry.default and entry.path not in ("model", "data.path", "data.history"):
            yield entry.path, str(value)


def _limits(result: Evaluated, stored: EvaluationStored) -> Iterable[str]:
    yield tr(
        "One training seed and one evaluation: how much another seed would change is not in the intervals."
    )
    yield tr("Intervals are over the rows that were asked; other questions may behave otherwise.")
    primary = result.score(result.primary)
    for moved in primary.differences if primary else ():
        if primary is not None and moved.detectable is not None:
            yield (
                tr(
                    "With {count:,} rows a difference in {lower} of {value_text} or more is found "
                    "four times of five.",
                    count=primary.count,
                    lower=_name(primary).lower(),
                    value_text=value_text(moved.detectable, primary.unit),
                )
            )
            break
    missing = [each for each in result.scores if each.state != MEASURED]
    if missing:
        names = "; ".join(dict.fromkeys(f"{_name(each)} ({_state(each)})" for each in missing))
        yield tr("Not measured, and so no evidence either way: {names}.", names=names)
    if not stored.plan:
        yield tr("It was made by an earlier release, which kept less of what was done.")


def commands(manifest: Mapping[str, Any], stored: EvaluationStored) -> str:
    """The command lines that do the same again."""
    options = stored.plan.get("options", {})
    data = manifest["recipe"].get("data", {}).get("path", "DATA")
    words = ["studio", "evaluate", stored.result.run]
    words += ["--suite", str(options["suite"])] if options.get("suite") else []
    words += [part for key in options.get("measures", ()) for part in ("--measures", key)]
    words += ["--primary", stored.result.primary] if options.get("primary") else []
    words += ["--seed", str(options["seed"])] if options.get("seed") else []
    train = [
        "studio",
        "train",
        data.rsplit("/", 1)[-1],
        "--recipe",
        "recipe.toml",
        "--name",
        stored.result.run,
    ]
    return "\n".join(
        (shlex.join(train), shlex.join(words), shlex.join(["studio", "report", stored.result.run]))
    )


def _day(stored: EvaluationStored) -> str:
    """The day of an evaluation, from the name of its folder."""
    name = stored.folder.name
    return f"{name[:4]}-{name[4:6]}-{name[6:8]}" if name[:8].isdigit() else ""
