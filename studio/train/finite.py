"""What is to blame when a model that has learned nothing yet gives a loss that is no finite number."""

from __future__ import annotations

import mlx.core as mx
from mlx import nn

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


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def blamed(model: nn.Module, precision: mx.Dtype, what: str) -> NotFinite:
    """Why `what` is no finite number though nothing was learned yet: the weights, or the precision."""
    if names := non_finite(named(model.parameters())):
        return NotFinite(
            f"{what} is no finite number, because the model's own weights hold NaN or infinity: "
            f"{listed(names)}. Download or convert the model again, or choose another."
        )
    if precision == mx.float16:
        return NotFinite(
            f"{what} is no finite number, though all weights of the model are: what it computes is beyond "
            "the range of float16. Set Precision to bfloat16 or float32."
        )
    kind = "float32" if precision == mx.float32 else "bfloat16"
    return NotFinite(
        f"{what} is no finite number in {kind}, though all weights of the model are, and nothing was learned "
        "yet: its config.json may not fit its weights. Try the model as it is in the playground, or choose "
        "another."
    )
