"""What this installation is made of, and the device that it computes on."""

from __future__ import annotations

import os
import platform
import sys
import time
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from studio import __version__
from studio.catalogue import Phrase, listed, phrase
from studio.errors import StudioError
from studio.language import tr
from studio.selftest.check import CheckOutcome, Workbench
from studio.selftest.faults import without_kernels
from studio.words import memory

_BACKEND = "mlx-metal" if sys.platform == "darwin" else "mlx-cpu"
NEEDED = ("tuning-studio", "mlx", _BACKEND, "mlx-lm", "transformers", "datasets", "keyring")
"""The distributions whose own files about themselves the app, or what it stands on, asks for."""
_TOLD = (
    "tokenizers",
    "huggingface-hub",
    "pyarrow",
    "numpy",
    "pyside6-essentials",
    "pydantic",
    "pypdf",
    "typst",
)
_UNLIKE = 0.01
"""Of a product's size; single precision differs by a ten-thousandth of it, TF32 by less than this."""


def platform_figures() -> dict[str, Any]:
    """The machine, its system, and the Python that runs this."""
    return {
        "app": __version__,
        "system": platform.platform(),
        "macos": platform.mac_ver()[0],
        "machine": platform.machine(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "bundled": bool(getattr(sys, "frozen", False)),
    }


def libraries(_: Workbench) -> CheckOutcome:
    """Versions and wheel tags; MLX and what it stands on can be imported, and has its kernels on a Mac."""
    import mlx.core
    import mlx_lm  # noqa: F401

    if lone := without_kernels(Path(mlx.core.__file__).parents[1]):
        raise StudioError("selftest.no_kernels", library=lone[0])

    packages = {name: found for name in (*NEEDED, *_TOLD) if (found := _package(name))}
    if missing := [name for name in NEEDED if name not in packages]:
        raise StudioError("selftest.no_metadata", names=listed(missing))
    macos, tags = platform.mac_ver()[0], packages[_BACKEND]["tags"]
    versions = ", ".join(f"{name} {packages[name]['version']}" for name in ("mlx", "mlx-lm", "transformers"))
    system = f"macOS {macos}" if macos else platform.system()
    wheel = " ".join(tags) or tr("an unnamed system")
    detail = tr(
        "{versions}; {backend} for {wheel}, on {system}",
        versions=versions,
        backend=_BACKEND,
        wheel=wheel,
        system=system,
    )
    return CheckOutcome(detail, {"packages": packages}, macos_remark(macos, tags))


def macos_remark(macos: str, tags: list[str]) -> Phrase | None:
    """What is wrong between this macOS (nothing elsewhere) and the systems that MLX's wheel is for.

    The wheel for macOS 26 is built for 26.2, which installers do not see. Programs that were built before
    macOS 26 are told that it is 16.
    """
    here = tuple(int(part) for part in macos.split(".")[:2]) if macos else ()
    wanted = min((found for tag in tags if (found := _system_of(tag))), default=())
    if not here or not wanted:
        return None
    here = (26, *here[1:]) if here[0] == 16 else here
    if wanted[0] == here[0] == 26 and here < (26, 2):
        return phrase("selftest.macos_behind", macos=macos)
    if wanted > here:
        return phrase("selftest.wheel_ahead", wheel=".".join(map(str, wanted)), macos=macos)
    return None


def _system_of(tag: str) -> tuple[int, ...]:
    """The macOS that a wheel's tag asks for: (14, 0) of py3-none-macosx_14_0_arm64; nothing for others."""
    name, _, version = tag.rpartition("-")[2].partition("_")
    return tuple(int(part) for part in version.split("_")[:2]) if name == "macosx" else ()


def _package(name: str) -> dict[str, Any] | None:
    try:
        found = distribution(name)
        about = Parser().parsestr(found.read_text("WHEEL") or "")
        return {"version": found.version, "tags": about.get_all("Tag") or []}
    except (PackageNotFoundError, KeyError):  # a folder without the file that says the version
        return None


def device(_: Workbench) -> CheckOutcome:
    """What MLX computes on, that it computes rightly, and how fast."""
    import mlx.core as mx
    import numpy as np

    from studio.train.memory import machine_limit

    size = 512
    random = np.random.default_rng(0)
    one, other = (random.standard_normal((size, size)).astype(np.float32) for _ in range(2))
    a, b = mx.array(one), mx.array(other)
    mx.eval(a @ b)
    began = time.perf_counter()
    product = a @ b
    mx.eval(product)
    speed = 2 * size**3 / (time.perf_counter() - began) / 1e9
    right = one @ other
    share = float(np.linalg.norm(np.array(product) - right) / np.linalg.norm(right))
    if not share < _UNLIKE:
        raise StudioError("selftest.wrong_products", share=share)
    name = str(mx.default_device())
    figures = {"device": name, "gflops": round(speed, 1), "limit": machine_limit(), **_described(mx)}
    gives = tr("{memory} for runs, {speed:,.0f} GFLOP/s in fp32", memory=memory(machine_limit()), speed=speed)
    on_processor = sys.platform == "darwin" and mx.default_device().type != mx.DeviceType.gpu
    warning = phrase("selftest.no_gpu") if on_processor else None
    return CheckOutcome(f"{figures.get('device_name', name)} ({name}), {gives}", figures, warning)


def _described(mx: Any) -> dict[str, Any]:
    """What MLX says of the device, as far as it is text and numbers."""
    found = mx.device_info() if hasattr(mx, "device_info") else mx.metal.device_info()
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}
