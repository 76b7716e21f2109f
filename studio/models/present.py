"""Which models are on this machine already: a recipe names its model as the Hub does, and this finds it.

Looked at are the folders in which the usual programs keep models; nothing is downloaded. Needs no MLX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from studio.errors import ModelError
from studio.models.folder import read_config
from studio.models.library.places import downloaded
from studio.models.weights import find_weights
from studio.paths import STARTER_MODEL


def present(model: str, known: Iterable[str] = ()) -> str:
    """The model as a recipe of this machine names it: the starter, or its folder; nothing if it is not here.

    `model` is a name as on the Hub (owner/name) or a folder. It is looked for among the `known` folders, by
    the last part of its name, and where huggingface_hub and LM Studio keep what they download. A folder
    counts that can be used: with its config, and with all of its weights.
    """
    if model == STARTER_MODEL:
        return model
    folders = (Path(model).expanduser(), *_namesakes(model, known), *downloaded(model))
    return next((str(folder) for folder in folders if not why_unusable(folder)), "")


def why_unusable(folder: Path) -> str:
    """Why a folder does not hold a model with all of its weights; nothing where it does."""
    try:
        read_config(folder)
        find_weights(folder)
    except (ModelError, OSError) as error:
        return str(error)
    return ""


def _namesakes(model: str, known: Iterable[str]) -> Iterator[Path]:
    """The known folders, and those beside them, that are called like the model."""
    name = Path(model).name
    for folder in map(Path, known):
        if folder.name == name:
            yield folder
        elif folder.is_absolute():
            yield folder.parent / name
