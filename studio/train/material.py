"""A part of a dataset as the loop takes it: which sequences make an example, and their batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studio.data.batch import Batch, collate
from studio.data.render import Example, Tokens
from studio.train.packing import pack
from studio.train.plan import Portion


@dataclass(frozen=True)
class Totals:
    """What an objective divides by, counted over a whole step.

    `tokens` are trained, `read` all that go in; `whole` counts the targets of chosen answers with their
    prompts; `pairs` and `examples` count what their names say.
    """

    tokens: int
    read: int
    whole: int
    pairs: int
    examples: int


@dataclass(frozen=True, eq=False)
class Material:
    """Sequences, and the examples they make: one each, two of a pair, or several in a packed row.

    `first` is the number of the first sequence in what the run keeps for all parts together.
    """

    sequences: tuple[Tokens, ...]
    examples: tuple[tuple[int, ...], ...]
    pairs: bool = False
    first: int = 0

    @classmethod
    def of(cls, examples: Iterable[Example], *, pairs: bool = False, first: int = 0) -> Material:
        """Examples as they are; a pair is its chosen sequence, then the rejected one."""
        sequences: list[Tokens] = []
        made: list[tuple[int, ...]] = []
        for example in examples:
            parts = [example.tokens, example.rejected] if pairs else [example.tokens]
            made.append(tuple(range(len(sequences), len(sequences) + len(parts))))
            sequences.extend(part for part in parts if part is not None)
        return cls(tuple(sequences), tuple(made), pairs, first)

    def packed(self, width: int) -> Material:
        """The same sequences with as many in a row as fit into `width` positions."""
        rows = pack([len(tokens.ids) - 1 for tokens in self.sequences], width)
        return Material(self.sequences, tuple(tuple(row) for row in rows), False, self.first)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The positions in the longest row of each example."""
        sizes = [len(tokens.ids) - 1 for tokens in self.sequences]
        combine = max if self.pairs else sum
        return tuple(combine(sizes[i] for i in example) for example in self.examples)

    def batch(self, portion: Portion) -> Batch:
        """A portion's arrays; of pairs, all chosen rows come first."""
        chosen = [self.examples[index] for index in portion.examples]
        if self.pairs:
            order = [pair[side] for side in (0, 1) for pair in chosen]
            rows = list(range(len(order)))
        else:
            order = [i for example in chosen for i in example]
            rows = [row for row, example in enumerate(chosen) for _ in example]
        return collate(
            [self.sequences[i] for i in order],
            portion.width,
            rows=rows,
            sequences=[self.first + i for i in order],
        )

    def totals(self, examples: Sequence[int]) -> Totals:
        """What these examples hold together."""
        parts = [[self.sequences[i] for i in self.examples[index]] for index in examples]
        return Totals(
            tokens=sum(tokens.targets for part in parts for tokens in part),
            read=sum(len(tokens.ids) for part in parts for tokens in part),
            whole=sum(len(part[0].ids) - 1 for part in parts) if self.pairs else 0,
            pairs=len(parts) if self.pairs else 0,
            examples=len(parts),
        )
