"""What the process needs before its work: children that run our code only, what MLX wants of it, its rank."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_SECRET = ("STUDIO_SERVER_KEY", "STUDIO_SERVE_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY")


def prepare_process() -> None:
    """Make the process ready; call it before MLX is imported."""
    guard_children()
    use_fast_blas()
    _keep_freed_memory()
    _relax_gpu_watchdog()


def is_application() -> bool:
    """Whether this is the application that one double-clicks, which holds its packages and takes no more."""
    return bool(getattr(sys, "frozen", False))


_noted: set[str] = set()


def secrets() -> tuple[str, ...]:
    """The keys in use, of the environment and noted ones, which no sentence and no log may repeat."""
    named = (os.environ.get(name, "").strip() for name in _SECRET)
    return (*filter(None, named), *_noted)


def note_secret(secret: str) -> str:
    """Have a key that was typed, or came out of the keychain, kept out of sentences and logs; returns it."""
    if len(secret) >= _LEAST_SECRET:
        _noted.add(secret)
    return secret


_LEAST_SECRET = 6  # shorter ones stand in ordinary words


def guard_children() -> None:
    """Have every Python that this process starts leave the current folder out of where it finds modules.

    `python -c` and `python -m` look there first, so a csv.py or pickle.py that lies beside a dataset would
    run in the place of Python's own.
    """
    os.environ["PYTHONSAFEPATH"] = "1"


def use_fast_blas() -> None:
    """Put Debian's OpenBLAS before the BLAS that MLX's Linux wheel carries.

    The wheel carries the reference BLAS: OpenBLAS multiplies fp32 matrices some 60 times faster and takes a
    LoRA step of the starter 9 times faster (measured on 2 cores). Symbols of a library that is loaded
    globally come first when MLX's are looked up. Its threads, which spin for 0.1 s after every product, are
    told to sleep after 1 ms. Does nothing on a Mac, or where there is no OpenBLAS.
    """
    if sys.platform != "linux":
        return
    library = f"/usr/lib/{os.uname().machine}-linux-gnu/openblas-pthread/libopenblas.so.0"
    if os.path.exists(library):
        os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "21")  # 2^21 cycles, read when it is loaded
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)


def _keep_freed_memory() -> None:
    """Let glibc keep up to 512 MB of freed memory for the next arrays, instead of handing it back at once.

    On the CPU MLX takes every array from malloc, and a tenth of a training step was spent on new pages.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        trim_threshold, top_pad, mmap_threshold = -1, -2, -3  # glibc's malloc.h
        mallopt(mmap_threshold, 32 * 2**20)  # the most it takes
        mallopt(trim_threshold, 512 * 2**20)
        mallopt(top_pad, 64 * 2**20)


def _relax_gpu_watchdog() -> None:
    """Ask macOS to let long work on the GPU finish while the display is on.

    Without it a training step may be ended with kIOGPUCommandBufferCallbackErrorImpactingInteractivity
    (ml-explore/mlx#3267, confirmed there as a remedy for some machines). A value the person set stays.
    """
    if sys.platform == "darwin":
        os.environ.setdefault("AGX_RELAX_CDM_CTXSTORE_TIMEOUT", "1")


def engine_is_apart() -> bool:
    """Whether the window has models loaded, trained and asked by a process of its own, as it does by itself.

    A crash below Python, or the end that macOS makes of a process whose memory or GPU time runs out, then
    ends that process and not the window. It costs 50 MB of memory and no time (README). STUDIO_ENGINE=thread
    keeps all in one process, where a debugger sees it.
    """
    return os.environ.get("STUDIO_ENGINE") != "thread"


def launched() -> bool:
    """Whether this process is one of several that train together."""
    if "MLX_RANK" not in os.environ:
        return False
    hosts = os.environ.get("MLX_HOSTFILE")  # empty with `-n 1`, which MLX itself cannot read
    return hosts is None or bool(Path(hosts).read_text(encoding="utf-8").strip())


def rank() -> int:
    """This process's number among those of the run. 0, who writes and reports for all, when it is alone."""
    return int(os.environ["MLX_RANK"]) if launched() else 0
