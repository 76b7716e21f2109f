"""The engine table in the README, written by `make bench` between its two markers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.engine.rows import EPOCHS
from tests.benchmarks.engine.runs import Held, Row
from tests.benchmarks.engine.workloads import BATCH, RANK

README = Path(__file__).parents[3] / "README.md"
BEGIN, END = "<!-- engine benchmark -->", "<!-- /engine benchmark -->"


def write(rows: Sequence[Row], machine: str, readme: Path = README) -> None:
    """Put the table of `rows`, measured on `machine`, between the markers. Raises ValueError without them."""
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme} has no place for the engine table: {BEGIN} … {END} is missing.")
    readme.write_text(f"{before}{BEGIN}\n{table(rows, machine)}\n{END}{after}", encoding="utf-8")


def table(rows: Sequence[Row], machine: str) -> str:
    """The rows in Markdown, with what was measured where, and what the last column is worth."""
    lines = [
        "| work | against | speed | target | peak memory over weights | target | on Metal, expected |",
        "|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
    ]
    return "\n".join([_introduction(rows, machine), "", *lines, "", _closing()])


def _line(row: Row) -> str:
    unit = " x" if row.rates else ""
    speed = f"**{row.speed.value:.2f}{unit}**"
    if row.rates:
        speed += f" ({row.rates[0]:,.0f} against {row.rates[1]:,.0f})"
    memory, most = (
        ("", "") if row.memory is None else (f"**{row.memory.value:.2f} x**", _asked(row.memory, " x"))
    )
    cells = (row.work, row.against, speed, _asked(row.speed, unit), memory, most, row.metal)
    return "| " + " | ".join(cells) + " |"


def _asked(held: Held, unit: str) -> str:
    return f"{held.asked}{unit}" + ("" if held.within else " (missed)")


def _introduction(rows: Sequence[Row], machine: str) -> str:
    against = dict.fromkeys(row.against for row in rows if row.against.startswith("mlx"))
    peers = " and ".join(f"{name} {version(name)}" for name in against)
    return _wrapped(f"""
        Measured by `make bench` on {machine}, fp32 with OpenBLAS, on MLX {version("mlx")}, against the
        trainers of {peers}: the same random model of 8 layers x 256, the same examples of
        heavy-tailed lengths, batches of {BATCH} and rank-{RANK} adapters on every linear layer, in one
        process and in turns. A figure is the median over rounds of the ratio within a round; in parentheses
        stand real tokens per second, ours and theirs. DPO counts the reference's log-probabilities, computed
        once for {EPOCHS} epochs. Against the machine's limit stands the share of a step's time that its bare
        matrix products and one exp of each needed logit take by themselves.
    """)


def _closing() -> str:
    return _wrapped("""
        The last column is an expectation, not a measurement: nothing was run on Metal. It is the ratio of the
        multiplications that both sides ask for on these batches, with this model and with the sizes of
        Qwen3-0.6B. The CPU overstates what the vocabulary costs, since it computes the exponentials of the
        logits on one thread; on a GPU they cost little, and what is gained is the padding and the logits that
        are never multiplied. The memory saved is that of arrays which are never made, so its ratio should be
        about the same there.
    """)


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 118, break_on_hyphens=False)
