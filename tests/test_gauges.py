"""What a Mac tells of itself, from what its tools print; and what any machine tells."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from studio.gauges import BATTERY, GPU, PRESSURE, read_gauges

PRINTED = Path(__file__).parent / "gauges"


def mac(command: Sequence[str]) -> bytes:
    """What the tools of a MacBook print."""
    told = {GPU: "gpu.plist", BATTERY: "battery.plist", PRESSURE: "pressure.txt"}
    return (PRINTED / told[tuple(command)]).read_bytes()  # type: ignore[index]


def test_any_machine_tells_of_its_processor_and_memory() -> None:
    found = read_gauges(lambda _: b"")
    assert 0 <= found.cpu <= 1
    assert 0 < found.memory < found.memory_total
    assert (found.gpu, found.gpu_memory, found.pressure, found.battery_heat, found.power) == (
        None,
        None,
        "",
        None,
        None,
    )


def test_a_mac_tells_of_its_gpu_pressure_heat_and_power() -> None:
    found = read_gauges(mac)
    assert found.gpu == 0.97
    assert found.gpu_memory == 9_126_805_504
    assert found.pressure == "high"
    assert found.battery_heat == pytest.approx(31.24)
    assert found.power == pytest.approx(28.416)


@pytest.mark.parametrize(
    "printed",
    [
        b"",
        b"garbage",
        b"<?xml version='1.0'?><plist><array><dict>",
        plistlib.dumps({"PerformanceStatistics": 3}),
        plistlib.dumps([{"PerformanceStatistics": "none"}, 4]),
        plistlib.dumps([{"PerformanceStatistics": {"Device Utilization %": "97"}}]),
        plistlib.dumps([{"Temperature": -1, "PowerTelemetryData": {"SystemLoad": 0}}]),
    ],
)
def test_what_is_not_told_is_left_out(printed: bytes) -> None:
    found = read_gauges(lambda _: printed)
    assert (found.gpu, found.pressure, found.battery_heat, found.power) == (None, "", None, None)


def test_of_several_gpus_the_busiest_counts() -> None:
    told = [{"PerformanceStatistics": {"Device Utilization %": share}} for share in (0, 61, 140)]
    assert read_gauges(lambda _: plistlib.dumps(told)).gpu == 1.0
    assert read_gauges(lambda _: plistlib.dumps(told[:2])).gpu == 0.61
