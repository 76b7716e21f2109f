"""What is to blame when a model that has learned nothing yet gives a loss that is no finite number."""

from __future__ import annotations

import mlx.core as mx
from mlx import nn

from studio.catalogue import Phrase, first_of
from studio.errors import StudioError
from studio.models.arrays import named, number

NAMED = 3
"""So many tensors are named; of the others only the number is told."""


class NotFinite(StudioError):
    """A model, or the precision it is computed in, gives no finite numbers before anything was learned."""


def non_finite(arrays: dict[str, mx.array]) -> list[str]:
    """The names of the arrays that hold NaN or infinity."""
    floating = {name: a for name, a in arrays.items() if mx.issubdtype(a.dtype, mx.floating)}
    found = [name for name, array in floating.items() if not number(mx.isfinite(array).all())]
    return [name.replace(".linear.", ".").replace(".embedding.", ".") for name in found]  # an adapter's inner


def blamed(model: nn.Module, precision: mx.Dtype, what: Phrase) -> NotFinite:
    """Why `what` is no finite number though nothing was learned yet: the weights, or the precision."""
    if names := non_finite(named(model.parameters())):
        return NotFinite("train.weights_not_finite", what=what, names=first_of(names, NAMED))
    if precision == mx.float16:
        return NotFinite("train.beyond_float16", what=what)
    kind = "float32" if precision == mx.float32 else "bfloat16"
    return NotFinite("train.not_finite", what=what, kind=kind)
