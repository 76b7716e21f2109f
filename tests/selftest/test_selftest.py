"""The self-test does what it says, and what is broken or missing makes the right check fail, and no other."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import pytest

from studio.catalogue import phrase
from studio.cli.commands import run
from studio.errors import StudioError
from studio.selftest import system
from studio.selftest.check import CheckEntry, CheckOutcome, NotInstalled, SelfCheck, checking
from studio.selftest.checks import CHECKS, chosen, document, selftest
from studio.selftest.faults import without_kernels
from studio.ui.icons import NAMES
from tests.selftest.installed import ROOT, Installed

SECONDS = 60
"""Of the processors' time for all of it, so that it ends in a minute where nothing else is done."""
FAULTS = {
    f"transformers-{version('transformers')}.dist-info": ("libraries", "transformers"),
    "resources/starter/preferences.jsonl": ("samples", "resources/starter/preferences.jsonl"),
    "py3langid/data/model.npz.xz": ("health", "py3langid/data/model.npz.xz"),
    "docx/templates/default-styles.xml": ("word", "docx/templates/default-styles.xml"),
    "studio/models/hub/listing.py": ("hub", "studio.models.hub.listing"),
    "mlx_lm/models/phi.py": ("weighing", "phi"),
    "resources/icons/flag.svg": ("icons", "flag"),
    "resources/styles/studio.qss": ("style", "resources/styles/studio.qss"),
    "studio/export/gguf_pieces.py": ("gguf", "studio.export.gguf_pieces"),
    "studio/export/peft_import.py": ("peft", "studio.export.peft_import"),
    "tensorboardX/summary.py": ("tensorboard", "TensorBoard"),
}
"""What is taken out of an installation, the check that says so, and what it names."""
MODEL = "resources/starter/model"
BROKEN: list[dict[str, tuple[str, bytes | None]]] = [
    {
        f"{MODEL}/model.safetensors": ("starter", None),
        "resources/starter/messy.jsonl": ("samples", b""),
        "resources/icons/flag.svg": ("icons", b"<svg"),
    },
    {
        f"{MODEL}/tokenizer_config.json": ("tokenizer", b'{"chat_template": "{% for"}'),
        "resources/starter/golden.jsonl": ("samples", b"\0\0"),
        "resources/styles/studio.qss": ("style", b""),
    },
    {f"{MODEL}/model.safetensors": ("starter", b"broken")},
    {f"{MODEL}/tokenizer.json": ("starter", None)},
    {"py3langid/data/model.npz.xz": ("health", b"broken")},
]
"""Files that are missing (None) or hold this instead, and the checks that say so and name them."""


@pytest.mark.long
def test_every_check_passes_here_within_a_minute(tmp_path: Path) -> None:
    code = "import sys; from studio.__main__ import main; sys.argv = ['studio', *sys.argv[1:]]; main()"
    command = [sys.executable, "-c", code, "--home", str(tmp_path), "selftest", "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(ended.stdout)
    assert (ended.returncode, found["failed"], found["passed"]) == (0, [], True), ended.stderr
    assert [check["key"] for check in found["checks"]] == [entry.key for entry in CHECKS]
    assert found["left_out"] in ([], ["benchmarks"])
    assert found["platform"]["python"] == ".".join(map(str, sys.version_info[:3]))
    figures = {check["key"]: check["figures"] for check in found["checks"]}
    assert figures["libraries"]["packages"]["mlx"]["tags"]
    assert figures["device"]["gflops"] > 0
    assert len(figures["train"]["losses"]) == 3
    assert figures["gguf"]["same"] == figures["gguf"]["places"]
    assert figures["report"]["bytes"]["report.pdf"] > 10_000
    assert figures["hub"]["asked"] == 1
    assert list(tmp_path.iterdir()) == []
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS


@pytest.mark.long
def test_files_that_are_taken_out_make_the_right_checks_fail_and_no_other(tmp_path: Path) -> None:
    installed = Installed.under(tmp_path)
    for path in FAULTS:
        installed.take(path)
    code, found = installed.selftest()
    assert code == 1
    told = {check["key"]: check["detail"] for check in found["checks"] if check["key"] in found["failed"]}
    assert {*told} == {check for check, _ in FAULTS.values()}, told
    assert [(check, told[check]) for check, name in FAULTS.values() if name not in told[check]] == []
    assert [
        detail for check, detail in told.items() if " again" not in detail and check != "tensorboard"
    ] == []
    assert {*found["left_out"]} - {"benchmarks"} == {"window", "evaluate", "report"}


@pytest.mark.long
def test_a_file_that_is_missing_or_broken_is_named_with_what_to_do(tmp_path: Path) -> None:
    installed = Installed.under(tmp_path)
    for faults in BROKEN:
        with ExitStack() as taken:
            for path, (_, content) in faults.items():
                taken.enter_context(installed.without(path, content))
            asked = {"samples", "health", *(check for check, _ in faults.values())}
            code, found = installed.selftest(*(f"--only={key}" for key in asked))
        told = {check["key"]: check["detail"] for check in found["checks"] if check["key"] in found["failed"]}
        assert (code, {*told}) == (1, {check for check, _ in faults.values()}), told
        for path, (check, _) in faults.items():
            assert Path(path).stem.split(".")[0] in told[check], told
        assert [detail for detail in told.values() if "Install Tuning Studio again" not in detail] == []


def test_kernels_are_missed_beside_every_path_to_the_library(tmp_path: Path) -> None:
    library = tmp_path / "mlx" / "lib" / "libmlx.dylib"
    library.parent.mkdir(parents=True)
    assert without_kernels(tmp_path) == []  # as on Linux, where the library is another
    library.touch()
    assert without_kernels(tmp_path) == [library]
    library.with_name("mlx.metallib").touch()
    assert without_kernels(tmp_path) == []
    link = tmp_path / "libmlx.dylib"
    link.symlink_to("mlx/lib/libmlx.dylib")
    assert without_kernels(tmp_path) == [link]
    link.with_name("mlx.metallib").symlink_to("mlx/lib/mlx.metallib")
    assert without_kernels(tmp_path) == []
    library.with_name("mlx.metallib").unlink()
    assert without_kernels(tmp_path) == [link, library]


@pytest.mark.parametrize(
    ("macos", "tag", "code"),
    [
        ("26.1", "cp312-cp312-macosx_26_0_arm64", "selftest.macos_behind"),
        ("16.0", "cp312-cp312-macosx_26_0_arm64", "selftest.macos_behind"),
        ("26.2", "cp312-cp312-macosx_26_0_arm64", ""),
        ("26.0", "cp312-cp312-macosx_14_0_arm64", ""),
        ("14.5", "cp312-cp312-macosx_15_0_arm64", "selftest.wheel_ahead"),
        ("15.7.1", "cp312-cp312-macosx_15_0_arm64", ""),
        ("", "cp312-cp312-manylinux_2_35_x86_64", ""),
    ],
)
def test_a_wheel_for_another_macos_is_told(macos: str, tag: str, code: str) -> None:
    said = system.macos_remark(macos, [tag])
    assert (said.code if said else "") == code


def entry(key: str, error: Exception | None = None, needs: tuple[str, ...] = ()) -> CheckEntry:
    def work(_: object) -> CheckOutcome:
        if error is not None:
            raise error
        return CheckOutcome("well", {"count": 1})

    return CheckEntry(key, key.title(), work, needs)


def test_what_fails_is_told_and_keeps_only_those_from_being_tried_that_need_it() -> None:
    broken = RuntimeError("no metallib")
    entries = [entry("a"), entry("b", broken), entry("c", None, ("b",)), entry("d", None, ("c",)), entry("e")]
    entries.append(entry("f", NotInstalled("selftest.not_installed", name="F")))
    entries.append(entry("g", StudioError("selftest.apart")))
    found = list(checking(entries))
    assert [each.status for each in found] == [
        *("passed", "failed", "left out", "left out", "passed", "left out", "failed"),
    ]
    assert "tests/selftest/test_selftest.py cannot be used: RuntimeError: no metallib." in found[1].detail
    assert found[2].detail == str(phrase("selftest.needs", names="b"))
    told = document(found)
    assert (told["passed"], told["failed"], told["left_out"]) == (False, ["b", "g"], ["c", "d", "f"])
    assert document([found[0], found[5]])["passed"]


def test_single_checks_are_made_with_those_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert [each.key for each in chosen(["report"])] == [
        *("starter", "tokenizer", "health", "train", "evaluate", "report"),
    ]
    assert run(["selftest", "--only", "html", "--only", "pdf"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", "PDF"], ["ok", "HTML"]]
    assert lines[-1].startswith("All 2 checks passed in ")
    assert run(["selftest", "--only", "hup"]) == 2
    assert "There is no check hup." in capsys.readouterr().err


def test_every_icon_that_ships_is_looked_at() -> None:
    assert sorted(NAMES) == sorted(each.stem for each in (ROOT / "resources/icons").glob("*.svg"))


def test_tables_and_documents_are_read_and_the_keychain_is_named() -> None:
    found: list[SelfCheck] = list(selftest(["parquet", "pdf", "word", "html", "keychain"]))
    assert [each.key for each in found if each.failed] == []
