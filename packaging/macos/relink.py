"""Does to a Mach-O file, on any system, what PyInstaller lets Apple's tools do to it on a Mac.

Only the code for Apple silicon is kept, each library is asked for as @rpath/NAME, and the one folder that
is looked at is the top of the application. The signature is then wrong: what comes out can be checked,
not run.
"""

from __future__ import annotations

import struct

from macho import ARM64

_HEADER = 32
_SYSTEM = (b"/usr/lib/", b"/System/Library/")
_NAMED = {0x0C, 0x0D, 0x80000018, 0x8000001F, 0x80000023, 0x20}  # LC_LOAD_DYLIB, LC_ID_DYLIB and their kin
_RPATH = 0x8000001C
_SEGMENT = 0x19


class NoRoom(Exception):
    """The commands of a file leave no room for longer ones, so `install_name_tool` would fail as well."""


def relinked(content: bytes, rpath: str) -> bytes:
    """The file, thinned, and asking for its libraries in `rpath`; raises ValueError without arm64."""
    content = thinned(content)
    count, size = struct.unpack_from("<II", content, 16)
    commands, at, first = [], _HEADER, len(content)
    for _ in range(count):
        kind, length = struct.unpack_from("<II", content, at)
        command = content[at : at + length]
        at += length
        if kind == _SEGMENT:
            first = min([first, *_offsets(command)])
        if kind in _NAMED:
            command = _renamed(command)
        if kind != _RPATH:
            commands.append(command)
    commands.append(_command(struct.pack("<III", _RPATH, 0, 12), rpath.encode()))
    joined = b"".join(commands)
    if _HEADER + len(joined) > first:
        raise NoRoom(f"{_HEADER + len(joined) - first} bytes are missing")
    header = content[:16] + struct.pack("<II", len(commands), len(joined)) + content[24:_HEADER]
    padding = bytes(max(size - len(joined), 0))
    start = header + joined + padding
    return start + content[len(start) :]


def thinned(content: bytes) -> bytes:
    """The part for Apple silicon of a file for several processors."""
    if content[:4] == b"\xcf\xfa\xed\xfe":
        return content
    (count,) = struct.unpack_from(">I", content, 4)
    for number in range(count):
        processor, _, at, size, _ = struct.unpack_from(">IIIII", content, 8 + 20 * number)
        if processor == ARM64:
            return content[at : at + size]
    raise ValueError("no code for Apple silicon")


def _offsets(segment: bytes) -> list[int]:
    """Where the contents of a segment's sections begin; 0 is what lies in no file."""
    (count,) = struct.unpack_from("<I", segment, 64)
    found = [struct.unpack_from("<I", segment, 72 + 80 * number + 48)[0] for number in range(count)]
    return [offset for offset in found if offset > 0]


def _renamed(command: bytes) -> bytes:
    (start,) = struct.unpack_from("<I", command, 8)
    name = command[start:].split(b"\0", 1)[0]
    if name.startswith(_SYSTEM):
        return command
    return _command(command[:start], b"@rpath/" + name.rpartition(b"/")[2])


def _command(start: bytes, text: bytes) -> bytes:
    """A command that ends in a text, with its length set."""
    whole = start + text + b"\0"
    whole += bytes(-len(whole) % 8)
    return whole[:4] + struct.pack("<I", len(whole)) + whole[8:]
