"""What MLX says: of Metal, of memory, of files of weights, of shapes that do not fit.

Its errors are RuntimeError and ValueError, told apart by their words alone (version 0.32, files of
ml-explore/mlx as named). Metal's come from a thread of the system's, so they also end the process.
"""

from __future__ import annotations

from re import Match

from studio import words
from studio.failures.signature import Filled, KnownFailure, kinds, named, sign

_MLX = kinds("RuntimeError", "ValueError")


def _sizes(error: BaseException | None, match: Match[str] | None) -> Filled:
    """Groups whose names end in `bytes`, as sizes: `most_bytes` becomes `most`."""
    return {
        name.removesuffix("_bytes"): words.memory(int(str(value))) if name.endswith("_bytes") else value
        for name, value in named(error, match).items()
    }


def _first_line(error: BaseException | None, match: Match[str] | None) -> Filled:
    found = match.string if match is not None else ""
    return {"words": found.strip().splitlines()[0].rstrip(".")}


def _of_metal(code: str, pattern: str, source: str, *, smaller_helps: bool = False) -> KnownFailure:
    return KnownFailure(
        code, source, sign(pattern), metal=True, kills=True, smaller_helps=smaller_helps, fill=_sizes
    )


_DEVICE, _ALLOCATOR = "mlx/backend/metal/device.cpp", "mlx/backend/metal/allocator.cpp"
_METAL = r"\[metal\]|\[metal::|kiogpucommandbuffer|command buffer execution failed"

MLX: tuple[KnownFailure, ...] = (
    _of_metal(
        "engine.stopped_by_macos",
        r"impacting ?interactivity|errortimeout|gpu timeout",
        f"{_DEVICE}, ml-explore/mlx#3267",
        smaller_helps=True,
    ),
    _of_metal(
        "failure.array_too_large",
        r"\[metal::malloc\] Attempting to allocate (?P<size_bytes>\d+) bytes which is greater than the "
        r"maximum allowed buffer size of (?P<most_bytes>\d+)",
        _ALLOCATOR,
        smaller_helps=True,
    ),
    _of_metal(
        "failure.too_many_arrays",
        r"\[metal::malloc\] Resource limit \((?P<most>\d+)\) exceeded",
        f"{_ALLOCATOR}, ml-explore/mlx-lm#1185",
        smaller_helps=True,
    ),
    _of_metal(
        "engine.out_of_memory",
        rf"(?:{_METAL}).*(?:insufficient memory|outofmemory|unable to allocate)"
        r"|kIOGPUCommandBufferCallbackErrorOutOfMemory|\[metal::malloc\]",
        f"{_DEVICE}, ml-explore/mlx-lm#1206",
        smaller_helps=True,
    ),
    _of_metal(
        "failure.gpu_hang",
        r"GPU Hang|ErrorHang",
        f"{_DEVICE}, ml-explore/mlx-lm#1348",
        smaller_helps=True,
    ),
    _of_metal(
        "failure.gpu_disturbed",
        r"SubmissionsIgnored|InnocentVictim|Innocent Victim",
        f"{_DEVICE}: another program's work, or earlier work, broke the GPU",
    ),
    _of_metal("failure.no_gpu", r"No Metal device available", _DEVICE),
    _of_metal(
        "failure.no_metallib", r"Failed to load the (?:default )?metallib|Can not load metallib", _DEVICE
    ),
    _of_metal(
        "failure.no_kernel",
        r"\[metal::Device\] Unable to (?:load (?:kernel|function) (?P<name>\S+)|build metal library)",
        _DEVICE,
    ),
    KnownFailure(
        "engine.metal",
        f"{_DEVICE}: whatever else Metal says",
        sign(_METAL),
        metal=True,
        kills=True,
        fill=_first_line,
    ),
    KnownFailure(
        "failure.no_memory",
        "mlx/backend/*/allocator.cpp, and what C++ throws",
        sign(r"\[malloc(?:_or_wait)?\] Unable to allocate|std::bad_alloc"),
        kills=True,
        smaller_helps=True,
        fill=lambda error, match: {},
    ),
    KnownFailure("failure.no_memory", "Python", kinds=kinds("MemoryError"), smaller_helps=True),
    KnownFailure(
        "failure.weights_cut_short",
        "mlx/io/safetensors.cpp",
        sign(r"\[load_safetensors\] Tensor '(?P<name>[^']*)' invalid data offsets"),
        _MLX,
    ),
    KnownFailure(
        "failure.weights_damaged",
        "mlx/io/safetensors.cpp, mlx/io/load.cpp, mlx/io/gguf.cpp",
        sign(
            r"\[load_safetensors\] Invalid|\[load\] Invalid header|\[load_gguf\]|\[json\.exception"
            r"|\[read\] Unable to read"
        ),
        _MLX,
    ),
    KnownFailure(
        "failure.weights_missing",
        "mlx/io/safetensors.cpp",
        sign(r"\[load(?:_safetensors|_gguf)?\] Failed to open (?:file )?(?P<file>\S.*)"),
        _MLX,
    ),
    KnownFailure(
        "failure.weights_kind",
        "mlx/io/safetensors.cpp",
        sign(r"\[safetensor\] unsupported dtype (?P<kind>\S+)"),
        _MLX,
    ),
    KnownFailure(
        "failure.quantize_groups",
        "mlx/ops.cpp",
        sign(r"\[quantize\] The last dimension.*group size (?P<size>\d+)\. .*shape \((?P<shape>[\d, ]+)\)"),
        _MLX,
    ),
    KnownFailure(
        "failure.other_weights",
        "mlx/python/mlx/nn/layers/base.py",
        sign(
            r"Received (?P<more>\d+) parameters not in model|Missing (?P<fewer>\d+) parameters"
            r"|Expected shape .* but received shape .* for parameter (?P<name>\S+)"
        ),
        _MLX,
        fill=lambda error, match: {},
    ),
    KnownFailure(
        "failure.ranks",
        "mlx/distributed: ring, jaccl, mpi",
        sign(r"\[(?:ring|jaccl|mpi|distributed)\] (?P<words>[^\n]*)"),
        _MLX,
    ),
)
"""The most telling first: what several would fit is told by the first."""
