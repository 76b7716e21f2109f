"""What we use of mlx-lm's tuner, without the trackers that it imports wherever they are installed.

They take seconds to import, and Weights & Biases puts itself between the process and its output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast


@contextmanager
def _missing(*packages: str) -> Iterator[None]:
    """Let imports of these packages fail, unless somebody has imported them already."""
    hidden = [name for name in packages if name not in sys.modules]
    modules = cast("dict[str, Any]", sys.modules)
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


with _missing("wandb", "swanlab"):
    from mlx_lm.tuner import dora
    from mlx_lm.tuner.lora import LoRAEmbedding, LoRALinear, LoRASwitchLinear
    from mlx_lm.tuner.utils import linear_to_lora_layers

__all__ = ["LoRAEmbedding", "LoRALinear", "LoRASwitchLinear", "dora", "linear_to_lora_layers"]
