"""The wheels for macOS 14 on Apple silicon of everything that is pinned, downloaded on any system."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = "macosx_14_0_arm64"
NOT_FOR_MACS = {"mlx-cpu"}
NO_WHEELS = {"rouge-score", "sqlitedict", "word2number"}
"""Plain Python that is only there as source."""

EXTRAS = ("trackers", "benchmarks")
MAC = {
    "sys_platform": "darwin",
    "platform_system": "Darwin",
    "platform_machine": "arm64",
    "os_name": "posix",
    "python_version": "3.12",
    "python_full_version": "3.12.11",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}


def download(folder: Path) -> None:
    """Bring the wheel of each pin into the folder; nothing is asked for that is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").split("\n")
    have = {_spelt(path.name.split("-")[0]) + "==" + path.name.split("-")[1] for path in folder.glob("*.whl")}
    wanted = [pin for pin in pins if "==" in pin and pin not in have]
    wanted = [pin for pin in wanted if pin.split("==")[0] not in NOT_FOR_MACS | NO_WHEELS]
    if not wanted:
        return
    target = ["--platform", PLATFORM, "--python-version", "312", "--only-binary=:all:", "--no-deps"]
    pip = [sys.executable, "-P", "-m", "pip", "download", "-q", *target, "-d", str(folder)]
    subprocess.run([*pip, *wanted], check=True)


def unpack(folder: Path, site: Path) -> set[str]:
    """Unpack those that the application asks for, as if installed on a Mac; their names."""
    wheels = {_spelt(path.name.split("-")[0]): path for path in sorted(folder.glob("*.whl"))}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"]]
    asked += [line for extra in EXTRAS for line in project["optional-dependencies"][extra]]
    waiting = [wanted for line in asked if _applies(wanted := Requirement(line), ())]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name = _spelt(wanted.name)
        if (name, frozenset(wanted.extras)) in done or name in NO_WHEELS:
            continue
        done.add((name, frozenset(wanted.extras)))
        with zipfile.ZipFile(wheels[name]) as wheel:
            told = next(each for each in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each))
            metadata = Parser().parsestr(wheel.read(told).decode())
            if not (site / told).exists():
                wheel.extractall(site)
        lines = metadata.get_all("Requires-Dist") or []
        waiting += [more for line in lines if _applies(more := Requirement(line), tuple(wanted.extras))]
    return {name for name, _ in done}


def _applies(wanted: Requirement, extras: tuple[str, ...]) -> bool:
    marker = wanted.marker
    return marker is None or any(marker.evaluate({**MAC, "extra": extra}) for extra in ("", *extras))


def _spelt(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
