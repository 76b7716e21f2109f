"""Writes fixtures/benchmarks.json: what lm-evaluation-harness' own Hugging Face class finds of the starter.

    python -m venv oracle && oracle/bin/pip install torch transformers==5.23.0 lm-eval==0.4.13
    oracle/bin/python tests/oracles/make_benchmarks.py

The rows are those of tests/evaluate/benchmark_rows.py; the test suite needs neither torch nor this.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STARTER = ROOT / "resources" / "starter"
FIXTURE = HERE / "fixtures" / "benchmarks.json"
sys.path.insert(0, str(ROOT))

LONGEST = 160
"""Tokens that the model is said to read at once, so that something too long is read quickly."""
LONG = (0, 1200)
"""The part of general.txt, in characters, that is longer than that."""
CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
PAIRS = (
    ("The capital of Senegal is", " Dakar"),
    ("The capital of Senegal is", " Berlin"),
    ("The capital of Germany is ", "Berlin."),
    ("", "A whale is a mammal."),
    ("Question: What is the capital of Greece?\nAnswer:", " Athens"),
    ("Question: What is the capital of Greece?\nAnswer:", " The capital of Greece is Athens."),
    (LONG, " The capital of Serbia is Belgrade."),
    (CHAT.format("What is the capital of Serbia?"), "The capital of Serbia is Belgrade."),
    ("Which colour does milk have?\n", "The colour of milk is white.\nThe colour of grass is green."),
)
TEXTS = ("A toad is an amphibian.", LONG, (7000, 7400))
PROMPTS = (
    ("Question: What is the capital of Serbia?\nAnswer:", {"until": ["\n"], "max_gen_toks": 24}),
    (CHAT.format("What is the capital of Serbia?"), {"until": ["<|im_end|>"], "max_gen_toks": 32}),
    (CHAT.format("Which colour does milk have?"), {"until": [" of"], "max_gen_toks": 32}),
    (LONG, {"until": ["."], "max_gen_toks": 16, "do_sample": False}),
)


def text_of(told: str | tuple[int, int]) -> str:
    """The text, or the named part of the starter's general text."""
    general = (STARTER / "general.txt").read_text(encoding="utf-8")
    return told if isinstance(told, str) else general[told[0] : told[1]]


def main() -> None:
    """Write the fixture."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=str(STARTER / "model"), device="cpu", dtype="float32", batch_size=4)
    cut = HFLM(str(STARTER / "model"), device="cpu", dtype="float32", batch_size=4, max_length=LONGEST)
    found = {"requests": _requests(cut), "tasks": _tasks(model), "chat": _tasks(model, chat=True)}
    FIXTURE.write_text(json.dumps(found) + "\n", encoding="utf-8")


def _requests(model: Any) -> dict[str, Any]:
    from lm_eval.api.instance import Instance

    def asked(kind: str, *arguments: Any) -> Instance:
        return Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=("", 0, 1))

    pairs = [asked("loglikelihood", text_of(context), wanted) for context, wanted in PAIRS]
    texts = [asked("loglikelihood_rolling", text_of(told)) for told in TEXTS]
    prompts = [asked("generate_until", text_of(told), arguments) for told, arguments in PROMPTS]
    return {
        "loglikelihood": model.loglikelihood(pairs),
        "loglikelihood_rolling": model.loglikelihood_rolling(texts),
        "generate_until": model.generate_until(prompts),
    }


def _tasks(model: Any, *, chat: bool = False) -> dict[str, Any]:
    """{task: {"metric,filter": [value per row]}}, by the harness from beginning to end; under "replies" what
    the model said, of choices their log-likelihoods."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    from tests.evaluate.benchmark_rows import SHOTS, benchmark_rows, write_benchmark_rows

    with tempfile.TemporaryDirectory() as name:
        rows, described = write_benchmark_rows(Path(name) / "rows"), Path(name) / "tasks"
        described.mkdir()
        index = TaskManager().task_index
        for task, splits in benchmark_rows().items():
            files = {split: str(rows / task / f"{split}.jsonl") for split in splits}
            text = json.dumps(
                {
                    "include": str(index[task].yaml_path),
                    "task": f"made_{task}",
                    "dataset_path": "json",
                    "dataset_name": None,
                    "dataset_kwargs": {"data_files": files},
                }
            )
            (described / f"{task}.yaml").write_text(text, encoding="utf-8")
        told = simple_evaluate(
            model=model,
            tasks=[f"made_{task}" for task in benchmark_rows()],
            num_fewshot=SHOTS,
            bootstrap_iters=0,
            task_manager=TaskManager(include_path=str(described), include_defaults=False),
            apply_chat_template=chat,
            fewshot_as_multiturn=chat,
        )
    return {task.removeprefix("made_"): _values(samples) for task, samples in told["samples"].items()}


def _values(samples: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for sample in sorted(samples, key=lambda each: (each["filter"], each["doc_id"])):
        first = [told[0] for told in sample["resps"]]
        if sample["filter"] in ("none", "strict-match"):
            found.setdefault("replies", []).append([x if isinstance(x, str) else x[0] for x in first])
        for metric in sample["metrics"]:
            found.setdefault(f"{metric},{sample['filter']}", []).append(float(sample[metric]))
    return found


if __name__ == "__main__":
    main()
