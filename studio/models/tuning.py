"""What is trained of a model: a description that says nothing of data, rates or steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Tuning:
    """An adapter of a shape, or the model's own weights, on some of its parts."""

    method: Literal["lora", "dora", "full"] = "lora"
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    rank_stabilized: bool = False
    targets: str = "all"  # but routers; or last names of linear layers, and "routers", with commas between
    layers: int = 0  # the last so many; 0 means all
    embeddings: bool = False
    head: bool = False

    @property
    def scale(self) -> float:
        """What the adapter's output is multiplied with: alpha / rank as in PEFT, or alpha / √rank.

        Source: Kalajdzievski, 2023, "A rank stabilization scaling factor for fine-tuning with LoRA".
        """
        return self.alpha / (math.sqrt(self.rank) if self.rank_stabilized else self.rank)

    @property
    def names(self) -> tuple[str, ...]:
        """The targets one by one."""
        return tuple(name.strip() for name in self.targets.split(",") if name.strip()) or ("all",)
