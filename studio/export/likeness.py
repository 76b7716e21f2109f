"""How alike two models answer: their logits on ordinary text, from which every answer is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
from mlx import nn

from studio.errors import ModelError
from studio.models import arrays

SINGLE, HALF = 1e-4, 2e-2
"""How far the logits of a faithful copy may be off, as a share of their norm: with weights of 32 and of 16
bits, of which each sum is rounded."""
WORTH_KEEPING = 0.05
"""Of what a run learned may be lost without anybody being asked."""


@dataclass(frozen=True)
class Likeness:
    """What reading an export back gave, beside the model that it was made of.

    `difference` is |logits - its logits| / |its logits|; `same` of `places` have the same likeliest next
    token. `lost` is the difference as a share of what the run changed, None where it changed nothing.
    """

    difference: float
    same: int
    places: int
    lost: float | None = None


@dataclass(frozen=True, eq=False)
class ReadBack:
    """What was written as other tools read it: the model that comes of it, and how alike it is."""

    module: nn.Module
    likeness: Likeness


@dataclass(frozen=True)
class Reference:
    """What a run's model, and the model that it was made of, say to the same text."""

    rows: tuple[tuple[int, ...], ...]
    tuned: mx.array
    learned: float  # |logits of the run - logits of the base|

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], base: nn.Module, tuned: nn.Module) -> Reference:
        """Read the rows with both."""
        kept = tuple(map(tuple, rows))
        after = logits(tuned, kept)
        return cls(kept, after, _norm(after - logits(base, kept)))

    def likeness(self, model: nn.Module) -> Likeness:
        """How alike another model is to the run's."""
        return self.likeness_of(logits(model, self.rows))

    def likeness_of(self, found: mx.array) -> Likeness:
        """The same for logits [tokens, vocabulary]; what a vocabulary has more at its end is left out."""
        width = min(found.shape[-1], self.tuned.shape[-1])
        found, tuned = found[:, :width], self.tuned[:, :width]
        apart = _norm(found - tuned)
        same = int(arrays.number((found.argmax(axis=-1) == tuned.argmax(axis=-1)).sum()))
        lost = apart / self.learned if self.learned else None
        return Likeness(apart / max(_norm(tuned), 1e-30), same, tuned.shape[0], lost)

    def checked(self, model: nn.Module) -> ReadBack:
        """A copy, and how alike it is. Raises ModelError where one of 32 or 16 bits cannot be as far off."""
        model.eval()
        found = self.likeness(model)
        if not found.difference <= (HALF if is_half(model) else SINGLE):
            raise ModelError("export.other_answers", difference=found.difference)
        return ReadBack(model, found)


def logits(model: nn.Module, rows: Sequence[Sequence[int]]) -> mx.array:
    """The logits of every token of some texts, [tokens, vocabulary] in fp32."""
    found = mx.concatenate([model(mx.array([[*row]]))[0].astype(mx.float32) for row in rows])
    mx.eval(found)
    return found


def is_half(model: nn.Module) -> bool:
    """Whether any weights of a model have 16 bits."""
    kinds = {array.dtype for array in arrays.named(model.parameters()).values()}
    return bool(kinds & {mx.float16, mx.bfloat16})


def _norm(array: mx.array) -> float:
    return arrays.number(mx.sqrt(array.square().sum()))
