"""Who competes: a model with what makes it answer, as plain values that the window can hold without MLX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from studio.catalogue import Phrase, Unusable, worded
from studio.dataset.record import Message
from studio.language import tr
from studio.paths import model_name
from studio.words import whole_characters

if TYPE_CHECKING:
    from mlx import nn
    from mlx_lm.tokenizer_utils import TokenizerWrapper

    from studio.dataset.render.render import Renderer
    from studio.models.cache import SharedWeights

BASE, PARENT, TUNED, RUN, MODEL, SERVER = "base", "parent", "tuned", "run", "model", "server"
"""The untouched original; what the run went on from; the run's result; another run; another model folder; a
model behind an OpenAI-compatible server."""
MIX = "mix"
"""Two adapters on one model, each by its weight."""
SYSTEM_PROMPT, FEW_SHOT, RETRIEVAL = "system_prompt", "few_shot", "retrieval"
APPROACHES = (SYSTEM_PROMPT, FEW_SHOT, RETRIEVAL)
"""Ways of asking that are known by name, as in base+few_shot; what they show is made of the run."""
_AND = ","
_TITLES = {BASE: tr("Base"), PARENT: tr("Parent"), TUNED: tr("Tuned")}
_KEY = re.compile(
    r"(?P<kind>base|parent|tuned|run)(?::(?P<run>[^@*:]+))?"
    r"(?:@(?P<step>\d{1,12}|now))?(?:\*(?P<strength>-?\d{1,3}(?:\.\d{1,6})?))?"
)
_PLAIN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Approach(BaseModel):
    """What a contestant is given beside the question; nothing of it is what a model is usually asked with."""

    model_config = _PLAIN

    name: str = Field(default="", pattern=r"^[\w-]*$")
    system: str = ""
    shots: tuple[tuple[str, str], ...] = ()  # questions and their answers, shown before the question
    passages: str = ""  # the documents that fitting passages are taken from


class Contestant(BaseModel):
    """One that competes. `key` is what files, events and options call it; `title` is for people."""

    model_config = _PLAIN

    kind: str = Field(default=BASE, pattern="^(base|parent|tuned|run|model|server|mix)$")
    run: str = ""  # the name of another run beside the one that is evaluated
    step: int = Field(default=0, ge=0)  # of a checkpoint; 0 is the run's result
    now: bool = False  # what a run that trains at this moment has learned so far
    strength: float = Field(default=1.0, ge=-100, le=100)  # W + strength (W tuned - W at its start)
    model: str = ""  # a folder, or the name of the model that a server is asked for
    server: str = ""  # its address
    parts: tuple[Contestant, ...] = ()  # what a mix is of: W + the sum of strength (W tuned - W), W untouched
    approach: Approach = Approach()
    name: str = ""  # a title of the person's own

    @property
    def key(self) -> str:
        """The same for equal contestants, in whatever file: base, tuned, tuned@500, run:NAME*0.5 …"""
        whole = self._who()
        if self.step or self.now:
            whole += f"@{self.step or 'now'}"
        if self.strength != 1:
            whole += f"*{self.strength:g}"
        return f"{whole}+{self.approach.name}" if self.approach.name else whole

    def _who(self) -> str:
        if self.kind == RUN:
            return f"{RUN}:{self.run}"
        if self.kind == MODEL:
            return f"{MODEL}:{self.model}"
        if self.kind == SERVER:
            return f"{SERVER}:{self.server}#{self.model}"
        if self.kind == MIX:
            return f"{MIX}:{_AND.join(part.key for part in self.parts)}"
        return self.kind

    @property
    def title(self) -> str:
        """What it is called where people read: "Tuned, step 500, at 0.5 of its strength"."""
        if self.name:
            return self.name
        if self.kind == MIX:
            return tr(" with ").join(part.title for part in self.parts)
        named = {RUN: self.run, MODEL: model_name(self.model), SERVER: self.model or self.server}
        parts = [_TITLES.get(self.kind) or named[self.kind]]
        parts += [tr("step {step:,}", step=self.step)] if self.step else []
        parts += [tr("as it is now")] if self.now else []
        parts += [tr("at {strength:g} of its strength", strength=self.strength)] if self.strength != 1 else []
        parts += [worded(self.approach.name)] if self.approach.name else []
        return ", ".join(parts)

    @property
    def is_local(self) -> bool:
        """Whether its weights are opened here."""
        return self.kind != SERVER


class Talk(BaseModel):
    """A contestant with its own conversation: what it said before is its own, so conversations differ.

    The last turn is what is to be answered. `begun` is text that the answer begins with, and goes on after;
    `begun_ids` the same as tokens, exactly. `is_raw` asks without a template: the model goes on from the text
    of the last turn, as base models do.
    """

    model_config = _PLAIN

    contestant: Contestant
    turns: tuple[Message, ...]
    begun: str = ""
    begun_ids: tuple[int, ...] = ()
    is_raw: bool = False
    tools: str = ""  # that it may call, a JSON array as text


def called(talks: Sequence[Talk]) -> tuple[str, ...]:
    """What events call each talk: its contestant's key, with its place behind a key that stood before."""
    names: list[str] = []
    for place, talk in enumerate(talks, 1):
        key = talk.contestant.key
        names.append(f"{key} ({place})" if key in names else key)
    return tuple(names)


def one_prompt(prompt: str, keys: Sequence[str] = (BASE, TUNED), system: str = "") -> tuple[Talk, ...]:
    """The contestants with these keys asked one thing, as a first turn. Raises Unusable for no key."""
    told = (Message("system", whole_characters(system)),) if system else ()
    turns = (*told, Message("user", whole_characters(prompt)))
    return tuple(Talk(contestant=contestant_of(key), turns=turns) for key in keys)


def is_served(key: str) -> bool:
    """Whether the contestant with this key answers from a server."""
    return key.startswith(f"{SERVER}:")


def contestant_of(key: str) -> Contestant:
    """The contestant that has this key; of an approach only its name is in it. Raises Unusable."""
    if key.startswith(f"{MODEL}:") and len(key) > len(MODEL) + 1:
        return Contestant(kind=MODEL, model=key[len(MODEL) + 1 :])
    if key.startswith(f"{SERVER}:") and len(key) > len(SERVER) + 1:
        address, _, model = key[len(SERVER) + 1 :].partition("#")
        return Contestant(kind=SERVER, server=address, model=model)
    own, _, approach = key.partition("+")
    if own.startswith(f"{MIX}:"):
        return _mix_of(own, approach)
    found = _KEY.fullmatch(own)
    if found is None or (found["kind"] == RUN) != bool(found["run"]):
        raise Unusable("contestant.unknown", key=key)
    if found["kind"] in (BASE, PARENT) and (found["step"] or found["strength"]):
        raise Unusable("contestant.unknown", key=key)
    told = {
        "kind": found["kind"],
        "run": found["run"] or "",
        "step": int(found["step"] or 0) if found["step"] != "now" else 0,
        "now": found["step"] == "now",
        "strength": float(found["strength"] or 1),
        "approach": Approach(name=approach),
    }
    return Contestant.model_validate(told)


def _mix_of(key: str, approach: str) -> Contestant:
    """Two keys of what was trained, with a comma between, which no run has in its name. Raises Unusable."""
    parts = tuple(map(contestant_of, key.removeprefix(f"{MIX}:").split(_AND)))
    if len(parts) != 2 or not all(part.kind in (TUNED, RUN) for part in parts):
        raise Unusable("contestant.unknown", key=key)
    return Contestant(kind=MIX, parts=parts, approach=Approach(name=approach))


@dataclass(frozen=True, eq=False)
class OpenContestant:
    """A contestant whose weights are here: `module(ids, cache=None)` gives its logits, at its strength.

    `weights` tells by identity which contestants share one copy of their model's own weights, and `bare`
    makes a module of one's own over them that bears nothing. `adapter` is where what was trained was read,
    the last of what the model was given; the base has none.
    """

    contestant: Contestant
    module: nn.Module
    tokenizer: TokenizerWrapper
    renderer: Renderer
    config: dict[str, Any]
    folder: Path
    fingerprint: str  # of the model's weights and all that was put on them
    weights: SharedWeights
    bare: Callable[[], nn.Module]
    adapter: Path | None = None
    step: int = 0  # that what was trained is of; 0 where nothing tells
    method: str = ""  # lora, dora or full, of what was trained
    remarks_on: Callable[[int], tuple[Phrase, ...]] = lambda tokens: ()  # on texts of so many tokens

    @property
    def key(self) -> str:
        return self.contestant.key

    @property
    def title(self) -> str:
        return self.contestant.title

    def has_tokens_of(self, other: OpenContestant) -> bool:
        """Whether every token is the same to both, so that their losses can be compared."""
        return self.weights is other.weights or self.tokenizer.get_vocab() == other.tokenizer.get_vocab()
