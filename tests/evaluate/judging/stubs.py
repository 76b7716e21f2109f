"""Judges of known character, and pairs of answers of known worth for them to judge."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Generator
from typing import Any

from studio.evaluate.judging.judge import Judge, JudgeQuestion, JudgeReply
from studio.evaluate.judging.pairs import FIRST, SECOND, TIE, Pair, PairVerdict, questions_of, verdicts
from studio.evaluate.judging.questioning import judged
from tests.conftest import finish

_ANSWERS = re.compile(r"<answer_A>\n(.*)\n</answer_A>\n\n<answer_B>\n(.*)\n</answer_B>", re.DOTALL)


def shown(question: JudgeQuestion | str) -> tuple[str, str]:
    """The two answers that a judge sees, in the order in which it sees them."""
    found = _ANSWERS.search(question if isinstance(question, str) else question.text)
    assert found
    return found[1], found[2]


def worth(answer: str) -> float:
    """How good an answer is: it says so itself, which only these judges know to read."""
    return float(answer.partition("worth ")[2].partition(" ")[0])


def fair(question: JudgeQuestion | str) -> str:
    first, second = map(worth, shown(question))
    return TIE if first == second else FIRST if first > second else SECOND


def first_is_best(question: JudgeQuestion | str) -> str:
    return FIRST


def loves_length(question: JudgeQuestion | str) -> str:
    first, second = map(len, shown(question))
    return fair(question) if first == second else FIRST if first > second else SECOND


def only_ties(question: JudgeQuestion | str) -> str:
    return TIE


def coin(seed: int) -> Callable[[JudgeQuestion | str], str]:
    draw = random.Random(seed)
    return lambda question: draw.choice((FIRST, SECOND))


def garbled(question: JudgeQuestion | str) -> str:
    return "Both A and B have their merits, as [[A]] shows; then again [[B]]"


class Stub:
    """A judge that decides by a function, takes `steps` to think, and counts what it is asked."""

    def __init__(
        self, decides: Callable[[JudgeQuestion], str], steps: int = 1, at_once: int = 1, name: str = "stub"
    ) -> None:
        self.asked: list[JudgeQuestion] = []
        self.most = self._open = 0
        self._decides, self._steps = decides, steps
        self.judge = Judge(f"stub:{name}", name, name, self._ask, at_once)

    def _ask(self, question: JudgeQuestion) -> Generator[None, None, JudgeReply]:
        self.asked.append(question)
        self._open += 1
        self.most = max(self.most, self._open)
        for _ in range(self._steps):
            yield
        self._open -= 1
        said = self._decides(question)
        return JudgeReply(f"It is better. [[{said}]]" if said in question.choices else said)


class Kept:
    """A store in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Any] = {}

    def known(self, cache: str, key: str) -> Any:
        return self.values.get((cache, key))

    def remember(self, cache: str, key: str, value: Any) -> None:
        self.values[cache, key] = value


def planted(count: int, wins: float, ties: float = 0.0, more: int = 0, seed: int = 0) -> list[Pair]:
    """Pairs of which the challenger wins and ties these shares, with answers about `more` letters longer."""
    draw = random.Random(seed)
    pairs = []
    for number in range(count):
        lot = draw.random()
        better = 9 if lot < wins else 5 if lot < wins + ties else 1
        base = f"An answer worth 5 to question {number} {'x' * draw.randrange(200, 260)}"
        padding = "y" * max(0, 200 + draw.randrange(60) + (draw.randrange(2 * more) if more else 0))
        challenger = f"An answer worth {better} to question {number} {padding}"
        pairs.append(Pair(f"q{number}", f"Question {number}?", base, challenger))
    return pairs


def judge_pairs(judge: Judge, pairs: list[Pair], store: Any = None) -> list[PairVerdict]:
    """What the judge says of the pairs."""
    replies = finish(judged(judge, questions_of(pairs), Kept() if store is None else store))
    return verdicts(pairs, replies)
