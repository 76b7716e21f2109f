"""What MLX needs of the process before it is imported: a fast BLAS on Linux, a patient GPU on a Mac."""

from __future__ import annotations

import ctypes
import os
import sys


def use_fast_blas() -> None:
    """Put Debian's OpenBLAS before the BLAS that MLX's Linux wheel carries; call it before MLX is imported.

    The wheel carries the reference BLAS: OpenBLAS multiplies fp32 matrices some 60 times faster and takes a
    LoRA step of the starter 9 times faster (measured on 2 cores). Symbols of a library that is loaded
    globally come first when MLX's are looked up. Its threads, which spin for 0.1 s after every product, are
    told to sleep sooner. Does nothing on a Mac, or where there is no OpenBLAS.
    """
    if sys.platform != "linux":
        return
    library = f"/usr/lib/{os.uname().machine}-linux-gnu/openblas-pthread/libopenblas.so.0"
    if os.path.exists(library):
        os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")  # 2^18 cycles of the processor; before it loads
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)


def relax_gpu_watchdog() -> None:
    """Ask macOS to let long work on the GPU finish while the display is on; call it before MLX is imported.

    Without it a training step may be ended with kIOGPUCommandBufferCallbackErrorImpactingInteractivity
    (ml-explore/mlx#3267, confirmed there as a remedy for some machines). A value the person set stays.
    """
    if sys.platform == "darwin":
        os.environ.setdefault("AGX_RELAX_CDM_CTXSTORE_TIMEOUT", "1")
