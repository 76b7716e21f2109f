"""How people name a model of the Hub, and what they look for there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from studio.errors import ModelError
from studio.events.models import OnlineModel
from studio.files import parsed
from studio.hub.failure import Repository

DOWNLOADS, LIKES, NEWEST = "downloads", "likes", "newest"
"""What a search is sorted by, the greatest first."""
BASE, INSTRUCT = "base", "instruct"
"""What a model was trained for: to go on with text, or to answer."""

_PART = r"[A-Za-z0-9][\w.-]*"
_NAME = rf"{_PART}(?:/{_PART})?"
_ADDRESS = re.compile(
    rf"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?!(?:datasets|spaces|api|docs)/)(?P<name>{_NAME})/?"
    r"(?:(?:tree|blob|resolve)/(?P<revision>[^/?#]+)/?(?P<file>[^/?#]+\.gguf)?)?(?:[?#].*)?"
)
_SCHEME = re.compile(
    rf"hf://(?:models/)?(?P<name>{_NAME})(?:@(?P<revision>[^/]+))?(?:/(?P<file>[^/]+\.gguf))?"
)
_PLAIN = re.compile(rf"(?P<name>{_NAME})(?:@(?P<revision>[\w.-]+))?")


@dataclass(frozen=True)
class AskedModel:
    """A model of the Hub; `file` is the one of its GGUF files that is wanted, where it is one."""

    name: str
    revision: str = ""
    file: str = ""

    @property
    def repository(self) -> Repository:
        """Where it lies."""
        return Repository(self.name, revision=self.revision)


@dataclass(frozen=True)
class ModelFilters:
    """What a search leaves out: models not in MLX's own form, too large for this Mac, or tuned otherwise.

    `tuning` is base, instruct, or nothing for both.
    """

    mlx: bool = False
    fits: bool = False
    tuning: str = ""


@dataclass(frozen=True)
class FoundModel:
    """What a search found, with what it takes to weigh it up: its config.json, its numbers of each type."""

    model: OnlineModel
    config: str = ""
    types: dict[str, int] = field(default_factory=dict)


def settings_in(text: str) -> dict[str, Any]:
    """What a config.json says; nothing where it cannot be read."""
    try:
        found = parsed(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def recognize_model(text: str) -> AskedModel:
    """The model that a name, an hf:// address or a page of the Hub stands for.

    Raises ModelError for anything else.
    """
    bare = text.strip()
    for form in (_ADDRESS, _SCHEME, _PLAIN):
        if found := form.fullmatch(bare):
            said = found.groupdict()
            return AskedModel(said["name"], said["revision"] or "", said.get("file") or "")
    raise ModelError("hub.no_model_name", name=bare)
