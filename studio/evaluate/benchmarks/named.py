"""The benchmarks that have a name here: what they are called, and with how many examples they are usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SEED = 1234
"""The few examples of a prompt are drawn with this, as lm-evaluation-harness draws them."""


@dataclass(frozen=True)
class Benchmark:
    """A task of lm-evaluation-harness, by the harness' own name.

    `shots` is how many solved examples stand before each question where published figures are compared (the
    Open LLM Leaderboard of 2023); `folder` is where the harness describes it.
    """

    name: str
    title: str
    shots: int
    folder: str


BENCHMARKS = (
    Benchmark("mmlu", "MMLU", 5, "mmlu/default"),
    Benchmark("arc_easy", "ARC, easy", 25, "arc"),
    Benchmark("arc_challenge", "ARC, challenge", 25, "arc"),
    Benchmark("hellaswag", "HellaSwag", 10, "hellaswag"),
    Benchmark("truthfulqa_mc1", "TruthfulQA, one true answer", 0, "truthfulqa"),
    Benchmark("truthfulqa_mc2", "TruthfulQA, several true answers", 0, "truthfulqa"),
    Benchmark("gsm8k", "GSM8K", 5, "gsm8k"),
    Benchmark("winogrande", "WinoGrande", 5, "winogrande"),
)


def installed() -> bool:
    """Whether lm-evaluation-harness is here; it is not imported for that."""
    return find_spec("lm_eval") is not None


def benchmark_of(task: str) -> Benchmark | None:
    """The benchmark of this name, or of which the task is a part, as mmlu_astronomy is of mmlu."""
    exact = next((each for each in BENCHMARKS if each.name == task), None)
    return exact or next((each for each in BENCHMARKS if task.startswith(f"{each.name}_")), None)


def title_of(task: str) -> str:
    """What a benchmark is called where people read; other tasks by their own name."""
    found = benchmark_of(task)
    return found.title if found and found.name == task else task


def is_file(task: str) -> bool:
    """Whether a task is asked for by the path of its YAML."""
    return Path(task).suffix in (".yaml", ".yml")


def task_folders(tasks: Iterable[str], root: Path) -> Iterator[Path] | None:
    """The folders that describe the tasks, where those are known: reading all 14,000 takes the harness ten
    seconds. None where a task is in none of them."""
    found: dict[Path, None] = {}
    for task in tasks:
        known = benchmark_of(task)
        if is_file(task):
            found[Path(task).expanduser().resolve().parent] = None
        elif known is None:
            return None
        else:
            found[root / known.folder] = None
    return iter(found)
