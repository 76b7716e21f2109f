"""Weights that torch and MLX draw alike, from the names and shapes in a model's files alone."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

TOKENS = [int(token) for token in np.random.RandomState(5).randint(3, 60, 24)]
"""What every model reads: long enough that windows, scaled positions and chunks show."""


def drawn(shapes: Mapping[str, Sequence[int]]) -> dict[str, npt.NDArray[np.float32]]:
    """An array for each name, each from a seed of its own, so that no order matters.

    Large enough that attention, routers and the head are far from uniform.
    """
    return {name: _draw(name, tuple(shape)) for name, shape in shapes.items()}


def _draw(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    random = np.random.RandomState(zlib.crc32(name.encode()))
    noise = random.standard_normal(shape)
    if "correction_bias" in name or "expert_bias" in name:  # below 0 libraries differ on groups left out
        noise = np.abs(noise)
    if len(shape) < 2:
        centre, scale = (1.0, 0.1) if "norm" in name.lower() or ".ln_" in name else (0.0, 0.3)
        return np.asarray(centre + scale * noise, np.float32)
    return np.asarray(1.2 * shape[-1] ** -0.5 * noise, np.float32)
