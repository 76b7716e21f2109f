"""What a run does to its model's layers for the time of one forward pass, all of it together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import mlx.core as mx
from mlx import nn

from studio.errors import RecipeError
from studio.train.kernels import overlay
from studio.train.kernels.overlay import Call, find_stack, noisy, recomputed, seed_of, seeded
from studio.train.kernels.prefix import PrefixCache, first_trained_layer
from studio.train.micro_batch import Packing, Segments


class Overlays:
    """A run's gradient checkpointing, noise, prefix cache and packing, made once and used at every pass.

    Raises RecipeError where the model's family cannot have what is asked for.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        checkpointing: bool = False,
        noise: float = 0.0,
        prefix: PrefixCache | None = None,
        packing: Packing | None = None,
    ) -> None:
        if noise and prefix:
            raise ValueError("noise on the embeddings changes what enters the frozen layers")
        self.stack = find_stack(model) if overlay.verified(model) else None
        self._refuse(checkpointing=checkpointing, noise=bool(noise))
        if self.stack is None and (prefix or packing):
            raise ValueError("prefix cache and packing are for models that were verified")
        self.checkpointing, self.noise, self.prefix, self.packing = checkpointing, noise, prefix, packing
        self.first = first_trained_layer(model)

    def _refuse(self, *, checkpointing: bool, noise: bool) -> None:
        what = ""
        if checkpointing and self.stack is None:
            what = "Gradient checkpointing"
        elif noise and (self.stack is None or self.stack.embedding is None):
            what = "NEFTune"
        if what:
            raise RecipeError("train.other_layers", what=what)

    @contextmanager
    def around(
        self,
        lengths: Sequence[Sequence[int]],
        rows: Sequence[Sequence[int]] | None = None,
        seed: int = 0,
        learning: bool = True,
    ) -> Iterator[list[Segments] | None]:
        """Within the block the model runs as the run asks; gives the cache to call it with.

        `lengths` has for each row of the batch the input tokens of each sequence in it, `rows` the numbers of
        those sequences in the prefix cache (None: not there, so every layer is computed). While `learning`,
        noise and dropout are drawn from `seed`, layer by layer, so they are the same with checkpointing and
        without, and with a prefix cache and without. One exception: dropout in the adapters of experts is
        drawn in an order that depends on the padding, which the cache leaves zero; it is another draw then.
        Enter it inside the function that is differentiated.
        """
        if learning:
            mx.random.seed(seed)  # for whatever is not seeded on its own
        if self.stack is None:
            yield None
            return
        cache = self.packing.cache(lengths, len(self.stack.layers)) if self.packing else None
        calls = self._learning_calls(seed) if learning else {}
        if self.prefix is not None and rows is not None:
            calls |= self.prefix.calls(rows)
        with self.stack.replaced(calls, self._embedding(lengths, seed) if learning else None):
            yield cache

    def _learning_calls(self, seed: int) -> dict[int, Call]:
        """The trained layers, each with its own seed, and computed again for the gradient if asked."""
        assert self.stack is not None
        calls: dict[int, Call] = {}
        for index in range(self.first, len(self.stack.layers)):
            layer = self.stack.layers[index]
            calls[index] = seeded(layer, seed_of(seed, index + 1))
            if self.checkpointing:
                calls[index] = recomputed(layer, calls[index])
        return calls

    def _embedding(self, lengths: Sequence[Sequence[int]], seed: int) -> Call | None:
        if self.stack is None or not self.noise:
            return None
        return noisy(self.stack.embedding, lengths, self.noise, seed_of(seed, 0))
