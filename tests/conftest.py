"""What every test may use: a tiny real model, no network, no real home folder."""

from __future__ import annotations

import atexit
import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pytestqt.qtbot import QtBot

from studio.catalogue import Phrase, Unusable
from studio.errors import StudioError
from studio.events import finished
from studio.process import prepare_process

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("STUDIO_ENGINE", "thread")  # sooner there than a process; `process` tests that way
os.environ["LANGUAGE"] = "en"  # whatever the machine speaks
TRASH = Path(tempfile.mkdtemp(prefix="tuning-studio-trash-"))
atexit.register(shutil.rmtree, TRASH, ignore_errors=True)
os.environ["XDG_DATA_HOME"] = str(TRASH)  # whose Trash is read once, when it is first used
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before it is loaded: the cores are shared
prepare_process()
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # where the tests' own children find `tests`

# The same cases every time, and as long as they take.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")

TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


PATIENCE = 600_000
"""Milliseconds that a test waits for an event: a busy machine is slow, and only what hangs is a fault."""


class PatientBot(QtBot):
    """A QtBot that waits for events as long as they take."""

    def waitUntil(self, callback: Any, *, timeout: int = PATIENCE) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE, **keywords: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **keywords)


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's own, with patience."""
    return PatientBot(request)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is said of another device than MLX has here."""
    marks = {"on_cpu", "on_gpu"}
    if not any(marks & {mark.name for mark in item.iter_markers()} for item in items):
        return
    import mlx.core as mx

    other = "on_gpu" if mx.default_device() == mx.cpu else "on_cpu"
    left_out = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(autouse=True)
def _automatic_collection_off(request: pytest.FixtureRequest) -> Iterator[None]:
    """With Qt, nothing is collected beside the window's thread, as in the app: `studio.jobs.collecting`."""
    if "qapp" in request.fixturenames:
        gc.disable()
    yield
    gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    """Delete the windows that a test leaves, and what else of Qt it left in circles, here and now.

    Each change of the style sheet goes through every living window.
    """
    result = yield
    if "PySide6.QtWidgets" in sys.modules:
        _delete_windows()
        gc.collect()
        gc.freeze()  # what is left belongs to later tests as well: the next collection is a quick one
    return result


def _delete_windows() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    for window in QApplication.topLevelWidgets():
        if window.parent() is None:
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def _away_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random Qwen3 of 2 layers x 32 and a byte-level tokenizer: real files."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tokenizer(folder)
    write_weights(folder)
    return folder


@pytest.fixture
def toy_data(tmp_path: Path) -> Path:
    """60 instructions of unequal length, all different."""
    return write_rows(tmp_path / "toy.jsonl", 60)


def write_rows(path: Path, count: int) -> Path:
    """An Alpaca file with `count` rows, all different, of unequal length."""
    rows = [
        {"instruction": f"Say the number {n}", "output": " ".join([f"It is {n}."] * (1 + n % 5))}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_pairs(path: Path, count: int) -> Path:
    """A preference file with `count` rows, all different: long answers are preferred to short ones."""
    rows = [
        {"prompt": f"Say {n}", "chosen": f"It is {n}. " * (1 + n % 3), "rejected": f"{n}"}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


finish = finished


def refused(
    code: str, kind: Any = (StudioError, Unusable), /, **values: object
) -> AbstractContextManager[Any]:
    """`pytest.raises` for what fails with this code, and with these among its values.

    A value that is itself a phrase is named by its code, or given whole.
    """

    def is_meant(error: Any) -> bool:
        there = dict(error.phrase.values) if error.phrase else {}
        codes = {name: value.code for name, value in there.items() if isinstance(value, Phrase)}
        assert (error.phrase.code if error.phrase else "") == code, str(error)
        wanted = {name: str(v) if isinstance(v, Path) else v for name, v in values.items()}
        assert {n: v if v == codes.get(n) else there.get(n) for n, v in wanted.items()} == wanted
        return True

    return pytest.raises(kind, check=is_meant)


def write_tokenizer(folder: Path) -> None:
    """A byte-level tokenizer with a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {token: i for i, token in enumerate([*special, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def write_weights(folder: Path, changes: dict[str, int] | None = None) -> None:
    """A random Qwen3, of 2 layers x 32 or with other sizes."""
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.models import qwen3

    config = {
        "model_type": "qwen3",
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rms_norm_eps": 1e-6,
        "vocab_size": 320,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": True,
        "rope_theta": 10000.0,
        "eos_token_id": 2,
        **(changes or {}),
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    mx.random.seed(0)
    model = qwen3.Model(qwen3.ModelArgs.from_dict(config))
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())))


@pytest.fixture(scope="session")
def starter() -> Path:
    """The folder of the starter pack."""
    from studio.paths import resource

    return resource("starter")


@pytest.fixture(scope="session", autouse=True)
def _leave_mlx() -> Iterator[None]:
    yield
    if "mlx.core" in sys.modules:
        sys.modules["mlx.core"].clear_streams()
