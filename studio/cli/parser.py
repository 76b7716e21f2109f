"""The options that every command takes, before and after its name; what is said of names that are none."""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from studio.cli.opening import first_word, names_file
from studio.cli.terminal import asked, console
from studio.errors import RecipeError
from studio.language import tr
from studio.language_choice import CHOICES, is_language


def _set(name: str, context: typer.Context, value: Any) -> None:
    """Note an option; what stands nearest to the command counts."""
    if context.parent is None or value:
        setattr(asked, name, value)


def _home(context: typer.Context, value: Path | None) -> None:
    _set("home", context, value)


def _json(context: typer.Context, value: bool) -> None:
    _set("as_json", context, value)


def _language(context: typer.Context, value: str) -> None:
    """It was spoken from the start; only what is none is left to be told."""
    if value and not is_language(value):
        raise RecipeError("command.language", name=value, languages=", ".join(CHOICES))


def _debug(context: typer.Context, value: bool) -> None:
    _set("debug", context, value)


def _everywhere(
    home: Annotated[
        Path | None,
        typer.Option(
            help=tr("Keep everything the app writes under this folder; else under $STUDIO_HOME, if set."),
            callback=_home,
            expose_value=False,
        ),
    ] = None,
    language: Annotated[
        str,
        typer.Option(
            metavar="LANGUAGE",
            help=tr("Speak this language: en, zh_CN, or system; else that of the settings."),
            callback=_language,
            expose_value=False,
        ),
    ] = "",
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help=tr("Print one JSON document on stdout."), callback=_json, expose_value=False
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help=tr("Show the traceback when something fails."),
            callback=_debug,
            expose_value=False,
        ),
    ] = False,
) -> None:
    """The options; typer makes parameters of them."""


@cache
def _parameters() -> tuple[Any, ...]:
    holder = typer.Typer(add_completion=False)
    holder.command()(_everywhere)
    return tuple(typer.main.get_command(holder).params)


class StudioCommand(TyperCommand):
    """A command that takes these options, too, and whose help is translated."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.help = tr(self.help) if self.help else None
        own = {parameter.name for parameter in self.params}  # `data make` has a language of rows
        self.params = [*self.params, *(each for each in _parameters() if each.name not in own)]


class Group(TyperGroup):
    """A group of such commands, which takes the options before the name of one."""

    otherwise = ""
    """The command that is meant where none is named."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.help = tr(self.help) if self.help else None
        self.params = [*self.params, *_parameters()]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        place = first_word(args)
        word = args[place] if place < len(args) else ""
        if word in self.commands:
            self._note(ctx, word, alone=place + 1 == len(args))
        elif word and word not in ("--help", "-h"):
            if not self.otherwise or self._is_typo(word):
                self._refuse(ctx, word)
            args = [*args[:place], *filter(None, (self.otherwise,)), *args[place:]]
        return super().parse_args(ctx, args)

    def _note(self, ctx: Any, word: str, *, alone: bool) -> None:
        """Say of a command that could be meant as a file how that is written."""
        if alone and os.path.exists(word):
            place = ctx.command_path
            console.print(
                tr(
                    "`{word}` is a command. For the file of that name: `{place} .{sep}{word}`.",
                    word=word,
                    place=place,
                    sep=os.sep,
                )
            )

    def _is_typo(self, word: str) -> bool:
        return not names_file(word) and not word.startswith("-") and bool(self._alike(word))

    def _alike(self, word: str) -> list[str]:
        return difflib.get_close_matches(word, list(self.commands), n=1)

    def _refuse(self, ctx: Any, word: str) -> None:
        """Raise click's error for a word that is no command; options are left to the parser."""
        if word.startswith("-"):
            return
        if names_file(word):
            ctx.fail(
                tr(
                    "The window opens one dataset, with --home and --debug beside it; `{word}` "
                    "cannot be opened so. For a command, write its name first, as in `studio train "
                    "{word}`.",
                    word=word,
                )
            )
        meant = "".join(tr(" Did you mean '{each}'?", each=each) for each in self._alike(word))
        ctx.fail(tr("No such command '{word}', and no file of that name.{meant}", word=word, meant=meant))


class DataGroup(Group):
    """`studio data rows.jsonl` shows the dataset."""

    otherwise = "show"
