"""A flipped bit or a NaN is told from what was learned, and a cache is believed only by its checksum."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.cli.commands import run
from studio.runs.folder import RunFolder
from tests.conftest import write_rows

QUICK = (
    "loop.steps=4",
    "loop.batch_size=2",
    "loop.validate_every=2",
    "watch.forgetting=false",
    "lora.rank=2",
)


def command(*arguments: object) -> int:
    return run([*map(str, arguments)])


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a finished run called toy."""
    home = tmp_path_factory.mktemp("trained")
    rows = write_rows(home / "rows.jsonl", 20)
    settings = [each for setting in QUICK for each in ("--set", setting)]
    assert command("train", rows, "--model", tiny_model, "--name", "toy", "--home", home, *settings) == 0
    return home


@pytest.fixture
def home(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def flipped(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) * 3 // 4] ^= 1
    file.write_bytes(whole)


def with_nan(file: Path) -> None:
    held = mx.load(str(file))
    assert isinstance(held, dict)
    name = max(held)
    held[name] = mx.full(held[name].shape, float("nan"))
    mx.save_safetensors(str(file), held)


def junk(file: Path) -> None:
    file.write_bytes(b"junk")


def forget_checksums(folder: Path) -> None:
    (folder / "checksums.json").unlink()


@pytest.mark.parametrize("damage", [flipped, with_nan, junk], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", ["chat", "evaluate", "resume"])
def test_a_damaged_adapter_is_refused_by_its_name(
    name: str, damage: Callable[[Path], None], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "runs" / "toy" / "adapter" / "adapters.safetensors"
    damage(file)
    before = file.read_bytes()
    more = ("--prompt", "Hi") if name == "chat" else ()
    assert command(name, "toy", "--home", home, *more) in (1, 2)
    assert "adapters.safetensors" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize("file", ["adapters.safetensors", "optimizer.safetensors", "position.json"])
def test_a_damaged_checkpoint_is_refused_by_its_name(
    file: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = RunFolder(home / "runs" / "toy").checkpoints()[-1]
    flipped(newest / file)
    assert command("resume", "toy", "--home", home) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert file in said
    assert "Delete that folder; the run then resumes from the one before" in said
    shutil.rmtree(newest)
    assert command("resume", "toy", "--home", home) == 0


@pytest.mark.long
def test_what_an_earlier_release_wrote_is_called_unproven_and_used(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(home / "runs" / "toy")
    for each in (folder.adapter, *folder.checkpoints()):
        forget_checksums(each)
    for name, more in (
        ("chat", ("--prompt", "Hi")),
        ("evaluate", ("--measures", "golden_exact")),
        ("resume", ()),
    ):
        assert command(name, "toy", "--home", home, *more) == 0
        assert "nothing proves that it is whole" in " ".join(capsys.readouterr().err.split())
    with_nan(folder.adapter / "adapters.safetensors")
    forget = folder.adapter / "checksums.json"
    forget.unlink(missing_ok=True)
    assert command("chat", "toy", "--home", home, "--prompt", "Hi") == 2
    assert "NaN" in capsys.readouterr().err


def not_finite(file: Path) -> None:
    values = np.load(file)
    values[:] = np.nan
    np.save(file, values)


def shorter(file: Path) -> None:
    np.save(file, np.load(file)[:-1])


def of_another_run(file: Path) -> None:
    np.save(file, np.load(file) + 1)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    "damage", [not_finite, shorter, of_another_run, cut, empty, flipped], ids=lambda damage: damage.__name__
)
def test_a_damaged_reference_is_made_anew(
    damage: Callable[[Path], None], tiny_model: Path, tmp_path: Path
) -> None:
    home, pairs = tmp_path / "home", tmp_path / "pairs.jsonl"
    rows = ({"prompt": f"Say {n}", "chosen": f"It is {n}.", "rejected": "No."} for n in range(12))
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = [each for setting in (*QUICK, "objective=dpo") for each in ("--set", setting)]
    train = ("train", pairs, "--model", tiny_model, "--home", home, *settings)
    assert command(*train, "--name", "one") == 0
    (file,) = (home / "runs" / ".cache").glob("reference-*.npy")
    whole = file.read_bytes()
    damage(file)
    assert command(*train, "--name", "two") == 0
    assert file.read_bytes() == whole
    one, two = (home / "runs" / name / "adapter" / "adapters.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
