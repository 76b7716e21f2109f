"""A person's own chat template: read from a file, and checked before anything is written with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from studio.catalogue import Phrase, phrase
from studio.dataset.record import Message
from studio.dataset.render.chat_template import ChatTemplate
from studio.dataset.render.isolated import guarded
from studio.dataset.render.sandbox import environment
from studio.dataset.render.template import Refused, Template
from studio.errors import DataError

SIZE_LIMIT = 2**20
"""Characters; the longest published template has about 20,000."""

_GIVEN = frozenset(
    {"messages", "tools", "add_generation_prompt", "bos_token", "eos_token", "raise_exception"}
)
"""The names that a chat template is given, and may use."""

_KNOWN = _GIVEN | {
    *("documents", "enable_thinking", "strftime_now", "unk_token", "pad_token", "sep_token"),
    *("cls_token", "mask_token", "additional_special_tokens", "loop", "caller", "varargs", "kwargs"),
}
_TRIALS = (
    (Message("user", "Question?"), Message("assistant", "Answer.")),
    (Message("system", "Rule."), Message("user", "Question?"), Message("assistant", "Answer.")),
)


def custom_template(path: Path, tokenizer: Any, closing: Iterable[str]) -> Template:
    """The template in a .jinja file.

    Raises DataError with the line when it is not valid, uses a name that it is not given, or refuses a
    question and its answer.
    """
    source = _read(path)
    for line, reason in _problems(source):
        raise DataError("template.damaged", file=path.name, line=line, reason=reason)
    described = phrase("template.of_file", file=path.name)
    template = guarded(ChatTemplate.given(tokenizer, closing, source, described))
    refusals = [why for why in (_refusal(template, trial) for trial in _TRIALS) if why]
    if len(refusals) == len(_TRIALS):
        raise DataError("template.not_written", reason=refusals[0])
    return template


def _read(path: Path) -> str:
    try:
        source = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError("template.missing", file=path) from error
    except UnicodeDecodeError as error:
        raise DataError("template.no_text", file=path.name) from error
    except OSError as error:
        raise DataError("disk.unreadable", file=path.name, fault=error.strerror or error) from error
    if not source.strip():
        raise DataError("template.empty", file=path.name)
    if len(source) > SIZE_LIMIT:
        raise DataError("template.too_long", file=path.name, characters=len(source))
    return source


def _problems(source: str) -> Iterator[tuple[int, Phrase]]:
    """What is wrong with a template, after its line: its syntax, or names that stand for nothing."""
    jinja = environment()
    try:
        tree = jinja.parse(source)
    except TemplateSyntaxError as error:
        fault = error.message or type(error).__name__
        yield error.lineno, phrase("template.syntax", fault=f"{fault[0].lower()}{fault[1:]}")
        return
    except RecursionError:
        yield 1, phrase("template.nested")
        return
    for node in sorted(tree.find_all((nodes.Filter, nodes.Test)), key=lambda node: node.lineno):
        is_filter = isinstance(node, nodes.Filter)
        if node.name not in (jinja.filters if is_filter else jinja.tests):
            code = "template.no_filter" if is_filter else "template.no_test"
            yield node.lineno, phrase(code, name=node.name)
    known = _KNOWN | jinja.globals.keys() | set(_own(tree))
    for name in sorted(tree.find_all(nodes.Name), key=lambda node: node.lineno):
        if name.name not in known:
            near = difflib.get_close_matches(name.name, _KNOWN, n=1, cutoff=0.5)
            given = {"near": near[0]} if near else {"names": ", ".join(sorted(_GIVEN))}
            code = "template.near_name" if near else "template.no_name"
            yield name.lineno, phrase(code, name=name.name, **given)


def _own(tree: nodes.Template) -> Iterator[str]:
    """Names that the template sets, or asks about before it uses them (`x is defined`, `x | default(…)`)."""
    yield from (name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
    yield from (macro.name for macro in tree.find_all(nodes.Macro))
    for test in tree.find_all(nodes.Test):
        if test.name in ("defined", "undefined") and isinstance(test.node, nodes.Name):
            yield test.node.name
    for filter in tree.find_all(nodes.Filter):
        if filter.name in ("default", "d") and isinstance(filter.node, nodes.Name):
            yield filter.node.name


def _refusal(template: Template, messages: tuple[Message, ...]) -> Phrase | None:
    """Why the template does not write a conversation, as a clause; None when it does."""
    try:
        text = template.rows(messages)[-1].text
    except Refused as error:
        return error.phrase
    missing = next((message for message in messages if message.content not in text), None)
    if missing is None:
        return None
    role = phrase(f"role.{missing.role}")
    return phrase("template.leaves_out", template=template.description, role=role)
