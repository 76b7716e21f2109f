"""What Ollama needs beside a GGUF file: a Modelfile, with the conversation's form in Go's template language.

Ollama does not read the template in the file; it knows some by heart, and gives others the bare text. So
the form is found out by rendering conversations with the model's own template, and only written where it
gives the same text for others. An adapter is never named: Ollama takes none any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """What stands before and after what each role says; at the start; before the answer to come."""

    start: str
    system: tuple[str, str]
    user: tuple[str, str]
    assistant: tuple[str, str]
    answer: str
    default: str = ""  # what the system says where nobody gives it words

    def render(self, turns: RolesSaid) -> str:
        """A conversation with the beginning of the answer to it."""
        parts = {"system": self.system, "user": self.user, "assistant": self.assistant}
        if self.default and turns[0][0] != "system":
            turns = (("system", self.default), *turns)
        said = "".join(f"{parts[role][0]}{text}{parts[role][1]}" for role, text in turns)
        return f"{self.start}{said}{self.answer}"

    def as_go(self) -> str:
        """The same in Go's template language. Raises Unusable for a form that it would take for its own."""
        pieces = (self.start, *self.system, *self.user, *self.assistant, self.answer, self.default)
        if any("{{" in piece or '"""' in piece for piece in pieces):
            raise Unusable("export.ollama_form")
        roles = [("system", self.system), ("user", self.user), ("assistant", self.assistant)]
        turns = "{{ else ".join(
            f'if eq .Role "{role}" }}}}{before}{{{{ .Content }}}}{after}' for role, (before, after) in roles
        )
        return f"{self.start}{{{{ range .Messages }}}}{{{{ {turns}{{{{ end }}}}{{{{ end }}}}{self.answer}"


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

    try:
        found = _found(render)
    except ValueError as error:
        raise Unusable("export.ollama_form") from error
    if any(found.render(turns) != render(turns) for turns in _PROOF):
        raise Unusable("export.ollama_form")
    return found


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
    led = render([("system", _S), ("user", _U)], answer=False)
    answer = _after(render([("user", _U)]), one)
    before_answer, after_answer = _apart(_after(two, one), _A)
    before_user, after_user = _apart(_after(three, two), _V)
    head = one.removesuffix(f"{before_user}{_U}{after_user}")
    before_system, rest = _apart(led, _S)
    after_system = rest.removesuffix(f"{before_user}{_U}{after_user}")
    form = ("", (before_system, after_system), (before_user, after_user), (before_answer, after_answer))
    if before_system.startswith(head):
        return ChatForm(head, (before_system[len(head) :], after_system), *form[2:], answer)
    default = head.removeprefix(before_system).removesuffix(after_system)
    return ChatForm(*form, answer, default)


def _after(whole: str, begun: str) -> str:
    if not whole.startswith(begun):
        raise ValueError("a longer conversation begins otherwise")
    return whole[len(begun) :]


def _apart(text: str, said: str) -> tuple[str, str]:
    before, there, after = text.partition(said)
    if not there or said in after:
        raise ValueError("what is said is not there once")
    return before, after
