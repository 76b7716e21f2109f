"""A fast BLAS for MLX on Linux, put in place before MLX is loaded."""

from __future__ import annotations

import os
import sys

_GUARD = "STUDIO_PRELOAD"


def ensure_fast_blas() -> None:
    """Start this very command again with Debian's OpenBLAS in front of MLX's BLAS, where that helps.

    MLX's Linux wheel carries the reference BLAS; OpenBLAS multiplies fp32 matrices 60 times faster and
    takes a LoRA step of the starter model 9 times faster (measured on 2 cores). The loader reads
    `LD_PRELOAD` only when a process starts, hence the restart; call this before anything else. It
    returns at once on a Mac, in a bundle, without OpenBLAS, or with `STUDIO_PRELOAD=0` set.
    """
    environment = _faster_environment()
    if environment is not None:
        # Not argv[0] as it was typed: Python looks there for its virtual environment.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def _faster_environment() -> dict[str, str] | None:
    """This environment with OpenBLAS preloaded, or None where it is already, cannot be, or is not wanted."""
    if sys.platform != "linux" or getattr(sys, "frozen", False) or _GUARD in os.environ:
        return None
    library = f"/usr/lib/{os.uname().machine}-linux-gnu/openblas-pthread/libopenblas.so.0"
    preloaded = os.environ.get("LD_PRELOAD", "")
    if library in preloaded or not os.path.exists(library):
        return None
    # The guard ends the restarts even where the loader drops LD_PRELOAD.
    return {**os.environ, _GUARD: "1", "LD_PRELOAD": f"{library}:{preloaded}".rstrip(":")}


if __name__ == "__main__":
    # `python -m studio.preload ...` is `python ...` with the fast BLAS: how the Makefile runs pytest.
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], _faster_environment() or dict(os.environ))
