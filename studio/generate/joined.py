"""Several contestants in one model: each row of a batch is answered by a contestant of its own.

Contestants of one base differ in the adapters of some layers, each of which makes of W x the change that
`studio.generate.changes` describes. So the contestants' A and B are laid side by side, and a row lets through
only its own part of A x: one matrix product with W serves the rows of all. Ranks and layers may differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.utils import tree_unflatten

from studio.generate.changes import LayerChange, NotJoined, added, change_of
from studio.models.adapter_layers import bottom, product
from studio.models.strength import BlendedLayer, outermost


class RowOwners:
    """Whose each row of the batch is that comes next: contestants by their number."""

    def __init__(self) -> None:
        self.numbers: tuple[int, ...] = ()
        self.which = mx.zeros((0,), mx.int32)
        self._open: dict[tuple[int, ...], mx.array] = {}

    def select(self, numbers: Sequence[int]) -> None:
        """From now on the model's rows are those of these contestants."""
        if tuple(numbers) != self.numbers:
            self.numbers = tuple(numbers)
            self.which = mx.array(self.numbers, mx.int32)
            self._open = {}

    def open(self, ranks: tuple[int, ...]) -> mx.array:
        """[rows, 1, ranks together]: 1 where a row lets through what its contestant adds, else 0."""
        if ranks not in self._open:
            owners = np.repeat(np.arange(len(ranks)), ranks)
            mine = owners[None, :] == np.array(self.numbers)[:, None]
            self._open[ranks] = mx.array(mine[:, None, :].astype(np.float32))
        return self._open[ranks]


class _JoinedLayer(nn.Module):
    """A layer with what each contestant's adapters make of it."""

    def __init__(self, own: nn.Module, changes: Sequence[LayerChange], rows: RowOwners) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # MLX's own is not annotated
        self.own = own
        self.rows = rows
        pairs = [pair for change in changes for pair in change.pairs]
        self.ranks = _Ranks(sum(inward.shape[1] for inward, _ in change.pairs) for change in changes)
        self.inward = mx.concatenate([inward for inward, _ in pairs], axis=1)
        self.outward = mx.concatenate([outward for _, outward in pairs], axis=0)
        if any(change.magnitude is not None for change in changes):
            ones = mx.ones((self.outward.shape[1],))
            kept = [ones if change.magnitude is None else change.magnitude for change in changes]
            self.magnitudes = mx.stack(kept)

    def change(self, x: mx.array) -> mx.array:
        """The rows' own part of A x, [rows, places, ranks together]."""
        if x.ndim != 3 or x.shape[0] != len(self.rows.numbers):
            raise NotJoined(f"a layer sees {x.shape} where there are {len(self.rows.numbers)} rows")
        inside = x @ self.inward
        return inside * self.rows.open(self.ranks.each).astype(inside.dtype)

    def added(self, y: mx.array, inside: mx.array) -> mx.array:
        """`y`, with the rows' magnitudes, and what they add; in the precision of `y`."""
        if "magnitudes" in self:
            y = y * self.magnitudes[self.rows.which][:, None].astype(y.dtype)
        return added(y, inside, self.outward)


class _Ranks:
    """The rank of what each contestant adds, kept from being taken for parameters."""

    def __init__(self, each: Iterable[int]) -> None:
        self.each = tuple(each)


class JoinedLinear(_JoinedLayer):
    """A linear layer, for rows of several contestants."""

    def __call__(self, x: mx.array) -> mx.array:
        """The outputs for `x` [rows, places, width]."""
        inside = self.change(x)
        if "magnitudes" not in self:
            return self.added(self.own(x), inside)
        out: mx.array = self.added(product(self.own, x), inside)
        if "bias" in self.own:
            out += self.own.bias
        return out


class JoinedEmbedding(_JoinedLayer):
    """Embeddings, and where they serve as the head that, too, for rows of several contestants."""

    def __call__(self, ids: mx.array) -> mx.array:
        """The embeddings of the tokens `ids` [rows, places]."""
        if ids.ndim != 2 or ids.shape[0] != len(self.rows.numbers):
            raise NotJoined(f"the embeddings see {ids.shape} where there are {len(self.rows.numbers)} rows")
        y: mx.array = self.own(ids)
        inside: mx.array = self.outward.T[ids] * self.rows.open(self.ranks.each)
        if "magnitudes" in self:
            y = y * self.magnitudes[self.rows.which[:, None], ids][..., None].astype(y.dtype)
        return y + (inside @ self.inward.T).astype(y.dtype)

    def as_linear(self, x: mx.array) -> mx.array:
        """The logits for the hidden states `x` [rows, places, width]."""
        return self.added(self.own.as_linear(x), self.change(x))


def join(bare: nn.Module, modules: Sequence[nn.Module]) -> RowOwners:
    """Make of `bare`, which bears nothing, one model for all of `modules`, which are `bare` with adapters.

    Returns whose rows it computes, to be selected before each call. Raises NotJoined.
    """
    rows = RowOwners()
    bearing = [outermost(module) for module in modules]
    own = dict(bare.named_modules())
    layers: list[tuple[str, nn.Module]] = []
    for path in dict.fromkeys(path for each in bearing for path in each):
        changes = [change_of(each[path]) if path in each else LayerChange(None, []) for each in bearing]
        table = any(
            isinstance(bottom_of(each[path]), nn.Embedding | nn.QuantizedEmbedding)
            for each in bearing
            if path in each
        )
        layers.append((path, (JoinedEmbedding if table else JoinedLinear)(own[path], changes, rows)))
    if layers:
        bare.update_modules(tree_unflatten(layers))
    bare.eval()
    mx.eval(bare.parameters())
    return rows


def bottom_of(layer: nn.Module) -> nn.Module:
    """The model's own layer under whatever was put on it."""
    return bottom(layer.adapted if isinstance(layer, BlendedLayer) else layer)
