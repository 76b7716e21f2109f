"""`studio chat`: one question, or a conversation turn by turn, with a run, a model, or several at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from studio.catalogue import Unusable
from studio.cli import results
from studio.cli.options import ChangedBase, from_fields, paths_from, store_from, with_fields
from studio.cli.parser import StudioCommand
from studio.cli.terminal import asked, console, interruptible, perform, report, write
from studio.dataset.record import Message
from studio.errors import RecipeError
from studio.events import AnswerEnded, AnswerPiece, Log
from studio.generate.contestant import (
    BASE,
    MODEL,
    TUNED,
    Contestant,
    Talk,
    contestant_of,
)
from studio.generate.presets import Presets, sampling_of
from studio.generate.sampling import Sampling, read_stop
from studio.jobs.answers import ChatJob
from studio.jobs.train import recipe_of
from studio.language import tr
from studio.models.present import named_model
from studio.paths import model_folder
from studio.runs.folder import RunFolder
from studio.words import whole_characters

OWN_PRESET = "model"
"""The name under which a model's own way of drawing is asked for."""


@with_fields(Sampling, *Sampling.model_fields)
def chat(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help=tr("The name of a run, or its folder."))] = "",
    prompt: Annotated[
        str | None, typer.Option(help=tr("What to ask; else turns are read from stdin."))
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help=tr("Ask the base model too."))] = False,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="WHO",
            help=tr(
                "Whom to ask, each time it is given: base, tuned@500, tuned*0.5, tuned@now, run:NAME, "
                "mix:tuned*0.5,run:NAME*0.5, server:ADDRESS#MODEL."
            ),
        ),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help=tr("A model by its name or folder, also without any run."))
    ] = None,
    system: Annotated[str, typer.Option(metavar="TEXT", help=tr("The system prompt."))] = "",
    raw: Annotated[
        bool,
        typer.Option("--raw", help=tr("No template: the model goes on from the text, as base models do.")),
    ] = False,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=tr(
                "Draw as a preset says; other options change it. {OWN_PRESET} is the model's own.",
                OWN_PRESET=OWN_PRESET,
            ),
        ),
    ] = "",
    typed_tokens: Annotated[
        bool,
        typer.Option("--typed-tokens", help=tr("Read control tokens in the prompt as such, not as text.")),
    ] = False,
    changed_base: ChangedBase = False,
    **drawn: Any,
) -> None:
    """Ask the tuned model, or several side by side: one prompt, or turn by turn in a conversation."""
    if prompt is not None and not whole_characters(prompt).strip():
        raise RecipeError("command.empty_prompt")
    given = {name for name in drawn if _is_given(context, name)}
    drawn["stop"] = tuple(map(read_stop, drawn["stop"] or ()))
    sampling = from_fields(Sampling, drawn, RecipeError)
    folder = store_from().find(run) if run else None
    try:
        who = _whom(folder, compare, with_ or (), model or ())
        sampling = sampling.model_copy(update=_preset(preset, folder, who, given))
    except Unusable as error:
        raise RecipeError(error.phrase) from error
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache
    talking = _Talking(folder, who, sampling, ModelCache(), typed_tokens, changed_base, raw)
    if system:
        talking.say(Message("system", whole_characters(system)))
    if prompt is not None:
        answers = talking.ask(whole_characters(prompt))
        result = results.of_answers(whole_characters(prompt), answers, sampling)
        report(result.document, result.text)
    else:
        _converse(talking, system)


def register(app: typer.Typer) -> None:
    """Give the command line `chat`."""
    app.command("chat", cls=StudioCommand)(chat)


def _whom(
    run: RunFolder | None, compare: bool, keys: Sequence[str], models: Sequence[str]
) -> tuple[Contestant, ...]:
    """Who answers: those who are named, else what the run learned. Raises RecipeError for nobody."""
    own = paths_from().models
    found = [contestant_of(key) for key in keys]
    found += [Contestant(kind=MODEL, model=str(model_folder(named_model(name, own)))) for name in models]
    if run is not None and (compare or not found):
        found = [contestant_of(key) for key in ((BASE, TUNED) if compare else (TUNED,))] + found
    if not found:
        raise RecipeError("command.nobody_to_ask")
    return tuple({each.key: each for each in found}.values())


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _preset(name: str, run: RunFolder | None, who: Sequence[Contestant], given: set[str]) -> dict[str, Any]:
    """The values of a preset that no option gives. Raises RecipeError or Unusable where there is none."""
    if not name:
        return {}
    if name.strip().lower() == OWN_PRESET:
        folder = _model_of(run, who)
        sampling = sampling_of(folder)
        if sampling is None:
            raise RecipeError("command.no_own_preset", model=folder)
    else:
        sampling = Presets(paths_from().presets).find(name).sampling
    return {key: value for key, value in sampling.model_dump().items() if key not in given}


def _model_of(run: RunFolder | None, who: Sequence[Contestant]) -> Path:
    """The model of the first who is asked and has one here, else of the run."""
    if named := next((each.model for each in who if each.kind == MODEL), ""):
        return Path(named)
    if run is None:
        raise RecipeError("command.nobody_to_ask")
    return model_folder(recipe_of(run.manifest()).model)


@dataclass
class _Talking:
    """A conversation with each who is asked, every one with its own answers."""

    run: RunFolder | None
    who: tuple[Contestant, ...]
    sampling: Sampling
    cache: Any
    typed_tokens: bool
    changed_base: bool
    raw: bool
    turns: dict[str, tuple[Message, ...]] = field(default_factory=dict)

    def say(self, turn: Message) -> None:
        """Add a turn to every conversation."""
        self.turns = {each.key: (*self.turns.get(each.key, ()), turn) for each in self.who}

    def ask(self, prompt: str, *, shown: bool = False) -> list[AnswerEnded]:
        """The answers to the next turn, which stand in the conversations then; with `shown`, as they come."""
        self.say(Message("user", prompt))
        talks = tuple(Talk(contestant=each, turns=self.turns[each.key], is_raw=self.raw) for each in self.who)
        job = ChatJob(self.run, talks, self.sampling, self.typed_tokens, self.changed_base)
        with self.cache.at_work():
            if shown:
                answers = _streamed(job, self.cache, alone=len(talks) == 1)
            else:
                events = perform(job.run_events(self.cache))
                answers = [event for event in events if isinstance(event, AnswerEnded)]
        order = [each.key for each in self.who]
        answers.sort(key=lambda answer: order.index(answer.who))
        for answer in answers:
            self.turns[answer.who] += (Message("assistant", answer.text),)
        return answers


def _streamed(job: ChatJob, cache: Any, *, alone: bool) -> list[AnswerEnded]:
    """The answers, written as they come; Ctrl-C ends them where they are, and not the conversation."""
    found: list[AnswerEnded] = []
    pieces: dict[str, str] = {talk.contestant.key: "" for talk in job.talks}
    events = job.run_events(cache)
    with interruptible() as stop:
        for event in events:
            match event:
                case AnswerPiece(who, text):
                    pieces[who] += text
                    if alone:
                        write(text, end="")
                case AnswerEnded():
                    found.append(event)
                    write("" if alone else f"{event.who}: {event.text.strip()}\n")
                case Log(text, level):
                    console.print(text, style="yellow" if level == "warning" else "dim")
            if stop.pressed:
                events.close()
                write("")
                break
    ended = {each.who for each in found}
    cut = [AnswerEnded(who, text, 0, 0, 0.0, 0.0, "stopped") for who, text in pieces.items()]
    return [*found, *(each for each in cut if each.who not in ended)]


def _converse(talking: _Talking, system: str) -> None:
    """Turn after turn from stdin until it ends: a line each, typed or piped."""
    typed = sys.stdin.isatty()
    told = []
    for prompt in _turns(typed):
        answers = talking.ask(prompt, shown=typed and not asked.as_json)
        told.append({"prompt": prompt, "answers": results.told_answers(answers)})
        if not typed and not asked.as_json:
            write(f"> {prompt}\n{results.answers_in_words(answers)}\n")
    if not told:
        raise RecipeError("command.empty_prompt")
    if asked.as_json:
        report({"system": system, "sampling": talking.sampling.model_dump(), "turns": told}, "")


def _turns(typed: bool) -> Iterator[str]:
    """The lines of stdin that say something; where they are typed, asked for one by one."""
    while True:
        if typed:
            console.print(tr("You: "), end="")
        line = sys.stdin.readline()
        if not line:
            return
        if prompt := whole_characters(line).strip():
            yield prompt
