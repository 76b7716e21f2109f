"""Models weighed up by the forecast, in a process of its own: chat, LoRA, QLoRA and full fine-tuning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from studio.child_process import Parent
from studio.errors import ModelError, StudioError
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
    from studio.models.family import BUILDING

    try:
        quantized = bool(describe(folder).config.get("quantization"))
        uses = [[each.use, each.fits, each.size] for each in _uses(folder, quantized)]
    except StudioError as error:
        return {"uses": [], "problem": placeless(error.said, folder)}
    except BUILDING as error:  # a family that cannot be asked without weights
        return {"uses": [], "unknown": str(error)[:200]}
    return {"uses": uses}


def _uses(folder: Path, quantized: bool) -> Iterator[Any]:
    """Each use; weights that are quantized already are trained as QLoRA, and not themselves."""
    from studio.forecast.chat import CONTEXT, chat_peak
    from studio.models.folder import read_config
    from studio.models.reach import context_length
    from studio.train.memory import machine_limit

    limit, context = machine_limit(), context_length(read_config(folder)) or CONTEXT
    yield use_of("chat", chat_peak(folder, min(context, CONTEXT)), limit)
    asked = {"qlora": {}} if quantized else _RECIPES
    for use, values in asked.items():
        if (peak := _peak(folder, values)) is not None:
            yield use_of(use, peak, limit)


def _peak(folder: Path, values: dict[str, Any]) -> int | None:
    """What training takes at its highest point; None where a model cannot be trained so."""
    from studio.forecast.forecast import forecast
    from studio.recipe.recipe import Recipe

    recipe = Recipe(model=str(folder)).with_values(values)
    try:
        return forecast(recipe, folder, limit=UNBOUNDED).peak
    except ModelError as error:
        if error.code.startswith(("quantize.", "adapter.")):
            return None
        raise
