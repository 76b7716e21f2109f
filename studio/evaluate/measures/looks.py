"""What the measures inside a model have in common: who is looked at, on which texts, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.catalogue import Phrase, Said, Unusable, phrase
from studio.dataset.render.render import Tokens
from studio.errors import DataError
from studio.evaluate.measure import Setting
from studio.evaluate.measures.held_out_loss import clusters_of
from studio.evaluate.measures.nothing import incompatible, not_run
from studio.events import Event, Progress, Score

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant

LONGEST = 2048
"""Tokens of a text, beyond which it is left out."""


@dataclass(frozen=True)
class AnswerText:
    """A question with its ideal answer as tokens; `asked` are the places of the answer's."""

    id: str
    ids: tuple[int, ...]
    asked: tuple[int, ...]
    cluster: str = ""
    prompt: str = ""

    @property
    def tokens(self) -> Tokens:
        """As a row, of which the answer is counted."""
        return Tokens(self.ids, tuple(place in set(self.asked) for place in range(len(self.ids))))


def answer_texts(
    setting: Setting, most: int, longest: int = LONGEST, *, cut: bool = False
) -> list[AnswerText]:
    """The first so many questions with their ideal answers: the golden set's, else held-out examples.

    Those of more than `longest` tokens are left out, or with `cut` read that far.
    """
    found: list[AnswerText] = []
    for text in _golden_texts(setting) if setting.golden.items else _held_out_texts(setting):
        if len(found) == most:
            break
        if len(text.ids) <= longest:
            found.append(text)
        elif cut:
            kept = tuple(place for place in text.asked if place < longest)
            found.append(replace(text, ids=text.ids[:longest], asked=kept))
    return found


def _golden_texts(setting: Setting) -> Iterator[AnswerText]:
    first = setting.contestants[0]
    for item in setting.golden.items:
        try:
            prompt = first.renderer.prompt_ids(item.turns, item.tools)
        except DataError:  # a conversation that this template does not show
            continue
        answer = first.tokenizer.encode(item.ideal, add_special_tokens=False)
        if prompt and answer:
            asked = tuple(range(len(prompt), len(prompt) + len(answer)))
            yield AnswerText(item.id, (*prompt, *answer), asked, item.cluster or item.id, item.prompt)


def _held_out_texts(setting: Setting) -> Iterator[AnswerText]:
    examples = setting.data.validation if setting.data is not None else ()
    clusters = clusters_of(examples)
    for number, (example, cluster) in enumerate(zip(examples, clusters, strict=True)):
        asked = tuple(place for place, target in enumerate(example.tokens.trained) if target)
        turns = example.record.before_answer
        prompt = turns[-1].whole if turns else ""
        yield AnswerText(f"validation-{number}", example.tokens.ids, asked, cluster, prompt)


def others(setting: Setting) -> tuple[OpenContestant, ...]:
    """Those whose weights are held against the baseline's: an approach changes none."""
    return tuple(each for each in setting.contestants[1:] if not each.contestant.approach.name)


def check_vocabulary(one: OpenContestant, other: OpenContestant) -> None:
    """Raise Unusable where a token is not the same to both."""
    if not other.has_tokens_of(one):
        raise Unusable("inside.other_vocabulary")


def looked[T](
    setting: Setting, what: str, texts: Sequence[object], look: Callable[[OpenContestant, int], T]
) -> Generator[Event, None, tuple[dict[str, list[T]], Said]]:
    """For each contestant but the baseline what `look` finds in each text, by the text's number.

    Whoever cannot be looked into is missing, and the reason for the last of them comes second.
    """
    found: dict[str, list[T]] = {}
    reason: Said = ""
    whom = others(setting)
    for number, each in enumerate(whom):
        try:
            check_vocabulary(setting.contestants[0], each)
            seen: list[T] = []
            for place in range(len(texts)):
                yield Progress(what, number * len(texts) + place, len(whom) * len(texts))
                seen.append(look(each, place))
        except Unusable as error:
            reason = error.phrase
            continue
        found[each.key] = seen
    return found, reason


def nothing_seen(measure: str, setting: Setting, texts: Sequence[object], reason: Said) -> Score:
    """Why there is no score: nobody to look at, nothing to look at it with, or no way in."""
    if not others(setting):
        return not_run(measure, phrase("inside.nobody"))
    if not texts:
        return not_run(measure, phrase("inside.no_texts"))
    return incompatible(measure, reason)


def title_for(setting: Setting, contestant: OpenContestant, what: str) -> Phrase:
    """The title of a figure about one contestant, which is named where there are several."""
    title = _TITLES[what]
    if len(others(setting)) < 2:
        return title
    return phrase("inside.of", what=title, contestant=contestant.title)


_TITLES = {
    "heads": phrase("inside.heads"),
    "matrices": phrase("inside.matrices"),
    "tokens": phrase("inside.tokens"),
    "words": phrase("inside.words"),
}


def token_texts(contestant: OpenContestant, ids: Sequence[int]) -> list[str]:
    """What each token adds to the text; a character of several tokens belongs to the last of them."""
    found, done = [], ""
    for end in range(1, len(ids) + 1):
        text = contestant.tokenizer.decode(list(ids[:end]))
        whole = not text.endswith("�")
        found.append(text[len(done) :] if whole else "")
        done = text if whole else done
    return found
