"""How busy this machine is: processor, memory, and on a Mac its GPU, memory pressure, heat and power.

A Mac tells the latter without a password through `ioreg` and `sysctl`; where one is not told it is None.
"""

from __future__ import annotations

import plistlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

import psutil

from studio.language import tr

SECONDS = 5.0
"""A tool that takes longer than this is given up."""
GPU = ("/usr/sbin/ioreg", "-a", "-r", "-d", "1", "-c", "IOAccelerator")
BATTERY = ("/usr/sbin/ioreg", "-a", "-r", "-d", "1", "-c", "AppleSmartBattery")
PRESSURE = ("/usr/sbin/sysctl", "-n", "kern.memorystatus_vm_pressure_level")
PRESSURES = {"1": "normal", "2": "high", "4": "critical"}
"""The levels of <sys/kern_memorystatus.h>; Activity Monitor shows them in green, yellow and red."""

type RunTool = Callable[[Sequence[str]], bytes]
"""Runs a tool and gives what it prints; nothing where it fails."""


@dataclass(frozen=True)
class Gauges:
    """One look at the machine. Shares from 0 to 1, memory in bytes, power in watts, heat in °C.

    `battery_heat` and `power` are told by a Mac that has a battery; `pressure` is normal, high or critical.
    """

    cpu: float
    memory: int
    memory_total: int
    gpu: float | None = None
    gpu_memory: int | None = None
    pressure: str = ""
    battery_heat: float | None = None
    power: float | None = None


def read_gauges(ask: RunTool | None = None) -> Gauges:
    """Look at the machine now; `cpu` is since the last look. On a Mac three tools run, 20 ms in all."""
    memory = psutil.virtual_memory()
    cpu, used = psutil.cpu_percent() / 100, int(memory.total - memory.available)
    if ask is None and sys.platform != "darwin":
        return Gauges(cpu, used, int(memory.total))
    ask = ask or _ask
    gpu, gpu_memory = _gpu(_entries(ask(GPU)))
    heat, power = _battery(_entries(ask(BATTERY)))
    pressure = PRESSURES.get(ask(PRESSURE).decode("ascii", "replace").strip(), "")
    return Gauges(cpu, used, int(memory.total), gpu, gpu_memory, pressure, heat, power)


def _ask(command: Sequence[str]) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, timeout=SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return b""


def _entries(printed: bytes) -> list[dict[str, Any]]:
    """The entries of the registry that `ioreg -a` printed; none where it found none."""
    try:
        found = plistlib.loads(printed) if printed.strip() else []
    except (plistlib.InvalidFileException, ExpatError, ValueError, OverflowError):
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _gpu(entries: list[dict[str, Any]]) -> tuple[float | None, int | None]:
    """How much of the time the busiest GPU is at work, and how much memory it holds."""
    told = [entry.get("PerformanceStatistics") for entry in entries]
    both = [
        (min(busy, 100) / 100, _number(figures, tr("In use system memory")))
        for figures in told
        if (busy := _number(figures, tr("Device Utilization %"))) is not None
    ]
    return max(both, key=lambda each: each[0]) if both else (None, None)


def _battery(entries: list[dict[str, Any]]) -> tuple[float | None, float | None]:
    """The battery's heat, which is told in hundredths, and what the Mac takes, in thousandths."""
    for entry in entries:
        heat, power = (
            _number(entry, tr("Temperature")),
            _number(entry.get("PowerTelemetryData"), "SystemLoad"),
        )
        return (None if heat is None else heat / 100, None if not power else power / 1000)
    return None, None


def _number(figures: object, name: str) -> int | None:
    value = figures.get(name) if isinstance(figures, dict) else None
    return int(value) if isinstance(value, int | float) and value >= 0 else None
