"""Reads what the loader of macOS reads in a Mach-O file, on any system."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from macholib import mach_o
from macholib.MachO import MachO

MAGICS = {b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}
ARM64 = 0x0100000C
_PROCESSORS = {ARM64: "arm64", 0x01000007: "x86_64", 7: "i386", 12: "arm"}
_LOADS = {
    mach_o.LC_LOAD_DYLIB,
    mach_o.LC_LOAD_WEAK_DYLIB,
    mach_o.LC_REEXPORT_DYLIB,
    mach_o.LC_LOAD_UPWARD_DYLIB,
    mach_o.LC_LAZY_LOAD_DYLIB,
}


@dataclass(frozen=True)
class Load:
    """A library that must be there when the file is loaded; a weak one may be missing."""

    name: str
    weak: bool


@dataclass(frozen=True)
class Code:
    """What a Mach-O file holds for one processor."""

    processor: str
    minimum: tuple[int, ...] | None
    identity: str | None
    loads: tuple[Load, ...]
    rpaths: tuple[str, ...]
    signed: bool


@dataclass(frozen=True)
class Image:
    """A Mach-O file: a program, a library or an extension module."""

    path: Path
    codes: tuple[Code, ...]

    @property
    def arm64(self) -> Code | None:
        return next((code for code in self.codes if code.processor == "arm64"), None)


class UnreadableImage(Exception):
    """A file that begins as a Mach-O file does, and is none or a damaged one."""


def is_image(path: Path) -> bool:
    """Whether the file begins as Mach-O files do, which tells it from text, data and links' names."""
    with path.open("rb") as file:
        start = file.read(8)
    if start[:4] not in MAGICS:
        return False
    # Java classes begin like a Mach-O file for several processors, whose count is then a version above 40.
    return start[0] != 0xCA or (len(start) == 8 and int.from_bytes(start[4:], "big") < 40)


def read_image(path: Path) -> Image:
    try:
        headers = MachO(str(path)).headers
        return Image(path, tuple(_code(header) for header in headers))
    except (ValueError, OSError, struct.error, KeyError) as fault:
        raise UnreadableImage(str(fault) or type(fault).__name__) from fault


def _code(header: Any) -> Code:
    processor = int(header.header.cputype)
    minimum: tuple[int, ...] | None = None
    identity = None
    loads: list[Load] = []
    rpaths: list[str] = []
    signed = False
    for command, body, data in header.commands:
        kind = int(command.cmd)
        if kind in _LOADS:
            loads.append(Load(_text(data), weak=kind == mach_o.LC_LOAD_WEAK_DYLIB))
        elif kind == mach_o.LC_ID_DYLIB:
            identity = _text(data)
        elif kind == mach_o.LC_RPATH:
            rpaths.append(_text(data))
        elif kind == mach_o.LC_BUILD_VERSION:
            minimum = _version(int(body.minos))
        elif kind == mach_o.LC_VERSION_MIN_MACOSX:
            minimum = _version(int(body.version))
        elif kind == mach_o.LC_CODE_SIGNATURE:
            signed = True
    name = _PROCESSORS.get(processor, hex(processor))
    return Code(name, minimum, identity, tuple(loads), tuple(rpaths), signed)


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


def _version(packed: int) -> tuple[int, ...]:
    major, minor, patch = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF
    return (major, minor, patch) if patch else (major, minor)


def images(files: list[Path]) -> Iterator[Path]:
    """Those of the files that are Mach-O files, links left out."""
    yield from (path for path in files if not path.is_symlink() and path.is_file() and is_image(path))
