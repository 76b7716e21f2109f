"""What Ollama needs beside a GGUF file: a Modelfile, with the conversation's form in Go's template language.

Ollama does not read the template in the file; it knows some by heart, and gives others the bare text. So
the form is found out by rendering conversations with the model's own template, and only written where it
gives the same text for others. An adapter is never named: Ollama takes none any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jinja2 import TemplateError

from studio.catalogue import Unusable

type RolesSaid = Sequence[tuple[str, str]]
"""Roles with what they say."""

_S, _U, _A, _V = "«system»", "«question»", "«answer»", "«another»"
_PROOF: tuple[RolesSaid, ...] = (
    (("user", "Hi"),),
    (("system", "Be brief."), ("user", "Hi, you!")),
    (("user", "One"), ("assistant", "Two"), ("user", "Three")),
    (("system", "S"), ("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4"), ("user", "5")),
)
"""Conversations for which the form must give what the model's own template gives."""


@dataclass(frozen=True)
class ChatForm:
    """What stands before and after what each role says; at the start; before the answer to come.

    Without `system` the model takes no system prompt. One that is `inside` stands in the first question:
    after what is before a question, which is not said twice then.
    """

    start: str
    system: tuple[str, str] | None
    user: tuple[str, str]
    assistant: tuple[str, str]
    answer: str
    default: str = ""  # what the system says where nobody gives it words
    inside: bool = False

    def render(self, turns: RolesSaid) -> str:
        """A conversation with the beginning of the answer to it."""
        parts = {"system": self.system or ("", ""), "user": self.user, "assistant": self.assistant}
        if self.default and turns[0][0] != "system":
            turns = (("system", self.default), *turns)
        said = ""
        for place, (role, text) in enumerate(turns):
            follows = self.inside and place > 0 and turns[place - 1][0] == "system"
            said += f"{'' if follows else parts[role][0]}{text}{parts[role][1]}"
        return f"{self.start}{said}{self.answer}"

    def as_go(self) -> str:
        """The same in Go's template language. Raises Unusable for a form that it would take for its own."""
        said = (*(self.system or ()), *self.user, *self.assistant)
        if any("{{" in piece or '"""' in piece for piece in (self.start, *said, self.answer, self.default)):
            raise Unusable("export.ollama_form")
        user = self.user[0]
        if self.inside:
            user = f"{{{{ if $led }}}}{{{{ $led = false }}}}{{{{ else }}}}{user}{{{{ end }}}}"
        roles = [("user", (user, self.user[1])), ("assistant", self.assistant)]
        if self.system is not None:
            after = self.system[1] + ("{{ $led = true }}" if self.inside else "")
            roles.insert(0, ("system", (self.system[0], after)))
        turns = "{{ else ".join(
            f'if eq .Role "{role}" }}}}{before}{{{{ .Content }}}}{after}' for role, (before, after) in roles
        )
        start = ("{{ $led := false }}" if self.inside else "") + self.start
        return f"{start}{{{{ range .Messages }}}}{{{{ {turns}{{{{ end }}}}{{{{ end }}}}{self.answer}"


def form_of(tokenizer: Any, bos: str = "", template: str = "") -> ChatForm:
    """The form of a tokenizer's chat template; `bos` is what is put before every text anyway,
    `template` one in place of its own.

    Raises Unusable where the template does more than put something before and after what is said.
    """

    def render(turns: RolesSaid, answer: bool = True) -> str:
        messages = [{"role": role, "content": text} for role, text in turns]
        options = {"chat_template": template} if template else {}
        try:
            text = tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=answer, **options
            )
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise Unusable("export.ollama_form") from error
        return str(text).removeprefix(bos)

    for closing in ("", str(tokenizer.eos_token or "")):  # some close a conversation with a second end
        try:
            found = _found(partial(_open_ended, render, closing))
        except ValueError:  # as Unusable is
            continue
        proof = [turns for turns in _PROOF if found.system or turns[0][0] != "system"]
        if all(found.render(turns) == render(turns) for turns in proof):
            return found
    raise Unusable("export.ollama_form")


def modelfile(file: str, form: ChatForm | None, stops: Sequence[str]) -> str:
    """The Modelfile for a GGUF file beside it; without a form Ollama goes by what it knows."""
    lines = [f"FROM ./{file}"]
    if form is not None:
        lines += [f'TEMPLATE """{form.as_go()}"""']
        lines += [f'SYSTEM """{form.default}"""'] if form.default else []
    lines += [f"PARAMETER stop {json.dumps(stop, ensure_ascii=False)}" for stop in stops]
    return "\n".join(lines) + "\n"


def _found(render: Callable[..., str]) -> ChatForm:
    """Take conversations apart at what is said in them. Raises ValueError where that cannot be found."""
    one = render([("user", _U)], answer=False)
    two = render([("user", _U), ("assistant", _A)], answer=False)
    three = render([("user", _U), ("assistant", _A), ("user", _V)], answer=False)
    answer = _after(render([("user", _U)]), one)
    assistant = _apart(_after(two, one), _A)
    user = _apart(_after(three, two), _V)
    head = one.removesuffix(f"{user[0]}{_U}{user[1]}")
    return _with_system(render, ChatForm(head, None, user, assistant, answer))


def _with_system(render: Callable[..., str], form: ChatForm) -> ChatForm:
    """A form with the place of the system's words; those that the template has itself are its default."""
    question = f"{_U}{form.user[1]}"
    try:
        led = render([("system", _S), ("user", _U)], answer=False)
    except Unusable:
        return form
    before, rest = _apart(led, _S)
    if before == form.start + form.user[0] and not rest.endswith(form.user[0] + question):
        return replace(form, system=(form.user[0], rest.removesuffix(question)), inside=True)
    after = rest.removesuffix(form.user[0] + question)
    if before.startswith(form.start):
        return replace(form, system=(before[len(form.start) :], after))
    default = form.start.removeprefix(before).removesuffix(after)
    return replace(form, start="", system=(before, after), default=default)


def _open_ended(render: Callable[..., str], closing: str, turns: RolesSaid, answer: bool = True) -> str:
    """A conversation without what closes it."""
    return render(turns, answer).removesuffix("" if answer else closing)


def _after(whole: str, begun: str) -> str:
    if not whole.startswith(begun):
        raise ValueError("a longer conversation begins otherwise")
    return whole[len(begun) :]


def _apart(text: str, said: str) -> tuple[str, str]:
    before, there, after = text.partition(said)
    if not there or said in after:
        raise ValueError("what is said is not there once")
    return before, after
