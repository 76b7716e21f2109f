"""Models that stay loaded between jobs, so that base and tuned share one copy of the weights.

Everything here lives on the engine thread: MLX arrays are bound to the thread that makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import mlx.core as mx
from mlx import nn
from mlx_lm.tokenizer_utils import TokenizerWrapper
from mlx_lm.utils import load_model, load_tokenizer

from studio.errors import ModelError
from studio.models.arrays import named, nested
from studio.models.folder import check_weights, read_config
from studio.models.tokenizer import LOADING


@dataclass(eq=False)
class _Weights:
    """The evaluated arrays of one model, with what was read beside them."""

    arrays: dict[str, mx.array]
    config: dict[str, Any]
    tokenizer: TokenizerWrapper


@dataclass(frozen=True)
class OpenModel:
    """A module tree of one's own over shared weights: adapters put on it are seen by nobody else."""

    folder: Path
    module: nn.Module
    tokenizer: TokenizerWrapper
    config: dict[str, Any]
    weights: _Weights


class Shelf:
    """Opens models; keeps the one used last, and every one that is still in use."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[Path, _Weights] = WeakValueDictionary()
        self._latest: _Weights | None = None
        if mx.default_device() == mx.cpu:
            # On the CPU compiling calls g++ once for every new function (seconds before the first token) and
            # gains nothing: compiled and plain steps were measured equally fast.
            mx.disable_compile()

    def open(self, folder: Path) -> OpenModel:
        """The model in `folder`, loaded at most once. Raises ModelError with what is wrong and what to do."""
        folder = folder.resolve()
        found = self._open.get(folder)
        if found is None:
            module, found = _load(folder)
            self._open[folder] = found
        else:
            module, _ = load_model(folder, lazy=True)
            module.update(nested(found.arrays))
        self._latest = found
        return OpenModel(folder, module, found.tokenizer, found.config, found)

    def close(self) -> None:
        """Leave MLX on this thread; without this the process may abort at exit."""
        self._latest = None
        mx.synchronize()
        mx.clear_streams()


def _load(folder: Path) -> tuple[nn.Module, _Weights]:
    read_config(folder)
    check_weights(folder)
    try:
        module, config = load_model(folder)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"The model in {folder} could not be loaded: {error}") from error
    with LOADING:
        try:
            tokenizer = load_tokenizer(folder, eos_token_ids=config.get("eos_token_id"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"The tokenizer in {folder} cannot be read: {error}") from error
    return module, _Weights(named(module.parameters()), config, tokenizer)
