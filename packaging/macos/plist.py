"""What the application says of itself to the system: pure data, for the spec and for the checker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

NAME = "Tuning Studio"
IDENTIFIER = "org.tuningstudio.TuningStudio"
MINIMUM_SYSTEM = "14.0"
"""MLX's wheels ask for it; see also `build_macos.sh`, which takes those that do."""

ICON = "studio.icns"
_FOLDERS = "to open the datasets and models you keep there, and to save what you export."
_JSONL = "org.tuningstudio.jsonl"
_PARQUET = "org.apache.parquet"


def version() -> str:
    """The application's version, read from the source: nothing is imported for it."""
    source = Path(__file__).parents[2] / "studio/__init__.py"
    found = re.search(r'^__version__ = "(.+)"$', source.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"no version in {source}")
    return found[1]


def _documents(name: str, role: str, *types: str) -> dict[str, Any]:
    """Files that can be opened with the application, which is nobody's usual one for them by that."""
    return {
        "CFBundleTypeName": name,
        "CFBundleTypeRole": role,
        "LSHandlerRank": "Alternate",
        "LSItemContentTypes": list(types),
    }


def _imported(identifier: str, name: str, parent: str, kind: str, *endings: str) -> dict[str, Any]:
    """A type that belongs to others and that the system may not know."""
    return {
        "UTTypeIdentifier": identifier,
        "UTTypeDescription": name,
        "UTTypeConformsTo": [parent],
        "UTTypeTagSpecification": {
            "public.filename-extension": list(endings),
            "public.mime-type": [kind],
        },
    }


def info() -> dict[str, Any]:
    """The contents of Info.plist."""
    return {
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleName": NAME,
        "CFBundleDisplayName": NAME,
        "CFBundleExecutable": NAME,
        "CFBundlePackageType": "APPL",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleShortVersionString": version(),
        "CFBundleVersion": version(),
        "CFBundleIconFile": ICON,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "zh-Hans"],
        "LSMinimumSystemVersion": MINIMUM_SYSTEM,
        "LSArchitecturePriority": ["arm64"],
        "LSRequiresNativeExecution": True,
        "LSApplicationCategoryType": "public.app-category.developer-tools",
        "LSBackgroundOnly": False,
        "NSPrincipalClass": "NSApplication",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,  # dark where the system is
        "NSSupportsAutomaticGraphicsSwitching": True,
        "NSHumanReadableCopyright": "The Tuning Studio authors. Apache License 2.0.",
        "NSLocalNetworkUsageDescription": (
            "Tuning Studio asks models on servers in your network, where you name one, "
            "and trains with other Macs, where you ask for it."
        ),
        "NSDesktopFolderUsageDescription": f"Tuning Studio asks for your Desktop {_FOLDERS}",
        "NSDocumentsFolderUsageDescription": f"Tuning Studio asks for your Documents {_FOLDERS}",
        "NSDownloadsFolderUsageDescription": f"Tuning Studio asks for your Downloads {_FOLDERS}",
        "NSRemovableVolumesUsageDescription": f"Tuning Studio asks for this disk {_FOLDERS}",
        "NSNetworkVolumesUsageDescription": f"Tuning Studio asks for this network folder {_FOLDERS}",
        "CFBundleDocumentTypes": [
            _documents("JSON Lines", "Editor", _JSONL),
            _documents("JSON", "Editor", "public.json"),
            _documents(
                "Table",
                "Editor",
                "public.comma-separated-values-text",
                "public.tab-separated-values-text",
            ),
            _documents("Parquet", "Viewer", _PARQUET),
            _documents("Text", "Viewer", "public.plain-text", "net.daringfireball.markdown"),
            _documents(
                "Document",
                "Viewer",
                "com.adobe.pdf",
                "org.openxmlformats.wordprocessingml.document",
                "public.html",
            ),
            _documents("Folder of a dataset or a model", "Viewer", "public.folder"),
        ],
        "UTImportedTypeDeclarations": [
            _imported(_JSONL, "JSON Lines", "public.text", "application/jsonl", "jsonl", "ndjson"),
            _imported(_PARQUET, "Parquet", "public.data", "application/vnd.apache.parquet", "parquet"),
            _imported("net.daringfireball.markdown", "Markdown", "public.plain-text", "text/markdown", "md"),
        ],
    }
