"""What `mlx.launch` told this process, known before MLX is loaded."""

from __future__ import annotations

import os
from pathlib import Path

from studio.errors import RunError


class PeerLost(RunError):
    """Another process of the run has ended, or cannot be reached any more."""


def launched() -> bool:
    """Whether this process is one of several that train together."""
    if "MLX_RANK" not in os.environ:
        return False
    hosts = os.environ.get("MLX_HOSTFILE")  # empty with `-n 1`, which MLX itself cannot read
    return hosts is None or bool(Path(hosts).read_text(encoding="utf-8").strip())


def rank() -> int:
    """This process's number among those of the run. 0, who writes and reports for all, when it is alone."""
    return int(os.environ["MLX_RANK"]) if launched() else 0
