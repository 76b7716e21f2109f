"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def machine() -> str:
    """System, processor, cores and date, such as `Linux x86_64 (AMD EPYC), 2 cores, 2026-11-21`."""
    date = datetime.now(UTC).date().isoformat()
    return f"{platform.system()} {platform.machine()}{_processor()}, {os.cpu_count()} cores, {date}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" ({names[0]})" if names else ""
