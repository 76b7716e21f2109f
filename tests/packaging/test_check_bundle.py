"""The checker of the Mac application finds each fault that is planted, says where, and finds no other."""

from __future__ import annotations

import json
import os
import plistlib
import tomllib
from pathlib import Path

import content_rules
import pytest
from app_bundle import Finding
from check_bundle import RULES, Rule, check, main
from plist_rules import KEYS, plist

from tests.packaging.mach_o_files import BUNDLE, KERNELS, NOTICES, X86_64, App, Made, for_several

VERSION = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
LIBMLX = "Frameworks/mlx/lib/libmlx.dylib"


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path, VERSION)


def only(app: App, *rules: Rule) -> Finding:
    """The one fault that all rules find, or the named ones."""
    (finding,) = check(app.root, rules or RULES)
    assert finding.remedy
    return finding


def rules_broken(app: App) -> set[str]:
    return {finding.rule for finding in check(app.root)}


def test_a_sound_application_has_no_fault(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(app.root) == []
    assert main([str(app.root)]) == 0
    assert capsys.readouterr().out.endswith("5 of them programs and libraries, 0 MB; 0 faults\n")


def test_a_fault_is_told_with_its_place_and_what_to_do(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    app.path("Frameworks/mlx.metallib").unlink()
    assert main([str(app.root)]) == 1
    told = capsys.readouterr().out
    assert "[mlx] Contents/Frameworks/libmlx.dylib\n" in told
    assert "-> add a link named mlx.metallib" in told
    assert "1 fault\n" in told
    assert main([str(app.root), "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["where"] == "Contents/Frameworks/libmlx.dylib"


def test_what_is_no_application_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no folder Contents" in capsys.readouterr().err


def test_code_for_intel_alone_is_found(app: App) -> None:
    app.made("Frameworks/old.so", Made(BUNDLE, processor=X86_64))
    assert (only(app).rule, only(app).where) == ("processor", "Contents/Frameworks/old.so")


def test_code_for_intel_beside_ours_is_found(app: App) -> None:
    app.file("Frameworks/both.so", for_several(Made(BUNDLE, processor=X86_64), Made(BUNDLE)))
    assert "x86_64, arm64" in only(app).what


def test_a_damaged_library_is_found(app: App) -> None:
    app.file("Frameworks/half.so", Made(BUNDLE).bytes()[:70])
    assert (only(app).rule, only(app).where) == ("processor", "Contents/Frameworks/half.so")


def test_data_that_begins_like_a_library_is_let_be(app: App) -> None:
    app.data("Thing.class", b"\xca\xfe\xba\xbe\0\0\0\x34rest")
    assert check(app.root) == []


@pytest.mark.parametrize("minimum", [(15, 0), (26, 2), None])
def test_what_was_built_for_a_newer_system_is_found(app: App, minimum: tuple[int, int] | None) -> None:
    app.made("Frameworks/numpy/new.so", Made(BUNDLE, minimum=minimum))
    assert (only(app).rule, only(app).where) == ("minimum-system", "Contents/Frameworks/numpy/new.so")


def test_the_allowance_for_pyside_ends_at_15(app: App) -> None:
    app.made("Frameworks/PySide6/QtGui.abi3.so", Made(BUNDLE, minimum=(15, 0)))
    assert check(app.root) == []
    app.made("Frameworks/PySide6/QtGui.abi3.so", Made(BUNDLE, minimum=(26, 0)))
    assert "at most 15.0" in only(app).what


def test_an_unsigned_library_is_found(app: App) -> None:
    app.made("Frameworks/unsigned.so", Made(BUNDLE, signed=False))
    assert only(app).rule == "signature"


@pytest.mark.parametrize("name", ["@rpath/libgone.dylib", "@loader_path/libgone.dylib"])
def test_a_library_that_is_not_there_is_found(app: App, name: str) -> None:
    app.made("Frameworks/asks.so", Made(BUNDLE, loads=(name,)))
    assert only(app).rule == "reference"
    assert "Contents/Frameworks/libgone.dylib" in only(app).what


def test_a_weak_library_may_be_missing(app: App) -> None:
    app.made("Frameworks/asks.so", Made(BUNDLE, weak=("@rpath/libgone.dylib",)))
    assert check(app.root) == []


def test_a_library_is_found_by_the_folders_of_the_program_too(app: App) -> None:
    app.made("Frameworks/deep/er/asks.so", Made(BUNDLE, loads=("@rpath/libmlx.dylib",), rpaths=()))
    assert check(app.root) == []


def test_a_library_outside_of_the_application_does_not_count(app: App) -> None:
    (app.root.parent / "libaside.dylib").write_bytes(Made().bytes())
    app.made("Frameworks/asks.so", Made(BUNDLE, loads=("@loader_path/../../../libaside.dylib",)))
    assert only(app).rule == "reference"


@pytest.mark.parametrize("name", ["/opt/homebrew/lib/libpq.5.dylib", "/Users/me/lib.dylib", "libbare.dylib"])
def test_a_library_of_another_machine_is_found(app: App, name: str) -> None:
    app.made("Frameworks/asks.so", Made(BUNDLE, loads=(name,)))
    assert (only(app).rule, name in only(app).what) == ("absolute-path", True)


def test_a_folder_of_another_machine_is_found(app: App) -> None:
    app.made("Frameworks/asks.so", Made(BUNDLE, rpaths=("@loader_path", "/Users/me/lib")))
    assert (only(app).rule, "/Users/me/lib" in only(app).what) == ("absolute-path", True)


def test_a_library_that_is_there_twice_is_found(app: App) -> None:
    app.made("Frameworks/numpy/libblas.dylib", Made())
    app.made("Frameworks/scipy/libblas.dylib", Made())
    assert (only(app).rule, "scipy/libblas.dylib" in only(app).what) == ("duplicate", True)


@pytest.mark.parametrize("target", ["gone", "/etc/hosts", "../../../outside"])
def test_a_link_that_leads_nowhere_or_outside_is_found(app: App, target: str) -> None:
    (app.root.parent / "outside").write_text("outside")
    app.link("Resources/link", target)
    assert (only(app).rule, only(app).where) == ("link", "Contents/Resources/link")


def test_a_copy_of_mlx_in_place_of_its_link_is_found(app: App) -> None:
    app.path("Frameworks/libmlx.dylib").unlink()
    app.made("Frameworks/libmlx.dylib", Made())
    assert rules_broken(app) == {"mlx", "duplicate"}


def test_an_application_without_mlx_is_found(app: App) -> None:
    for where in (LIBMLX, "Frameworks/libmlx.dylib"):
        app.path(where).unlink()
    assert rules_broken(app) == {"mlx", "reference"}


def test_kernels_that_are_there_twice_are_found(app: App) -> None:
    app.path("Frameworks/mlx.metallib").unlink()
    app.file("Frameworks/mlx.metallib", KERNELS)
    assert "exactly once" in only(app).what


def test_a_path_of_mlx_through_a_linked_folder_needs_kernels_too(app: App) -> None:
    app.path("Resources/mlx2/lib").mkdir(parents=True)
    app.link("Resources/mlx2/lib/libmlx.dylib", "../../../Frameworks/mlx/lib/libmlx.dylib")
    app.link("Frameworks/again", "../Resources/mlx2")
    assert [finding.where for finding in check(app.root)] == [
        "Contents/Frameworks/again/lib/libmlx.dylib",
        "Contents/Resources/mlx2/lib/libmlx.dylib",
    ]


@pytest.mark.parametrize(
    "kernels",
    [b"MTLBair64_v28-apple-macosx26.2.0\0", KERNELS + b"air64_v27-apple-macosx15.0.0", b"MTLB", b""],
)
def test_kernels_for_another_system_are_found(app: App, kernels: bytes) -> None:
    app.file("Resources/mlx/lib/mlx.metallib", kernels)
    assert (only(app).rule, only(app).where) == ("metal-target", "Contents/Resources/mlx/lib/mlx.metallib")


@pytest.mark.parametrize(
    "where",
    [
        "Resources/torch/version.txt",
        "Resources/PySide6/Qt/qml/QtQuick/plugin.txt",
        "Frameworks/PySide6/Qt/plugins/sqldrivers/libqsqlite.dylib",
        "Frameworks/PySide6/Qt/plugins/imageformats/libqpdf.dylib",
        "Frameworks/PySide6/QtQml.abi3.so",
        "Resources/wandb/readme.md",
        "Resources/resources/fonts/Inter-Regular.otf",
        "Resources/resources/screens/shot.png",
    ],
)
def test_what_must_not_be_inside_is_found(app: App, where: str) -> None:
    app.made(where, Made())
    finding = only(app)
    assert finding.rule == "unwanted"
    assert f"Contents/{where}".startswith(finding.where)


@pytest.mark.parametrize("pattern", content_rules.NEEDED)
def test_what_must_be_inside_and_is_not_is_found(app: App, pattern: str) -> None:
    (path,) = app.path("Frameworks").glob(pattern)
    (path.resolve() if path.parent.suffix == ".dist-info" else path).unlink()
    assert (only(app).rule, only(app).where) == ("needed", f"Contents/Frameworks/{pattern}")


def test_a_folder_that_cannot_be_signed_is_found(app: App) -> None:
    app.made("Frameworks/python3.12/lib.so", Made(BUNDLE))
    app.made("Frameworks/Qt.framework/Versions/5.1/Qt", Made())
    assert (only(app).rule, only(app).where) == ("folder", "Contents/Frameworks/python3.12")


def test_missing_notices_are_found(app: App) -> None:
    app.path("Resources/NOTICES.txt").unlink()
    assert only(app).rule == "licences"


@pytest.mark.parametrize("left_out", ["Apache License", "PUBLIC LICENSE", "Mozilla Public License", "mlx-lm"])
def test_notices_that_lack_a_licence_or_a_package_are_found(app: App, left_out: str) -> None:
    app.file("Resources/NOTICES.txt", NOTICES.replace(left_out, "").encode())
    assert only(app).rule == "licences"


def test_more_than_the_limit_of_size_is_found(app: App) -> None:
    app.file("Resources/heavy.bin", b"")
    os.truncate(app.path("Resources/heavy.bin"), content_rules.LIMIT)  # takes no room on the disk
    assert (only(app).rule, "heavy.bin 650 MB" in only(app).what) == ("size", True)


@pytest.mark.parametrize("key", [*KEYS, "CFBundleExecutable", "CFBundleIconFile", "CFBundleDocumentTypes"])
def test_a_missing_key_of_the_property_list_is_found(app: App, key: str) -> None:
    app.write_plist_without(key)
    assert (only(app, plist).rule, key in only(app, plist).what) == ("plist", True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CFBundleIdentifier", "studio"),
        ("CFBundleVersion", 1),
        ("CFBundleShortVersionString", "9.9.9"),
        ("LSMinimumSystemVersion", "15.0"),
        ("LSArchitecturePriority", ["arm64", "x86_64"]),
        ("NSRequiresAquaSystemAppearance", 0),
        ("NSLocalNetworkUsageDescription", ""),
        ("CFBundleExecutable", "Nothing"),
        ("CFBundleIconFile", "nothing"),
    ],
)
def test_a_wrong_value_of_the_property_list_is_found(app: App, key: str, value: object) -> None:
    app.write_plist(**{key: value})
    assert (only(app, plist).rule, key in only(app, plist).what) == ("plist", True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LSHandlerRank", "Owner"),
        ("CFBundleTypeRole", "None"),
        ("LSItemContentTypes", []),
        ("LSItemContentTypes", ["org.apache.parquet"]),
    ],
)
def test_a_document_type_that_takes_too_much_or_says_too_little_is_found(
    app: App, key: str, value: object
) -> None:
    (document,) = plistlib.loads(app.path("Info.plist").read_bytes())["CFBundleDocumentTypes"]
    app.write_plist(CFBundleDocumentTypes=[{**document, key: value}])
    assert only(app, plist).rule == "plist"


def test_a_damaged_property_list_is_found(app: App) -> None:
    app.file("Info.plist", b"not a property list")
    assert only(app, plist).rule == "plist"
