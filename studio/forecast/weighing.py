"""Models weighed up by the forecast, in a process of its own: chat, LoRA, QLoRA and full fine-tuning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from studio.child_process import Parent
from studio.errors import ModelError, StudioError
from studio.events.models import UNKNOWN, ModelUse
from studio.files import as_json, scratch_folder
from studio.forecast.uses import Candidate, placeless, use_of
from studio.process import prepare_process

UNBOUNDED = 2**60
"""A limit that everything fits into: how a run could be made to fit is not asked here."""
_RECIPES: dict[str, dict[str, Any]] = {
    "lora": {},
    "qlora": {"base.quantize": "4-bit"},
    "full": {"method": "full"},
}


def main() -> int:
    """Answer the parent's list of candidates, one line for each."""
    asked: SimpleQueue[Any] = SimpleQueue()
    parent = Parent(asked.put)
    prepare_process()
    for candidate in asked.get():
        parent.report(as_json(weighed(Candidate(**candidate))))
    return 0


def weighed(candidate: Candidate) -> dict[str, Any]:
    """What a model is good for, as it is kept: uses with fit and bytes, or the problem."""
    if candidate.folder:
        return _in_folder(Path(candidate.folder))
    with scratch_folder("model") as folder:
        config = json.loads(candidate.config)
        if candidate.precision and not config.get("torch_dtype") and not config.get("dtype"):
            config["torch_dtype"] = candidate.precision
        (folder / "config.json").write_text(as_json(config), encoding="utf-8")
        return _in_folder(folder)


def _in_folder(folder: Path) -> dict[str, Any]:
    from studio.models.description import describe

    try:
        quantized = bool(describe(folder).config.get("quantization"))
        uses = [[each.use, each.fits, each.size] for each in _uses(folder, quantized)]
    except StudioError as error:
        return {"uses": [], "problem": placeless(error.said, folder)}
    return {"uses": uses}


def _uses(folder: Path, quantized: bool) -> Iterator[ModelUse]:
    """Each use; weights that are quantized already are trained as QLoRA, and not themselves."""
    from studio.forecast.chat import CONTEXT, chat_peak
    from studio.models.folder import read_config
    from studio.models.reach import context_length
    from studio.train.memory import machine_limit

    limit, context = machine_limit(), context_length(read_config(folder)) or CONTEXT
    yield from _use("chat", lambda: chat_peak(folder, min(context, CONTEXT)), limit)
    for use, values in ({"qlora": {}} if quantized else _RECIPES).items():
        yield from _use(use, partial(_peak, folder, values), limit)


def _use(use: str, peak: Callable[[], int], limit: int) -> Iterator[ModelUse]:
    """A use by what it takes; nothing where it is none. Raises ModelError for a model that has none."""
    from studio.models.family import BUILDING

    try:
        yield use_of(use, peak(), limit)
    except ModelError as error:
        if error.code.startswith("forecast."):
            yield ModelUse(use, UNKNOWN)
        elif not error.code.startswith(("quantize.", "adapter.")):
            raise
    except BUILDING:  # a family that cannot be asked without its weights
        yield ModelUse(use, UNKNOWN)


def _peak(folder: Path, values: dict[str, Any]) -> int:
    """What training takes at its highest point."""
    from studio.forecast.forecast import forecast
    from studio.recipe.recipe import Recipe

    return forecast(Recipe(model=str(folder)).with_values(values), folder, limit=UNBOUNDED).peak
