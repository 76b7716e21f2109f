"""Rules about what is run: every Mach-O file can be loaded on every Mac that we say we run on."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from app_bundle import AppBundle, Finding
from macho import Code, Image

MINIMUM = (14, 0)
"""The oldest macOS we run on: the oldest for which MLX has wheels."""

NEWER_BY_NAME_ONLY = {
    "*/PySide6/Qt*.abi3.so": (15, 0),
    "*/PySide6/libpyside6*.dylib": (15, 0),
    "*/shiboken6/Shiboken.abi3.so": (15, 0),
    "*/shiboken6/libshiboken6*.dylib": (15, 0),
}
"""Files that may claim a newer macOS. Those of PySide6 say 15.0, but ask nothing of it that 14 lacks,
and the loader refuses no library for what it claims. Look again when PySide6 moves on."""

_SYSTEM = ("/usr/lib/", "/System/Library/")


def processors(bundle: AppBundle) -> Iterator[Finding]:
    """Only code for Apple silicon, and that everywhere."""
    for image in bundle.images:
        found = [code.processor for code in image.codes]
        if found != ["arm64"]:
            yield Finding(
                "processor",
                bundle.where(image.path),
                f"holds code for {', '.join(found) or 'no processor'}, and should for arm64 alone",
                "thin it with `lipo -thin arm64`, or install its macosx arm64 wheel, then build again",
            )
    for path, fault in bundle.unreadable.items():
        yield Finding(
            "processor",
            bundle.where(path),
            f"begins as a Mach-O file and cannot be read: {fault}",
            "install its package again; copy applications with `ditto` alone",
        )


def minimum_systems(bundle: AppBundle) -> Iterator[Finding]:
    """Nothing was built for a newer macOS than the one we say is enough."""
    for image in bundle.images:
        code = image.arm64
        if code is None:
            continue
        allowed = max((MINIMUM, *_allowances(bundle.where(image.path))))
        if code.minimum is None:
            yield Finding(
                "minimum-system",
                bundle.where(image.path),
                "does not say which macOS it was built for",
                "build it with MACOSX_DEPLOYMENT_TARGET=14.0",
            )
        elif code.minimum > allowed:
            yield Finding(
                "minimum-system",
                bundle.where(image.path),
                f"was built for macOS {_said(code.minimum)} and newer, where at most {_said(allowed)} may be",
                "install the macosx_14_0 wheel of its package (MACOSX_DEPLOYMENT_TARGET=14.0), then build "
                "again; if it is known to load on 14, say so in NEWER_BY_NAME_ONLY",
            )


def signatures(bundle: AppBundle) -> Iterator[Finding]:
    """Apple silicon starts nothing unsigned; a signature of nobody (ad hoc) is enough for that."""
    for image in bundle.images:
        if image.arm64 is not None and not image.arm64.signed:
            yield Finding(
                "signature",
                bundle.where(image.path),
                "carries no signature, so macOS ends any process that loads it",
                "sign it from the inside out, as build_macos.sh does: `codesign --force --sign -`",
            )


def references(bundle: AppBundle) -> Iterator[Finding]:
    """Every library that a file loads is found inside the application or is the system's own."""
    main = next((image for image in bundle.images if image.path == bundle.program), None)
    shared = _folders(main.arm64, main.path, bundle) if main and main.arm64 else []
    for image in bundle.images:
        code = image.arm64
        if code is None:
            continue
        yield from _absolute_rpaths(bundle, image, code)
        searched = [*_folders(code, image.path, bundle), *shared]
        for load in code.loads:
            if not load.name.startswith(_SYSTEM):
                yield from _reference(bundle, image.path, load.name, load.weak, searched)


def duplicates(bundle: AppBundle) -> Iterator[Finding]:
    """No library is there twice: two copies have two states, and one name finds only one of them."""
    found: dict[str, list[Path]] = defaultdict(list)
    for image in bundle.images:
        if image.path.suffix == ".dylib":
            found[image.path.name].append(image.path)
    for name, paths in sorted(found.items()):
        if len(paths) > 1:
            yield Finding(
                "duplicate",
                bundle.where(paths[0]),
                f"{name} is there {len(paths)} times: {', '.join(bundle.where(path) for path in paths)}",
                "keep one regular file and make the others links to it, in the spec",
            )


def _allowances(where: str) -> Iterator[tuple[int, int]]:
    yield from (newest for pattern, newest in NEWER_BY_NAME_ONLY.items() if fnmatch(where, pattern))


def _said(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _absolute_rpaths(bundle: AppBundle, image: Image, code: Code) -> Iterator[Finding]:
    for rpath in code.rpaths:
        if not rpath.startswith(("@loader_path", "@executable_path", *_SYSTEM)) and rpath != "/usr/lib":
            yield Finding(
                "absolute-path",
                bundle.where(image.path),
                f"looks for libraries in {rpath}, a folder of the machine that built it",
                "remove that entry: `install_name_tool -delete_rpath`, or build with another wheel",
            )


def _reference(
    bundle: AppBundle, image: Path, name: str, weak: bool, searched: list[Path]
) -> Iterator[Finding]:
    if not name.startswith("@"):
        yield Finding(
            "absolute-path",
            bundle.where(image),
            f"loads {name}, which is on no other machine",
            "leave the file out in the spec, or rewrite it: `install_name_tool -change … @rpath/…`",
        )
        return
    places = _places(bundle, image, name, searched)
    if any(place.is_file() and bundle.holds(place) for place in places) or weak:
        return
    looked = sorted({bundle.where(place) for place in places})
    yield Finding(
        "reference",
        bundle.where(image),
        f"loads {name}, which is not there (looked at: {', '.join(looked) or 'no folder'})",
        "leave the file out in the spec, or add the package that brings the library",
    )


def _places(bundle: AppBundle, image: Path, name: str, searched: list[Path]) -> list[Path]:
    start, _, rest = name.partition("/")
    if start == "@rpath":
        return [Path(os.path.normpath(folder / rest)) for folder in searched]
    return [Path(os.path.normpath(_base(start, image, bundle) / rest))]


def _folders(code: Code, image: Path, bundle: AppBundle) -> list[Path]:
    relative = (rpath.partition("/") for rpath in code.rpaths if rpath.startswith("@"))
    return [Path(os.path.normpath(_base(start, image, bundle) / rest)) for start, _, rest in relative]


def _base(start: str, image: Path, bundle: AppBundle) -> Path:
    return image.parent if start == "@loader_path" else bundle.programs
