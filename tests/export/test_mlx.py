"""What mlx-lm is given answers in mlx-lm as the run's model does here, or is refused in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm import load
from mlx_lm.generate import generate_step

from studio.catalogue import Phrase
from studio.cli.commands import run as command_line
from studio.events import Exported
from studio.export.likeness import WORTH_KEEPING
from studio.generate.contestant import contestant_of
from studio.jobs.contestants import open_contestants
from studio.jobs.export import RunExportJob
from studio.models.cache import ModelCache
from studio.models.folder import read_config
from studio.runs.folder import RunFolder
from tests.conftest import finish, refused

PROMPT = [5, 9, 200, 31, 7, 2, 11]


def exported(run: Path, out: Path, target: str, **options: Any) -> Exported:
    job = RunExportJob(RunFolder(run), target, out, **options)
    return next(e for e in job.run_events(ModelCache()) if isinstance(e, Exported))


def codes(event: Exported) -> list[str]:
    return [remark.code for remark in event.remarks if isinstance(remark, Phrase)]


def answer(module: Any, prompt: Sequence[int] = PROMPT) -> list[int]:
    """The likeliest tokens one after another, as mlx-lm draws them."""
    drawn = generate_step(mx.array(prompt), module, max_tokens=12)
    return [int(token) for token, _ in drawn]


def tuned(run: Path) -> Any:
    (found,) = finish(open_contestants(RunFolder(run), [contestant_of("tuned")], ModelCache()))
    return found.module


@pytest.mark.parametrize("run", ["first", "next", "plain_dora", "full"])
def test_mlx_lm_answers_with_the_adapter_alone_as_the_run_does(
    run: str, runs: Path, tiny_model: Path, tmp_path: Path
) -> None:
    event = exported(runs / run, tmp_path / "out", "mlx")

    theirs = load(str(tiny_model), adapter_path=str(tmp_path / "out"))[0]
    bare = load(str(tiny_model))[0]
    mine, ids = tuned(runs / run), mx.array([PROMPT])
    assert np.abs(np.array(theirs(ids)) - np.array(mine(ids))).max() < 1e-4
    assert answer(theirs) == answer(mine)
    assert not np.allclose(np.array(bare(ids)), np.array(mine(ids)), atol=1e-2), "it does something"
    assert event.difference < 1e-5
    assert event.same == event.places > 50
    described = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert "parents" not in described
    assert event.files == ("adapter_config.json", "adapters.safetensors", "checksums.json")


def test_a_chain_that_no_adapter_equals_is_refused_and_nothing_is_left(runs: Path, tmp_path: Path) -> None:
    with refused("export.no_one_adapter", count=2, kind="DoRA"):
        exported(runs / "dora", tmp_path / "out", "mlx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("run", ["first", "next", "dora", "full"])
def test_a_whole_model_answers_as_the_run_does(
    run: str, runs: Path, tiny_model: Path, tmp_path: Path
) -> None:
    event = exported(runs / run, tmp_path / "out", "fused")

    theirs, tokenizer = load(str(tmp_path / "out"))[:2]
    mine = tuned(runs / run)
    ids = mx.array([PROMPT])
    assert np.abs(np.array(theirs(ids)) - np.array(mine(ids))).max() < 1e-3
    assert answer(theirs) == answer(mine)
    assert event.difference < 1e-4
    assert event.lost is not None
    assert event.lost < 1e-3
    assert tokenizer.chat_template
    assert read_config(tmp_path / "out") == read_config(tiny_model)


def test_what_quantizing_again_would_lose_is_measured_and_decides(runs: Path, tmp_path: Path) -> None:
    auto = exported(runs / "four_bits", tmp_path / "auto", "fused")
    kept = exported(runs / "four_bits", tmp_path / "kept", "fused", weights="keep")

    assert kept.lost is not None
    assert auto.lost is not None
    assert kept.lost > WORTH_KEEPING > auto.lost
    assert [codes(event)[0] for event in (auto, kept)] == ["export.dequantized", "export.requantized"]
    assert "quantization" not in read_config(tmp_path / "auto")
    assert read_config(tmp_path / "kept")["quantization"]["bits"] == 4
    mine = tuned(runs / "four_bits")
    assert answer(load(str(tmp_path / "auto"))[0]) == answer(mine)
    ids = mx.array([PROMPT])
    near = np.array(load(str(tmp_path / "kept"))[0](ids)) - np.array(mine(ids))
    assert np.linalg.norm(near) < 0.5 * np.linalg.norm(np.array(mine(ids)))


def test_an_adapter_says_what_it_was_trained_on_and_how_it_was_asked(runs: Path, tmp_path: Path) -> None:
    event = exported(runs / "four_bits", tmp_path / "out", "mlx")
    assert codes(event) == ["export.quantized_here", "export.template"]


def test_what_is_there_is_never_written_over(runs: Path, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with refused("export.taken", folder=tmp_path / "out", name="mine.txt"):
        exported(runs / "first", tmp_path / "out", "fused")
    with refused("target.inside"):
        exported(runs / "first", runs / "first" / "more", "mlx")
    with refused("target.inside"):
        exported(runs / "first", tiny_model / "more", "mlx")


def test_the_command_line_says_what_was_written_and_how_faithful_it_is(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(runs.parent)]
    assert command_line(["export", "first", "--out", str(tmp_path / "a"), *home]) == 0
    told = capsys.readouterr().out
    assert "same likeliest token" in told
    assert f"--adapter-path {tmp_path / 'a'}" in told
    assert command_line(["export", "dora", "--out", str(tmp_path / "b"), *home]) == 2
    assert "Export it as a whole model." in " ".join(capsys.readouterr().err.split())
