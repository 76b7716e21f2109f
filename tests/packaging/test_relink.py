"""What is laid out without a Mac is relinked as on one."""

from __future__ import annotations

from pathlib import Path

import pytest
from macho import Load, read_image
from relink import NoRoom, relinked

from tests.packaging.mach_o_files import BUNDLE, X86_64, Made, for_several

QT = "@rpath/QtCore.framework/Versions/A/QtCore"
BUILT = Made(
    BUNDLE,
    loads=(QT, "/usr/lib/libSystem.B.dylib", "/opt/lib/libarrow.2600.dylib"),
    weak=("@loader_path/libextra.dylib",),
    rpaths=("/Users/builder/lib", "@loader_path/lib"),
    identity="/DLC/libbuilt.dylib",
)


def test_only_our_processor_is_left_and_every_library_is_asked_for_at_the_top(tmp_path: Path) -> None:
    made = tmp_path / "made.so"
    made.write_bytes(relinked(for_several(Made(processor=X86_64), BUILT), "@loader_path/../.."))
    (code,) = read_image(made).codes
    assert (code.processor, code.minimum, code.signed) == ("arm64", (14, 0), True)
    assert code.identity == "@rpath/libbuilt.dylib"
    assert code.rpaths == ("@loader_path/../..",)
    assert code.loads == (
        Load("@rpath/QtCore", weak=False),
        Load("/usr/lib/libSystem.B.dylib", weak=False),
        Load("@rpath/libarrow.2600.dylib", weak=False),
        Load("@rpath/libextra.dylib", weak=True),
    )


def test_what_follows_the_commands_stays_where_it_is() -> None:
    content = BUILT.bytes()[:-3] + b"end"
    made = relinked(content, "@loader_path")
    assert (len(made), made[-3:]) == (len(content), b"end")


def test_commands_that_do_not_fit_are_refused() -> None:
    with pytest.raises(NoRoom):
        relinked(Made(BUNDLE, rpaths=(), room=8).bytes(), "@loader_path/" + "../" * 20)


def test_a_file_without_our_processor_is_refused() -> None:
    with pytest.raises(ValueError, match="Apple silicon"):
        relinked(for_several(Made(processor=X86_64)), "@loader_path")
