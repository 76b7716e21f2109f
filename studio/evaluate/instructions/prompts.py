"""Prompts with the constraints that their answers must keep, and how well a set of answers keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.evaluate.instructions.kinds import KINDS, Constraint
from studio.evaluate.questions import read_questions, text_of

_WANTED = '{"prompt": "…", "constraints": [{"kind": "words", "at_most": 50}]}'


@dataclass(frozen=True)
class InstructionPrompt:
    """What is asked, and the constraints in it."""

    prompt: str
    constraints: tuple[Constraint, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its constraints."""
        return tuple(constraint.kind for constraint in self.constraints)


@dataclass(frozen=True)
class Following:
    """For one answer, whether it keeps each constraint of its prompt: as it stands, and loosely."""

    strict: tuple[bool, ...]
    loose: tuple[bool, ...]

    @property
    def all_strict(self) -> bool:
        return all(self.strict)

    @property
    def all_loose(self) -> bool:
        return all(self.loose)


def following(prompt: InstructionPrompt, answer: str) -> Following:
    """How an answer follows its prompt."""
    return Following(
        tuple(constraint.kept_by(answer) for constraint in prompt.constraints),
        tuple(constraint.kept_loosely_by(answer) for constraint in prompt.constraints),
    )


def read_prompts(path: Path) -> tuple[InstructionPrompt, ...]:
    """The prompts of a file. Raises DataError naming the line that is none, or that nothing can check."""
    return read_questions(path, _prompt, _WANTED)


def kinds_of(prompts: Iterable[InstructionPrompt]) -> tuple[str, ...]:
    """The kinds that the prompts ask for, in the order in which they first come."""
    return tuple(dict.fromkeys(kind for prompt in prompts for kind in prompt.kinds))


def _prompt(row: dict[str, Any], _: int) -> InstructionPrompt:
    """A line's prompt; what cannot be checked raises ValueError, TypeError or KeyError."""
    constraints = tuple(map(_constraint, row["constraints"]))
    if not constraints:
        raise ValueError("constraints")
    return InstructionPrompt(text_of(row, "prompt"), constraints)


def _constraint(row: dict[str, Any]) -> Constraint:
    """A constraint that was tried once, so that a value it does not take is found here."""
    values = {name: value for name, value in row.items() if name != "kind"}
    KINDS[row["kind"]]("An answer, of some words.", **values)
    return Constraint(row["kind"], values)
