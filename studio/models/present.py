"""Which models are on this machine already: a recipe names its model as the Hub does, and this finds it.

Looked at are the folders in which the usual programs keep models; nothing is downloaded. Needs no MLX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from studio.errors import ModelError
from studio.events.models import ModelFacts
from studio.models.library.facts import problem_of
from studio.models.library.places import downloaded
from studio.paths import STARTER_MODEL

_ON_HUB = re.compile(r"[\w.-]+/[\w.-]+")


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


def named_model(model: str, own: Path) -> str:
    """The model that a person names: the starter, a folder, or a model on this machine by its name.

    A folder's path is made whole, whatever is in it. `own` is where models are kept that were made here.
    Raises ModelError for a name of the Hub that is not here, and for one that several models have.
    """
    folder = Path(model).expanduser()
    if model == STARTER_MODEL or folder.exists():
        return model if model == STARTER_MODEL else str(folder.resolve())
    if found := present(model) or present(str(own / model)):
        return found
    if len(folder.parts) <= 2 and not folder.is_absolute():
        if (facts := find_model(model, own)) is not None:
            return facts.place
        if _ON_HUB.fullmatch(model):
            raise ModelError("library.not_here", name=model)
    return str(folder.resolve())


def find_model(name: str, own: Path, folders: Iterable[str] = ()) -> ModelFacts | None:
    """The model of this machine with this name, its whole one or the last part of it, in whatever case.

    Raises ModelError where several have it.
    """
    from studio.models.library.found import found_models  # it loads what reads GGUF

    wanted = name.casefold()
    models = found_models(own, folders).models
    for same in (str.casefold, _last):
        found = [facts for facts in models if same(facts.name) == wanted]
        if len(found) > 1:
            names = ", ".join(f"{facts.name} ({facts.place})" for facts in found)
            raise ModelError("library.several", name=name, names=names)
        if found:
            return found[0]
    return None


def _last(name: str) -> str:
    return name.casefold().rpartition("/")[2]


def why_unusable(folder: Path) -> str:
    """Why a folder does not hold a model that can be used, with all of its files; nothing where it does."""
    return str(problem_of(folder) or "")


def _namesakes(model: str, known: Iterable[str]) -> Iterator[Path]:
    """The known folders, and those beside them, that are called like the model."""
    name = Path(model).name
    for folder in map(Path, known):
        if folder.name == name:
            yield folder
        elif folder.is_absolute():
            yield folder.parent / name
