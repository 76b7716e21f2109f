"""Rules about what else is inside: links, Metal's kernels, what must be there and what must not."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from app_bundle import AppBundle, Finding

LIMIT = 650 * 10**6
"""Bytes of all files together: what one can ask of a person to download and keep."""

METAL_TARGET = "14.0.0"
"""The macOS that the kernels of Metal must be made for. Those for a newer one are not loaded by 14."""

UNWANTED = {
    "*/torch": "a second engine of 300 MB and more that nothing here calls",
    "*/tensorflow": "a second engine that nothing here calls",
    "*/jax*": "a second engine that nothing here calls",
    "*/wandb": "above the limit of size; its field in the window says that it is not part of the application",
    "*/matplotlib": "nothing here draws with it",
    "*/tkinter": "the window is Qt's",
    "*/_tkinter*.so": "the window is Qt's",
    "*/pytest": "a tool of development",
    "*/pip": "a tool of development",
    "*/PySide6/*qml*": "nothing here is written in QML",
    "*/PySide6/*Qml*": "nothing here is written in QML",
    "*/PySide6/*Quick*": "nothing here is written in QML",
    "*/PySide6/*WebEngine*": "nothing here shows web pages",
    "*/PySide6/*designer*": "a tool of development",
    "*/PySide6/*Designer*": "a tool of development",
    "*/plugins/sqldrivers": "nothing here opens a database, and they ask for libraries of other makers",
    "*/libqpdf.dylib": "nothing here shows PDF pages, and it asks for QtPdf",
    "*virtualkeyboard*": "a Mac has a keyboard, and it asks for QML",
    "*VirtualKeyboard*": "a Mac has a keyboard, and it asks for QML",
    "*/resources/fonts": "a Mac uses the system's own fonts",
    "*/resources/screens": "pictures for the README",
}
"""Files and folders that must not be inside, by pattern, each with the reason."""

NEEDED = {
    "resources/styles/studio.qss": "the window has no style without it",
    "resources/starter/model/model.safetensors": "the sample and the selftest train it",
    "PySide6/Qt/plugins/platforms/libqcocoa.dylib": "no window opens without it",
    "py3langid/data/model.npz.xz": "checking any dataset fails without it",
    "certifi/cacert.pem": "no download from the Hub works without it",
    "transformers-*.dist-info/METADATA": "transformers asks for its own version",
    "datasets-*.dist-info/METADATA": "datasets asks for its own version",
    "mlx-*.dist-info/METADATA": "a run notes the version it was made with",
    "mlx_lm-*.dist-info/METADATA": "a run notes the version it was made with",
}
"""What must be there, seen from Contents/Frameworks, where the running program looks for it."""

NOTICES = "NOTICES*"
LICENCES = ("Apache License", "GNU LESSER GENERAL PUBLIC LICENSE", "Mozilla Public License")
"""Texts that must be inside because their licences ask for it, besides the notice of each package."""


def links(bundle: AppBundle) -> Iterator[Finding]:
    """Every link leads, by a relative path, to something inside."""
    for link in bundle.links:
        target = os.readlink(link)
        if os.path.isabs(target):
            what = f"is a link to {target}, a path of the machine that built it"
        elif not link.exists():
            what = f"is a link to {target}, where nothing is"
        elif not bundle.holds(link):
            what = f"is a link to {target}, outside of the application"
        else:
            continue
        remedy = "build again; copy with `ditto` alone, since zip and cp -r lose links"
        yield Finding("link", bundle.where(link), what, remedy)


def metal(bundle: AppBundle) -> Iterator[Finding]:
    """One MLX, and its kernels beside every path by which the loader may say it was found."""
    for name in ("libmlx.dylib", "mlx.metallib"):
        regular = [path for path in bundle.files if path.name == name]
        if len(regular) != 1:
            yield Finding(
                "mlx",
                ", ".join(bundle.where(path) for path in regular) or "Contents/Frameworks/mlx/lib",
                f"{name} must be there exactly once as a regular file, and is {len(regular)} times",
                "collect it once, from the wheel of mlx-metal, and let every other path be a link to it",
            )
    for library in bundle.paths_to("libmlx.dylib"):
        if not library.with_name("mlx.metallib").is_file():
            yield Finding(
                "mlx",
                bundle.where(library),
                "has no mlx.metallib beside it, so MLX may find no kernels: "
                '"Failed to load the default metallib"',
                "add a link named mlx.metallib in that folder, as a SYMLINK entry of the spec",
            )
    for kernels in (path for path in bundle.files if path.name == "mlx.metallib"):
        made_for = sorted(metal_targets(kernels))
        if made_for != [METAL_TARGET]:
            yield Finding(
                "metal-target",
                bundle.where(kernels),
                f"has kernels for macOS {', '.join(made_for) or '(not said)'}, and must for {METAL_TARGET}",
                "install mlx-metal from its macosx_14_0 wheel, whatever macOS builds, then build again",
            )


def metal_targets(kernels: Path) -> set[str]:
    """The systems named in a file of compiled kernels."""
    if kernels.stat().st_size == 0:
        return set()
    with kernels.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        found = re.findall(rb"air64[\w.]*-apple-macosx(\d+(?:\.\d+)*)", whole)
    return {version.decode() for version in found}


def unwanted(bundle: AppBundle) -> Iterator[Finding]:
    """Nothing that is only weight; the highest folder of it is named, not every file inside."""
    told = "/"
    for path in bundle.entries:
        where = bundle.where(path)
        if where.startswith(told):
            continue
        reason = next((why for pattern, why in UNWANTED.items() if fnmatch(where, pattern)), None)
        if reason is not None:
            told = f"{where}/"
            what = f"must not be inside: {reason}"
            yield Finding("unwanted", where, what, "exclude it in the spec")


def needed(bundle: AppBundle) -> Iterator[Finding]:
    """What the program opens by its path is where it looks."""
    for pattern, reason in NEEDED.items():
        if not any(path.is_file() for path in bundle.frameworks.glob(pattern)):
            yield Finding(
                "needed",
                f"Contents/Frameworks/{pattern}",
                f"is not there: {reason}",
                "collect it in the spec: collect_data_files, copy_metadata or an entry of datas",
            )


def folders_with_dots(bundle: AppBundle) -> Iterator[Finding]:
    """`codesign` takes a folder with a dot in its name for a nested bundle, and refuses it."""
    for path in bundle.entries:
        inside = path.is_relative_to(bundle.frameworks) or path.is_relative_to(bundle.programs)
        if not inside or path.is_symlink() or not path.is_dir() or "." not in path.name:
            continue
        if path.suffix != ".framework" and ".framework" not in bundle.where(path.parent):
            yield Finding(
                "folder",
                bundle.where(path),
                "has a dot in its name where code lies, so the application cannot be signed",
                "let PyInstaller's BUNDLE lay the files out: it renames such folders and links them",
            )


def licences(bundle: AppBundle) -> Iterator[Finding]:
    """The texts that the licences of what is inside ask for."""
    notices = [
        path for path in bundle.files if fnmatch(path.name, NOTICES) and path.parent == bundle.resources
    ]
    if not notices:
        yield Finding(
            "licences", "Contents/Resources/NOTICES", "is not there", "run packaging/macos/notices.py"
        )
        return
    text = notices[0].read_text(encoding="utf-8", errors="replace")
    where = bundle.where(notices[0])
    texts = [path for path in bundle.files if path.is_relative_to(bundle.resources / "licences")]
    whole = " ".join(path.read_text(encoding="utf-8", errors="replace") for path in (notices[0], *texts))
    plain = " ".join(whole.split()).casefold()
    for licence in LICENCES:
        if licence.casefold() not in plain:
            what = (
                f"brings no text of the {licence}, in it or in licences; parts of what is inside ask for it"
            )
            yield Finding("licences", where, what, "let packaging/macos/notices.py add it")
    for name in _distributions(bundle):
        if _spelt(name) not in _spelt(text):
            what = f"does not name {name}, which is inside"
            yield Finding("licences", where, what, "let packaging/macos/notices.py add it")


def size(bundle: AppBundle) -> Iterator[Finding]:
    """It stays small enough to download."""
    total = sum(path.stat().st_size for path in bundle.files)
    if total > LIMIT:
        largest = sorted(bundle.files, key=lambda path: path.stat().st_size, reverse=True)[:5]
        heavy = ", ".join(f"{bundle.where(path)} {path.stat().st_size / 10**6:.0f} MB" for path in largest)
        yield Finding(
            "size",
            bundle.root.name,
            f"is {total / 10**6:.0f} MB, and may be {LIMIT / 10**6:.0f} MB; the largest files: {heavy}",
            "leave out in the spec what nothing imports",
        )


def _distributions(bundle: AppBundle) -> list[str]:
    found = {path.name.partition("-")[0] for path in bundle.entries if path.suffix == ".dist-info"}
    return sorted(name for name in found if _spelt(name) != "tuning-studio")


def _spelt(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()
