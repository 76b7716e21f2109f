"""Rules about Info.plist: what macOS reads before it starts anything."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app_bundle import AppBundle, Finding

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_RESERVED = ("public.", "com.apple.", "com.adobe.", "org.openxmlformats.", "net.daringfireball.")

Test = Callable[[Any], bool]


def _is(expected: object) -> Test:
    return lambda value: type(value) is type(expected) and value == expected


def _sentence(value: Any) -> bool:
    return isinstance(value, str) and len(value.split()) >= 3


def _identifier(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+){2,}", value) is not None


def _version(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+(\.\d+){0,2}", value) is not None


KEYS: dict[str, tuple[Test, str]] = {
    "CFBundleIdentifier": (_identifier, "a name such as org.example.Studio, under which settings are kept"),
    "CFBundleName": (_is("Tuning Studio"), '"Tuning Studio"'),
    "CFBundleDisplayName": (_is("Tuning Studio"), '"Tuning Studio"'),
    "CFBundlePackageType": (_is("APPL"), '"APPL"'),
    "CFBundleShortVersionString": (_version, "text such as 1.2.0"),
    "CFBundleVersion": (_version, "text such as 1.2.0"),
    "CFBundleDevelopmentRegion": (_is("en"), '"en"'),
    "LSMinimumSystemVersion": (_is("14.0"), '"14.0", the oldest macOS that MLX has wheels for'),
    "LSArchitecturePriority": (_is(["arm64"]), "only arm64"),
    "LSRequiresNativeExecution": (_is(True), "true, so that Rosetta is never asked"),
    "NSHighResolutionCapable": (_is(True), "true, or the window is drawn blurred"),
    "NSPrincipalClass": (_is("NSApplication"), '"NSApplication"'),
    "NSRequiresAquaSystemAppearance": (_is(False), "false, or dark mode never comes"),
    "NSSupportsAutomaticGraphicsSwitching": (_is(True), "true"),
    "LSApplicationCategoryType": (_is("public.app-category.developer-tools"), "the developer tools"),
    "NSHumanReadableCopyright": (_sentence, "a line for the About panel"),
    "NSLocalNetworkUsageDescription": (_sentence, "a sentence, or servers on the local network stay silent"),
    "NSDesktopFolderUsageDescription": (_sentence, "a sentence that the system shows when it asks"),
    "NSDocumentsFolderUsageDescription": (_sentence, "a sentence that the system shows when it asks"),
    "NSDownloadsFolderUsageDescription": (_sentence, "a sentence that the system shows when it asks"),
    "NSRemovableVolumesUsageDescription": (_sentence, "a sentence that the system shows when it asks"),
    "NSNetworkVolumesUsageDescription": (_sentence, "a sentence that the system shows when it asks"),
}
"""What must be in Info.plist, what to hold it to, and how to say what is expected."""


def plist(bundle: AppBundle) -> Iterator[Finding]:
    """Every key that the system needs is there, and of the right kind."""
    values = bundle.plist
    if values is None:
        yield _finding("is missing or cannot be read as a property list")
        return
    for key, (test, expected) in KEYS.items():
        if key not in values:
            yield _finding(f"lacks {key}: {expected}")
        elif not test(values[key]):
            yield _finding(f"has {key} = {values[key]!r}, and it must be {expected}")
    yield from _program(bundle)
    yield from _icon(bundle, values)
    yield from _release(values)
    yield from _documents(values)


def _program(bundle: AppBundle) -> Iterator[Finding]:
    program = bundle.program
    if program is None:
        yield _finding("lacks CFBundleExecutable: the file in Contents/MacOS that a double click starts")
    elif not program.is_file() or not os.access(program, os.X_OK):
        yield _finding(f"names {program.name} as CFBundleExecutable, which is no program in Contents/MacOS")


def _icon(bundle: AppBundle, values: dict[str, Any]) -> Iterator[Finding]:
    name = values.get("CFBundleIconFile")
    if not isinstance(name, str) or not name:
        yield _finding("lacks CFBundleIconFile: the icon in Contents/Resources")
        return
    icon = bundle.resources / (name if name.endswith(".icns") else f"{name}.icns")
    if not icon.is_file() or icon.read_bytes()[:4] != b"icns":
        yield _finding(f"names {name} as CFBundleIconFile, which is no .icns file in Contents/Resources")


def _release(values: dict[str, Any]) -> Iterator[Finding]:
    version = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    if values.get("CFBundleShortVersionString", version) != version:
        said = values["CFBundleShortVersionString"]
        yield _finding(
            f"says version {said} in CFBundleShortVersionString, and pyproject.toml says {version}"
        )


def _documents(values: dict[str, Any]) -> Iterator[Finding]:
    """Files can be opened with us, and we take them from no other application."""
    documents = values.get("CFBundleDocumentTypes") or []
    if not documents:
        yield _finding("lacks CFBundleDocumentTypes: no file can be dropped on the Dock or opened by Finder")
    declared = {
        kind.get("UTTypeIdentifier")
        for key in ("UTImportedTypeDeclarations", "UTExportedTypeDeclarations")
        for kind in values.get(key) or []
    }
    for document in documents:
        name = document.get("CFBundleTypeName", "without a name")
        if document.get("LSHandlerRank") != "Alternate":
            yield _finding(f"claims the document type {name}: its LSHandlerRank must be Alternate")
        if document.get("CFBundleTypeRole") not in ("Editor", "Viewer"):
            yield _finding(f"gives the document type {name} no CFBundleTypeRole: Editor or Viewer")
        kinds = document.get("LSItemContentTypes") or []
        if not kinds:
            yield _finding(f"names no LSItemContentTypes for the document type {name}")
        for kind in kinds:
            if not kind.startswith(_RESERVED) and kind not in declared:
                yield _finding(f"opens {kind}, which it must declare among UTImportedTypeDeclarations")


def _finding(what: str) -> Finding:
    return Finding("plist", "Contents/Info.plist", what, "correct packaging/macos/plist.py, then build again")
