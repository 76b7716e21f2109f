"""Small Mach-O files, written byte by byte, and a small application made of them that has no fault."""

from __future__ import annotations

import os
import plistlib
import struct
from dataclasses import dataclass, replace
from pathlib import Path

ARM64, X86_64 = 0x0100000C, 0x01000007
DYLIB, BUNDLE, PROGRAM = 6, 8, 2


@dataclass(frozen=True)
class Made:
    """What goes into a Mach-O file."""

    kind: int = DYLIB
    minimum: tuple[int, int] | None = (14, 0)
    loads: tuple[str, ...] = ("/usr/lib/libSystem.B.dylib",)
    weak: tuple[str, ...] = ()
    rpaths: tuple[str, ...] = ("@loader_path",)
    identity: str | None = None
    signed: bool = True
    processor: int = ARM64
    room: int = 256

    def bytes(self) -> bytes:
        commands = list(self._commands())
        size = sum(map(len, commands))
        header = struct.pack("<IiiIIIII", 0xFEEDFACF, self.processor, 0, self.kind, len(commands), size, 0, 0)
        return header + b"".join(commands) + bytes(self.room)

    def _commands(self) -> list[bytes]:
        made = [_text(0x0C, name, struct.pack("<III", 2, 0x10000, 0x10000)) for name in self.loads]
        made += [_text(0x80000018, name, struct.pack("<III", 2, 0x10000, 0x10000)) for name in self.weak]
        made += [_text(0x8000001C, path, b"") for path in self.rpaths]
        if self.identity is not None:
            made.append(_text(0x0D, self.identity, struct.pack("<III", 2, 0x10000, 0x10000)))
        if self.minimum is not None:
            packed = self.minimum[0] << 16 | self.minimum[1] << 8
            made.append(struct.pack("<IIIIII", 0x32, 24, 1, packed, packed, 0))
        if self.signed:
            made.append(struct.pack("<IIII", 0x1D, 16, 0, 0))
        return made


def _text(command: int, text: str, between: bytes) -> bytes:
    """A command that ends in a text, padded to whole words."""
    start = 12 + len(between)
    padded = text.encode() + b"\0"
    padded += bytes(-(start + len(padded)) % 8)
    return struct.pack("<III", command, start + len(padded), start) + between + padded


def for_several(*files: Made) -> bytes:
    """One file for several processors."""
    contents = [made.bytes() for made in files]
    header, body, at = struct.pack(">II", 0xCAFEBABE, len(files)), b"", 4096
    for made, content in zip(files, contents, strict=True):
        header += struct.pack(">iiIII", made.processor, 0, at, len(content), 12)
        body += content + bytes(-len(content) % 4096)
        at = 4096 + len(body)
    return header + bytes(4096 - len(header)) + body


KERNELS = b"MTLB\0air64_v26-apple-macosx14.0.0\0air64_v26-apple-macosx14.0.0\0"
NOTICES = (
    "Apache License\n\nGNU LESSER GENERAL\nPUBLIC LICENSE\nMozilla Public License\n"
    "mlx, mlx-lm, transformers, datasets\n"
)
SENTENCE = "Tuning Studio asks for this."
PLIST = {
    "CFBundleIdentifier": "org.example.TuningStudio",
    "CFBundleName": "Tuning Studio",
    "CFBundleDisplayName": "Tuning Studio",
    "CFBundleExecutable": "Tuning Studio",
    "CFBundleIconFile": "studio.icns",
    "CFBundlePackageType": "APPL",
    "CFBundleShortVersionString": "0.1.0",
    "CFBundleVersion": "0.1.0",
    "CFBundleDevelopmentRegion": "en",
    "LSMinimumSystemVersion": "14.0",
    "LSArchitecturePriority": ["arm64"],
    "LSRequiresNativeExecution": True,
    "NSHighResolutionCapable": True,
    "NSPrincipalClass": "NSApplication",
    "NSRequiresAquaSystemAppearance": False,
    "NSSupportsAutomaticGraphicsSwitching": True,
    "LSApplicationCategoryType": "public.app-category.developer-tools",
    "NSHumanReadableCopyright": "Made by its authors.",
    **{
        f"NS{place}UsageDescription": SENTENCE
        for place in (
            "LocalNetwork",
            "DesktopFolder",
            "DocumentsFolder",
            "DownloadsFolder",
            "RemovableVolumes",
            "NetworkVolumes",
        )
    },
    "CFBundleDocumentTypes": [
        {
            "CFBundleTypeName": "Rows",
            "CFBundleTypeRole": "Viewer",
            "LSHandlerRank": "Alternate",
            "LSItemContentTypes": ["public.json", "org.example.jsonl"],
        }
    ],
    "UTImportedTypeDeclarations": [{"UTTypeIdentifier": "org.example.jsonl"}],
}


class App:
    """An application on the disk, laid out as PyInstaller does: files in one place, links in the other."""

    def __init__(self, folder: Path, version: str) -> None:
        self.root = folder / "Tuning Studio.app"
        self.plist = {**PLIST, "CFBundleShortVersionString": version}
        self.write_plist()
        self.made("MacOS/Tuning Studio", Made(PROGRAM, rpaths=("@executable_path/../Frameworks",)))
        (self.path("MacOS/Tuning Studio")).chmod(0o755)
        self.file("Resources/studio.icns", b"icns\0\0\0\x08")
        self.file("Resources/NOTICES.txt", NOTICES.encode())
        up = "@loader_path/.."
        self.made("Frameworks/mlx/core.so", Made(BUNDLE, loads=("@rpath/libmlx.dylib",), rpaths=(up,)))
        self.made("Frameworks/mlx/lib/libmlx.dylib", Made(identity="@rpath/libmlx.dylib"))
        self.link("Frameworks/libmlx.dylib", "mlx/lib/libmlx.dylib")
        self.link("Frameworks/mlx.metallib", "mlx/lib/mlx.metallib")
        self.data("mlx/lib/mlx.metallib", KERNELS)
        qt = "PySide6/Qt/plugins/platforms/libqcocoa.dylib"
        self.made(f"Frameworks/{qt}", Made(minimum=(13, 0)))
        self.made("Frameworks/PySide6/QtCore.abi3.so", Made(BUNDLE, minimum=(15, 0)))
        for path in ("styles/studio.qss", "starter/model/model.safetensors"):
            self.data(f"resources/{path}", b"as it is")
        self.data("py3langid/data/model.npz.xz", b"model")
        self.data("certifi/cacert.pem", b"certificates")
        for name in ("transformers-5.0", "datasets-5.0", "mlx-0.32", "mlx_lm-0.32"):
            self.data(f"{name}.dist-info/METADATA", b"Name\n", folder=f"{name}.dist-info")

    def path(self, where: str) -> Path:
        return self.root / "Contents" / where

    def file(self, where: str, content: bytes) -> None:
        path = self.path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def made(self, where: str, made: Made) -> None:
        self.file(where, made.bytes())

    def change(self, where: str, made: Made, **changes: object) -> None:
        self.made(where, replace(made, **changes))

    def link(self, where: str, target: str) -> None:
        path = self.path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def data(self, where: str, content: bytes, folder: str = "") -> None:
        """A file in Resources, with the link in Frameworks to it (or to the folder that it is in)."""
        self.file(f"Resources/{where}", content)
        seen = self.path(f"Frameworks/{folder or where}")
        seen.parent.mkdir(parents=True, exist_ok=True)
        seen.symlink_to(os.path.relpath(self.path(f"Resources/{folder or where}"), seen.parent))

    def write_plist(self, **changes: object) -> None:
        self.file("Info.plist", plistlib.dumps({**self.plist, **changes}))

    def write_plist_without(self, key: str) -> None:
        self.file("Info.plist", plistlib.dumps({k: v for k, v in self.plist.items() if k != key}))
