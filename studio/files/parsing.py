"""JSON that may come from anywhere."""

from __future__ import annotations

import json
import re
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")


def parsed(text: str | bytes, **options: Any) -> Any:
    """The value of a JSON text. Raises ValueError for what is none, also where it is nested too deep."""
    try:
        return json.loads(text, **options)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def as_json(value: Any, **options: Any) -> str:
    r"""JSON that any file can hold: bytes of a path that are no UTF-8 (lone surrogates) stand as \udcff."""
    text = json.dumps(value, ensure_ascii=False, **options)
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
