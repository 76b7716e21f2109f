"""What this machine gives a run: memory, and speed."""

from __future__ import annotations

import mlx.core as mx
import psutil

SHARE = 0.8
"""Of a machine's memory, where the system does not say how much a process may hold."""


def machine_limit() -> int:
    """The bytes that MLX may hold here: what macOS lets a process wire, else a share of all memory."""
    asked = getattr(mx, "device_info", None) or mx.metal.device_info
    wired = asked().get("max_recommended_working_set_size", 0)
    return int(wired) or int(SHARE * psutil.virtual_memory().total)


def seconds_for(multiplications: float, numbers: float) -> float:
    return 0.0
