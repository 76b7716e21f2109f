"""A run goes on, answers and is evaluated with the base that it was made with, or says that it is another."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest

from studio.cli.commands import run
from studio.models import folder as fingerprint
from studio.models.folder import model_fingerprint
from tests.conftest import TEMPLATE, write_rows

QUICK = (
    "loop.steps=4",
    "loop.batch_size=2",
    "loop.validate_every=2",
    "watch.forgetting=false",
    "lora.rank=2",
)
USES = {"chat": ("--prompt", "Hi"), "evaluate": ("--measures", "golden_exact"), "resume": ()}


def command(*arguments: object) -> int:
    return run([*map(str, arguments)])


@pytest.fixture(scope="module")
def kept(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with the home of a run called toy and what it was made from, and a copy of that folder."""
    folder = tmp_path_factory.mktemp("base") / "here"
    model = Path(shutil.copytree(tiny_model, folder / "model"))
    (folder / "own.jinja").write_text(TEMPLATE)
    rows = write_rows(folder / "rows.jsonl", 20)
    settings = [each for one in (*QUICK, f"data.template={folder / 'own.jinja'}") for each in ("--set", one)]
    home = folder / "home"
    assert command("train", rows, "--model", model, "--name", "toy", "--home", home, *settings) == 0
    return folder, Path(shutil.copytree(folder, folder.parent / "copy"))


@pytest.fixture
def here(kept: tuple[Path, Path]) -> Path:
    """The folder as it was after the training, at the place that the run knows."""
    folder, copy = kept
    shutil.rmtree(folder)
    return Path(shutil.copytree(copy, folder))


@pytest.fixture
def model(here: Path) -> Path:
    return here / "model"


@pytest.fixture
def trained(here: Path) -> Path:
    """The home of a run called toy, with a template of the person's own."""
    return here / "home"


def another_training(model: Path) -> None:
    file = model / "model.safetensors"
    about, held = file.stat(), mx.load(str(file))
    assert isinstance(held, dict)
    mx.save_safetensors(str(file), {name: array * 1.01 for name, array in held.items()}, {"format": "mlx"})
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns + 1))


def another_config(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "rope_theta": 777.0}))


def another_tokenizer(model: Path) -> None:
    file = model / "tokenizer_config.json"
    (file).write_text(
        json.dumps({**json.loads(file.read_text()), "chat_template": "{{ messages[0].content }}"})
    )


def another_template(model: Path) -> None:
    (model.parent / "own.jinja").write_text(TEMPLATE.replace("assistant", "answer"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "word"),
    [
        (another_training, "weights"),
        (another_config, "config.json"),
        (another_tokenizer, "tokenizer"),
        (another_template, "template"),
    ],
    ids=["weights", "config", "tokenizer", "template"],
)
def test_a_changed_base_is_said_and_refused_unless_asked_for(
    change: Callable[[Path], None], word: str, trained: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(model)
    for name, more in USES.items():
        assert command(name, "toy", "--home", trained, *more) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert f"The {word} of the model" in said
        assert "--changed-base" in said
    for name, more in USES.items():
        assert command(name, "toy", "--home", trained, "--changed-base", *more) == 0
        assert "used all the same, as asked" in " ".join(capsys.readouterr().err.split())


@pytest.mark.long
def test_a_run_goes_on_with_the_template_it_kept(trained: Path, here: Path) -> None:
    assert (trained / "runs" / "toy" / "template.jinja").read_text() == TEMPLATE
    (here / "own.jinja").unlink()
    for name, more in USES.items():
        assert command(name, "toy", "--home", trained, *more) == 0


@pytest.mark.long
def test_what_only_looks_changed_is_the_same(trained: Path, model: Path) -> None:
    for file in model.iterdir():
        os.utime(file, (1, 1))
    (model / "README.md").write_text("notes")
    assert command("chat", "toy", "--home", trained, "--prompt", "Hi") == 0


def test_a_run_of_an_earlier_release_is_called_unproven(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = trained / "runs" / "toy" / "run.json"
    manifest = json.loads(file.read_text())
    del manifest["base"]
    file.write_text(json.dumps(manifest))
    assert command("chat", "toy", "--home", trained, "--prompt", "Hi") == 0
    assert "nothing proves that its model is still the same" in " ".join(capsys.readouterr().err.split())


def test_a_large_file_is_told_by_its_header_size_and_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "_WHOLE", 1000)
    monkeypatch.setattr(fingerprint, "_BLOCK", 16)
    file = tmp_path / "model.safetensors"
    mx.save_safetensors(str(file), {"a": mx.zeros((40, 40)), "b": mx.ones((40, 40))})
    first = model_fingerprint(tmp_path)["weights"]
    for number, changed in enumerate(
        (
            {"a": mx.full((40, 40), 0.5), "b": mx.ones((40, 40))},
            {"c": mx.zeros((40, 40)), "b": mx.ones((40, 40))},
            {"a": mx.zeros((41, 40)), "b": mx.ones((40, 40))},
            {"a": mx.ones((40, 40)), "b": mx.zeros((40, 40))},
        )
    ):
        mx.save_safetensors(str(file), changed)
        os.utime(file, ns=(1, number))
        assert model_fingerprint(tmp_path)["weights"] != first
