"""What an exception that nobody foresaw says of an installation: which file, what is wrong, what to do."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path

from studio.catalogue import Phrase, phrase
from studio.errors import StudioError
from studio.paths import resource


def fault_of(error: Exception) -> Phrase:
    """What is wrong, with the file that is missing or cannot be used where it can be known.

    The file is the one that the exception names, else the one whose code met with the fault.
    """
    if isinstance(error, StudioError) and error.phrase is not None:
        cause = error.__cause__
        inside = isinstance(cause, OSError) and cause.filename and short(cause.filename) != cause.filename
        return fault_of(cause) if isinstance(cause, Exception) and inside else error.phrase
    fault = f"{type(error).__name__}: {error}"
    match error:
        case FileNotFoundError(filename=str(file)):
            return phrase("selftest.missing_file", file=short(file))
        case OSError(filename=str(file)):
            return phrase("selftest.unusable_file", file=short(file), fault=fault)
        case ImportError(name=str(module)):
            return phrase("selftest.missing_module", module=module, fault=fault)
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return phrase("selftest.unexpected", fault=fault)
    return phrase("selftest.unusable_file", file=short(frames[-1].filename), fault=fault)


@contextmanager
def shipped(file: Path) -> Iterator[Path]:
    """Have a file that ships with the app used; where it cannot be, raise StudioError that names it."""
    if not file.is_file():
        raise StudioError("selftest.missing_file", file=short(str(file)))
    try:
        yield file
    except (StudioError, ValueError, LZMAError) as error:
        fault = str(error).rstrip(".")
        raise StudioError("selftest.unusable_file", file=short(str(file)), fault=fault) from error


def without_kernels(packages: Path) -> list[Path]:
    """Where MLX's library lies, or a link to it, and what it computes with on a Mac is not beside it."""
    places = [packages / "libmlx.dylib", packages / "mlx" / "lib" / "libmlx.dylib"]
    return [place for place in places if place.exists() and not place.with_name("mlx.metallib").is_file()]


def short(file: str) -> str:
    """A file's path from the app's own folder or that of packages on, as it is told."""
    path = Path(os.path.normpath(file))
    for root in (resource(".").resolve().parent, *(Path(each) for each in sys.path if each)):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return file
