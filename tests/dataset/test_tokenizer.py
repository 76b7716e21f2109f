"""Tokenizers come from local folders, and what is missing is said in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.dataset.dataset import Dataset
from studio.dataset.read.load import EXTENSIONS
from studio.dataset.record import Message, Record
from studio.dataset.render.render import Renderer
from studio.errors import ModelError
from studio.models.tokenizer import load_tokenizer
from studio.paths import resource
from studio.recipe.recipe import Data


def test_a_saved_tokenizer_comes_back_with_its_template(chatml: Any, tmp_path: Path) -> None:
    chatml.save_pretrained(tmp_path)
    record = Record(1, (Message("user", "Hi"), Message("assistant", "Yo 😀")))
    assert Renderer(load_tokenizer(tmp_path)).render(record) == Renderer(chatml).render(record)


def test_a_missing_or_empty_or_damaged_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, check=lambda error: error.code == "tokenizer.no_folder"):
        load_tokenizer(tmp_path / "gone")
    with pytest.raises(ModelError, check=lambda error: error.code == "tokenizer.missing"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, check=lambda error: error.code == "tokenizer.unreadable"):
        load_tokenizer(tmp_path)


def test_loading_a_tokenizer_leaves_torch_and_mlx_out(chatml: Any, tmp_path: Path) -> None:
    chatml.save_pretrained(tmp_path)
    program = (
        "import sys, pathlib; from studio.models.tokenizer import load_tokenizer\n"
        "import studio.dataset.dataset; assert 'transformers' not in sys.modules\n"
        f"load_tokenizer(pathlib.Path({str(tmp_path)!r}))\n"
        "assert not {'torch', 'mlx', 'mlx_lm'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


STARTER = resource("starter/model")
SAMPLES = sorted(path for path in resource("starter").glob("*.*") if path.suffix in EXTENSIONS)


@pytest.mark.skipif(not (STARTER / "tokenizer.json").exists(), reason="the starter model is not there yet")
def test_the_starters_own_tokenizer_trains_exactly_the_answer() -> None:
    tokenizer = load_tokenizer(STARTER)
    renderer = Renderer(tokenizer)
    record = Record(1, (Message("user", "What is the capital?"), Message("assistant", "Paris 😀 it is.")))
    tokens, pieces = renderer.render(record)[0].tokens, renderer.pieces(record)
    trained = "".join(piece.text for piece in pieces if piece.trained)
    assert trained.startswith("Paris 😀 it is.")
    assert [piece.special for piece in pieces if piece.trained][-1]
    prompt = renderer.prompt_ids(record.messages[:1])
    assert list(tokens.ids[: len(prompt)]) == prompt
    assert not any(tokens.trained[: len(prompt)])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@pytest.mark.skipif(not (STARTER / "tokenizer.json").exists(), reason="the starter model is not there yet")
def test_the_sample_data_loads_for_the_starter(path: Path) -> None:
    dataset = Dataset.load(path, Renderer(load_tokenizer(STARTER)), Data(), seed=0)
    assert dataset.train
