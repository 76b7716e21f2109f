"""Chat templates as transformers runs them: the same sandbox, the same functions, the same text.

Needs nothing but Jinja, so that a process of its own has it at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from studio.catalogue import Unusable

type TemplateTurns = Sequence[Mapping[str, Any]]


class Generation(Extension):
    """The {% generation %} tag, which transformers adds to Jinja."""

    tags = {"generation"}  # noqa: RUF012 - so Jinja declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


OUTPUT_LIMIT = 2**25
"""Characters that a template may write of one conversation: eight times what a row may have."""


class TooMuch(ValueError):
    """A template writes more than OUTPUT_LIMIT."""


def environment() -> ImmutableSandboxedEnvironment:
    """Where chat templates run: what is constant in them already while they are compiled."""
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    made.filters["tojson"] = _tojson
    made.globals["raise_exception"] = _raise_exception
    made.globals["strftime_now"] = _strftime_now
    made.globals["namespace"] = _Namespace
    return made


def render(
    source: str, tokens: Mapping[str, Any], turns: TemplateTurns, tools: Sequence[Any] | None, *, prompt: bool
) -> str:
    """The conversation as the template writes it; with `prompt`, up to where the next answer begins.

    `tokens` are a tokenizer's special tokens by their names. Raises jinja2.TemplateError, and whatever the
    template's own code does wrong.
    """
    given = {"messages": turns, "tools": tools, "documents": None, "add_generation_prompt": prompt}
    parts: list[str] = []
    left = OUTPUT_LIMIT
    for part in _compiled(source).generate(**{**tokens, **given}):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise TooMuch(f"it writes more than {OUTPUT_LIMIT:,} characters")
    return "".join(parts)


def parsed(source: str) -> nodes.Template:
    """The template's parts, none of which has run. Raises jinja2.TemplateSyntaxError."""
    return environment().parse(source)


@lru_cache(maxsize=16)
def _compiled(source: str) -> Template:
    return environment().from_string(source)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise_exception(message: str) -> None:
    raise TemplateError(message)


def _strftime_now(format: str) -> str:
    return datetime.now().strftime(format)


class _BadName(Unusable, SecurityError):
    """A name that a template may not give to what it keeps."""


class _Namespace(Namespace):
    """Jinja's, without names that begin with an underline: those reach into Python."""

    def __init__(*args: Any, **values: Any) -> None:  # so that a template may name one of them self
        self, *given = args
        named = dict(*given, **values)
        for name in named:
            _check_name(name)
        Namespace.__init__(self, named)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        Namespace.__setitem__(self, name, value)


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise _BadName("template.bad_name", name=name)
