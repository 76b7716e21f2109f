"""JSON that may come from anywhere."""

from __future__ import annotations

import json
from typing import Any


def parsed(text: str | bytes, **options: Any) -> Any:
    """The value of a JSON text. Raises ValueError for what is none, also where it is nested too deep."""
    try:
        return json.loads(text, **options)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
