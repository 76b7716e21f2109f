"""Fields that decide whether something is learned at all: marks of turns, marks of rows, and pictures."""

from __future__ import annotations

import re
from typing import Any

from studio.catalogue import Phrase
from studio.dataset.record import Record
from studio.dataset.rows import BadRow, Fields, field, kind

TURN_MARKS = (
    *("weight", "loss_weight", "loss_scale", "train", "training", "trainable", "loss", "learn", "label"),
)
"""Marks of a turn; where one of them says no, the turn is only context: OpenAI and Mistral (`weight`),
LLaMA-Factory (`loss_weight`), ms-swift (`loss`, `loss_scale`), Axolotl (`train`, `training`, `label`).
"""

TURN_DETAILS = ("train_detail", "training_detail")
"""Axolotl's marks for parts of a turn."""

_MARKS = frozenset((*TURN_MARKS, *TURN_DETAILS))

ROW_MARKS = ("label", "kto_tag", "kto_label", "desirable", "is_desirable", "preferred_label")
"""Marks of a row; where one of them says no, its answer is one that is not wanted (KTO)."""

MEDIA = frozenset(
    [
        "image",
        "images",
        "image_url",
        "image_urls",
        "image_path",
        "image_paths",
        "video",
        "videos",
        "video_path",
        "audio",
        "audios",
        "audio_path",
        "pixel_values",
    ]
)
"""Where a row or a turn keeps pictures, films and sounds."""

_ROW_MARKS = frozenset(ROW_MARKS)
_PLACEHOLDER = re.compile(
    r"(?<!`)<image>(?!`)|<\|image(?:_pad|_1)?\|>|<image_pad>|\A\s*<(?:video|audio)>|<start_of_image>"
)
PLACEHOLDERS_BEGIN = re.compile(rb"<\|?(?:image|video|audio|start_of_image)")
"""How each of these begins, in UTF-8."""

_NO = ("false", "0", "0.0", "no", "-1")
_YES = ("true", "1", "1.0", "yes")


def is_trained(turn: Fields, what: Phrase) -> bool:
    """Whether an answer is to be learned, by the marks of its turn. Raises BadRow for odd ones."""
    if _MARKS.isdisjoint(turn):
        return True
    for name in TURN_DETAILS:
        details = turn.get(name) or []
        if any(not isinstance(part, dict) or _says(part.get("train")) is False for part in details):
            raise BadRow("row.part_marks", what=what, name=field(name))
    marks = {name: turn[name] for name in TURN_MARKS if turn.get(name) is not None}
    for name, value in marks.items():
        if _says(value) is None and name != "label":
            raise BadRow("row.unknown_weight", what=what, kind=kind(value))
    return all(_says(value) is not False for value in marks.values())


def check_wanted(fields: Fields) -> None:
    """Raise BadRow for a row whose answer is marked as one that is not wanted."""
    for name in sorted(_ROW_MARKS.intersection(fields)):
        if _says(fields.get(name)) is False:
            raise BadRow("row.unwanted", what=field(name))


def check_media(fields: Fields) -> None:
    """Raise BadRow for a row that has pictures, films or sounds beside its text."""
    for name in sorted(MEDIA.intersection(fields)):
        value = fields.get(name)
        if value if isinstance(value, str | bytes | list | dict) else value is not None:
            raise BadRow("row.media", what=field(name))


def check_placeholders(record: Record) -> None:
    """Raise BadRow for texts that say where a picture belongs, which would be learned as text."""
    texts = [record.text, record.rejected]
    for message in record.messages:
        texts += message.content, message.input
    for text in texts:
        if "<" in text and (found := _PLACEHOLDER.search(text)):
            raise BadRow("row.placeholder", mark=found.group().strip())


def _says(value: Any) -> bool | None:
    """Yes or no, as JSON, numbers or the cells of a table write it; None for anything else."""
    if isinstance(value, str):
        plain = value.strip().lower()
        return False if plain in _NO else True if plain in _YES else None
    if isinstance(value, bool | int | float):
        return False if value in (0, -1) else True if value == 1 else None
    return None
