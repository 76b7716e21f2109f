"""A model's config as transformers reads it: one name for each key, and defaults for what is not said."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from studio.models.folder import untagged
from studio.models.tokenizer import LOADING

_OLD_KINDS = {"su": "longrope"}


def as_transformers_reads(config: Mapping[str, Any]) -> dict[str, Any]:
    """The text model's config with transformers' defaults; empty for kinds that it does not know.

    `rope_parameters` holds what there is of positions, by the kind of layer where those differ; `aliases`
    which names transformers takes for others, and `defaults` the values that it takes for what is not said.
    Also empty where transformers refuses a value: the config is then taken as it stands.
    """
    kind = config.get("model_type")
    with LOADING, _silent():
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        try:
            made = CONFIG_MAPPING[kind].from_dict(with_rope_named(config))
            text = made.get_text_config()
            read: dict[str, Any] = json.loads(text.to_json_string(use_diff=False), object_hook=untagged)
            aliases, defaults = dict(text.attribute_map), type(text)().to_dict()
        except Exception:  # noqa: BLE001  # whatever a class of transformers makes of a foreign value
            return {}
    return {**read, "aliases": aliases, "defaults": defaults}


def with_rope_named(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a config in which rope settings have today's names, also in a nested text model."""
    named = copy.deepcopy(dict(config))
    for part in (named, named.get("text_config")):
        for key in ("rope_scaling", "rope_parameters"):
            settings = part.get(key) if isinstance(part, dict) else None
            if isinstance(settings, dict) and isinstance(kind := settings.get("type"), str):
                settings.setdefault("rope_type", kind)
            if isinstance(settings, dict) and (kind := _OLD_KINDS.get(str(settings.get("rope_type")))):
                settings["rope_type"] = kind
            if isinstance(settings, dict) and "type" in settings:
                settings["type"] = settings["rope_type"]
            original = part.get("original_max_position_embeddings") if isinstance(part, dict) else None
            if isinstance(settings, dict) and original and settings.get("rope_type") == "longrope":
                settings.setdefault("original_max_position_embeddings", original)
    return named


@contextmanager
def _silent() -> Iterator[None]:
    """transformers warns of old names and unknown values; what matters of it is said by us."""
    logger = logging.getLogger("transformers")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
