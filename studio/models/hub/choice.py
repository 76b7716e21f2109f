"""Which files of a model's repository are needed here: never code, no pickles, nothing twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from studio.hub.arriving import RemoteFile
from studio.hub.failure import HubError

_WEIGHTS = re.compile(r"model(?:-\d+-of-\d+)?\.safetensors")
_BESIDE = re.compile(
    r".*\.(?:json|jinja|txt|model|tiktoken)|README\.md|(?:LICENSE|LICENCE|NOTICE|USE_POLICY)(?:\.\w+)?",
    re.IGNORECASE,
)
_LEFT = re.compile(r"(?:trainer_state|training_args|all_results|train_results|eval_results)\.json")
"""What a trainer left there, which no model needs."""
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHOWN = 12  # files that are named where one is to be chosen


def remote_files(siblings: Iterable[Any] | None) -> list[RemoteFile]:
    """The files at the top of a repository, as huggingface_hub tells of them."""
    return [_remote(each) for each in siblings or () if PurePath(each.rfilename).name == each.rfilename]


def _remote(sibling: Any) -> RemoteFile:
    stored = sibling.lfs
    digest = str((stored.sha256 if stored else sibling.blob_id) or "")
    size = stored.size if stored else sibling.size
    return RemoteFile(
        str(sibling.rfilename), -1 if size is None else int(size), digest if _DIGEST.fullmatch(digest) else ""
    )


def needed(name: str, files: Sequence[RemoteFile], chosen: str = "") -> list[RemoteFile]:
    """The files that make the model usable here, the smallest first: of weights only safetensors, or one
    GGUF file, which is `chosen` by its name where there are several.

    Raises HubError where there are no such weights, and where one is to be chosen.
    """
    names = {each.name: each for each in files}
    packed = sorted(each for each in names if each.lower().endswith(".gguf"))
    if chosen and chosen not in packed:
        raise HubError("hub.no_file", name=name, file=chosen, names=_shown(packed) or "none")
    if chosen:
        return [names[chosen]]
    if weights := weights_in(names):
        beside = [each for each in names if _BESIDE.fullmatch(each) and not _LEFT.fullmatch(each)]
        return sorted((names[each] for each in (*weights, *beside)), key=lambda file: file.size)
    if len(packed) > 1:
        raise HubError("hub.several_files", name=name, names=_shown(packed))
    if not packed:
        raise HubError("hub.no_weights", name=name)
    return [names[packed[0]]]


def weights_in(names: Iterable[str]) -> list[str]:
    """The safetensors files that hold the model's weights, each once."""
    found = [each for each in names if each.endswith(".safetensors")]
    usual = [each for each in found if _WEIGHTS.fullmatch(each)]
    return usual or [each for each in found if not each.startswith(("consolidated", "adapter"))]


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
