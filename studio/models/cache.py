"""Models that stay loaded between jobs, so that base and tuned share one copy of the weights.

Everything here lives on the engine thread: MLX arrays are bound to the thread that makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import mlx.core as mx
from mlx import nn
from mlx_lm.tokenizer_utils import TokenizerWrapper
from mlx_lm.utils import load_tokenizer

from studio.catalogue import Phrase
from studio.errors import ModelError
from studio.models.arrays import named, nested
from studio.models.build import load_lazily
from studio.models.description import Description, describe, remark_on_window
from studio.models.family import BUILDING
from studio.models.form import WeightForm, put_into
from studio.models.tokenizer import LOADING, check_tokenizer, first_line, without_marks
from studio.models.unread import unread_window


@dataclass(eq=False)
class SharedWeights:
    """The evaluated arrays of one model, with what was read beside them.

    `kept` is what others know of them, by a name of theirs: it goes when the weights go.
    """

    arrays: dict[str, mx.array]
    config: dict[str, Any]
    tokenizer: TokenizerWrapper
    kept: dict[str, Any] = field(default_factory=dict)
    training: dict[Path, LiveAdapter] = field(default_factory=dict)  # of the runs that train on it, by folder


@dataclass(frozen=True, eq=False)
class LiveAdapter:
    """What a run is training at this moment: the model that bears it, its configuration, and its step."""

    module: nn.Module
    described: dict[str, Any]
    step: Callable[[], int]


@dataclass(frozen=True)
class OpenModel:
    """A module tree of one's own over shared weights: adapters put on it are seen by nobody else."""

    folder: Path
    module: nn.Module
    tokenizer: TokenizerWrapper
    config: dict[str, Any]
    form: WeightForm
    weights: SharedWeights
    remarks: tuple[Phrase, ...] = ()
    window: int | None = None  # how far back the model should look, where mlx-lm's looks back to the first

    def remarks_on(self, tokens: int) -> tuple[Phrase, ...]:
        """What a person should know who uses this model on sequences of so many tokens."""
        return (*self.remarks, *remark_on_window(self.folder, self.window, tokens))


class ModelCache:
    """Opens models; keeps the one used last, and every one that is still in use."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[tuple[Path, WeightForm], SharedWeights] = WeakValueDictionary()
        self._latest: SharedWeights | None = None
        if mx.default_device() == mx.cpu:
            # On the CPU compiling calls g++ once for every new function (seconds before the first token) and
            # gains nothing: compiled and plain steps were measured equally fast.
            mx.disable_compile()

    def open(self, folder: Path, form: WeightForm | None = None) -> OpenModel:
        """The model in `folder` in a form (as saved), loaded at most once.

        Raises ModelError with what is wrong and what to do.
        """
        folder = folder.resolve()
        described = describe(folder)
        form = (form or WeightForm()).resolved(described.config)
        found = self._open.get((folder, form))
        if found is None:
            module, found = _load(described, form)
            self._open[folder, form] = found
        else:
            module, _ = load_lazily(described)
            put_into(module, form)
            module.update(nested(found.arrays))
        self._latest = found
        window = unread_window(described.reading)
        return OpenModel(
            folder, module, found.tokenizer, found.config, form, found, described.remarks, window
        )

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Within the block, for a job, the models are kept in memory as `wired` has it."""
        with wired():
            yield

    def close(self) -> None:
        """Leave MLX on this thread; without this the process may abort at exit."""
        self._latest = None
        try:
            mx.synchronize()
        finally:  # after a Metal failure, waiting for the stream repeats the error
            mx.clear_streams()


_jobs_at_work: list[int] = []
"""The limit that each block of `wired` found, of those under way; only the engine thread uses MLX."""


@contextmanager
def wired() -> Iterator[None]:
    """Within the block macOS keeps what MLX holds on the GPU in memory, as far as it recommends.

    Otherwise a model that nearly fills that is paged out when other applications are used, and slow for the
    first seconds after. At rest nothing is wired. Blocks may overlap: jobs take turns.
    """
    if not (most := working_set()):
        yield
        return
    _jobs_at_work.append(_jobs_at_work[0] if _jobs_at_work else mx.set_wired_limit(most))
    try:
        yield
    finally:
        before = _jobs_at_work.pop()
        if not _jobs_at_work:
            mx.set_wired_limit(before)


def working_set() -> int:
    """The bytes that macOS recommends a process to hold on the GPU; MLX refuses to wire more. 0 elsewhere."""
    info = mx.device_info() if hasattr(mx, "device_info") else mx.metal.device_info()
    return int(info.get("max_recommended_working_set_size", 0))


def _load(described: Description, form: WeightForm) -> tuple[nn.Module, SharedWeights]:
    folder = described.folder
    module, config = load_lazily(described)
    check_tokenizer(folder)
    try:
        if quantization := put_into(module, form):
            config = {**config, "quantization": quantization, "quantization_config": quantization}
        for part in module.modules():  # one by one: beside the finished weights, only one layer's saved ones
            mx.eval([value for value in part.values() if isinstance(value, mx.array)])
        mx.eval(module.parameters())
    except BUILDING as error:
        raise ModelError("model.not_loaded", folder=folder, fault=error) from error
    with LOADING:
        try:
            with without_marks(folder) as clean:
                tokenizer = load_tokenizer(clean, eos_token_ids=config.get("eos_token_id"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError("tokenizer.unreadable", folder=folder, fault=first_line(error)) from error
    return module, SharedWeights(named(module.parameters()), config, tokenizer)
