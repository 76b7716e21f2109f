"""CPU time of rendering 50,000 rows, against writing the same texts and one `encode_batch` call on them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from studio.dataset.examples import render_records
from studio.dataset.record import Message, Record
from studio.dataset.render.render import Renderer
from studio.events import finished
from studio.models.tokenizer import load_tokenizer
from studio.paths import resource
from tests.benchmarks.figure import Figure

ROWS = 50_000
MOST = 1.15
_ROUNDS = 3


def measure() -> list[Figure]:
    """Both in turns, the best of each."""
    records = _records()
    tokenizer = load_tokenizer(resource("starter/model"))
    renderer = Renderer(tokenizer)
    bare = Renderer(tokenizer)

    def write_and_encode() -> None:
        written = [bare._writer.write(record) for record in records]
        texts = [side.text for rows in written for row in rows for side in row]
        tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)

    rounds = [
        (_seconds(write_and_encode), _seconds(lambda: finished(render_records(records, renderer))))
        for _ in range(_ROUNDS)
    ]
    least, ours = (min(each) for each in zip(*rounds, strict=True))
    return [
        Figure(
            f"Rendering {ROWS:,} rows, by writing them and one call of the tokenizer",
            f"{ours / least:.2f} x ({ours:.1f} s against {least:.1f} s)",
            f"at most {MOST} x",
            ours <= MOST * least,
        )
    ]


def _records() -> list[Record]:
    chance = random.Random(1)
    words = resource("starter/general.txt").read_text(encoding="utf-8").split()

    def text(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    return [
        Record(line, (Message("user", text(18)), Message("assistant", text(35))))
        for line in range(1, ROWS + 1)
    ]


def _seconds(run: Callable[[], Any]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began
