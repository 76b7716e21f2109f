"""MLX as it would be with a GPU that is none: it says that it has one and tells a Mac's figures, and computes
everything on the CPU.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MAC: dict[str, Any] = {
    "device_name": "Apple M1",
    "architecture": "applegpu_g13g",
    "memory_size": 17_179_869_184,
    "max_recommended_working_set_size": 11_453_251_584,
    "max_buffer_length": 8_589_934_592,
    "resource_limit": 499_000,
}
"""What `mx.device_info()` tells on one with 16 GB."""

_CORE = "mlx.core"


def install() -> None:
    """Have MLX pretend as soon as it is imported."""
    assert _CORE not in sys.modules
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds MLX as everybody does, and changes it once it is there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        if name != _CORE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        plain = spec.loader.exec_module

        def and_pretend(module: ModuleType) -> None:
            plain(module)
            _pretend(module)

        spec.loader.exec_module = and_pretend  # type: ignore[method-assign]
        return spec


class _Device:
    """The default device: a GPU, but in blocks that ask for the CPU. Like MLX's it is one for all threads."""

    on_cpu = False

    def __init__(self, core: Any) -> None:
        self._core = core

    @property
    def type(self) -> Any:
        return self._core.DeviceType.cpu if self.on_cpu else self._core.DeviceType.gpu

    def __eq__(self, other: object) -> bool:
        return bool(other == (self._core.cpu if self.on_cpu else self._core.gpu))

    def __hash__(self) -> int:
        return hash(self.on_cpu)

    def __repr__(self) -> str:
        return f"Device({'cpu' if self.on_cpu else 'gpu'}, 0)"


def _pretend(core: Any) -> None:
    """Put what a Mac would answer in the place of what the CPU does."""
    device, wired = _Device(core), [0]
    plain_stream = core.stream
    plain_new, plain_local = core.new_stream, core.new_thread_local_stream

    @contextmanager
    def stream(asked: Any) -> Iterator[None]:
        before, device.on_cpu = device.on_cpu, asked == core.cpu
        try:
            with plain_stream(core.cpu if isinstance(asked, _Device) else asked):
                yield
        finally:
            device.on_cpu = before

    def set_wired_limit(limit: int) -> int:
        if limit > MAC["max_recommended_working_set_size"]:
            raise ValueError("[metal::set_wired_limit] Setting a wired limit larger than the maximum")
        before, wired[0] = wired[0], limit
        return before

    core.default_device = lambda: device
    core.stream = stream
    core.new_stream = lambda asked=None: plain_new(core.cpu)
    core.new_thread_local_stream = lambda asked=None: plain_local(core.cpu)
    core.device_info = lambda *asked: dict(MAC)
    core.set_wired_limit = set_wired_limit
