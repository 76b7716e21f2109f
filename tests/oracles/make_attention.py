"""Writes fixtures/attention.json: what transformers' eager attention gives, on the starter and in families.

To renew it, in the environment that `make_fixtures.py` describes:

    oracle/bin/python tests/oracles/make_attention.py

Entries are sampled. The families are those of fixtures/families.json whose attention transformers gives in
every layer.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
STARTER = HERE.parents[1] / "resources" / "starter" / "model"
FILE = HERE / "fixtures" / "attention.json"
PROMPTS = (
    "What is the capital of Cambodia?",
    "Frog A frog has four legs. A frog is an amphibian. The sound that a frog makes is a croak.",
    "Write one line about rain, please, and then another about soup and a lamp.",
)
SAMPLES, OF_A_FAMILY = 400, 60
"""So many entries [layer, head, query, key], drawn among those that a mask leaves."""


def main() -> None:
    """Ask transformers, and keep what it says with six digits."""
    warnings.simplefilter("ignore")
    from transformers import AutoTokenizer, logging

    from tests.oracles.drawn import TOKENS

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(STARTER)
    texts = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in PROMPTS]
    made: dict[str, Any] = {"starter": _asked(STARTER, texts, SAMPLES), "families": {}}
    known = json.loads((HERE / "fixtures" / "families.json").read_text(encoding="utf-8"))
    for family, found in known.items():
        try:
            with tempfile.TemporaryDirectory() as folder:
                _write(Path(folder), found)
                (made["families"][family],) = _asked(Path(folder), [TOKENS], OF_A_FAMILY)
        except Exception as error:  # noqa: BLE001  # a family without such attention is told and left
            print(f"{family}: left out: {type(error).__name__} {str(error)[:90]}", flush=True)  # noqa: T201
    FILE.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")


def _write(folder: Path, found: dict[str, Any]) -> None:
    from safetensors.numpy import save_file

    from tests.oracles.drawn import drawn

    (folder / "config.json").write_text(json.dumps(found["config"]), encoding="utf-8")
    save_file(drawn(found["shapes"]), folder / "model.safetensors", {"format": "pt"})


def _asked(folder: Path, texts: list[list[int]], samples: int) -> list[dict[str, Any]]:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    drawn, cases = random.Random(0), []
    for ids in texts:
        with torch.no_grad():
            given = model.eval()(torch.tensor([ids]), output_attentions=True).attentions
        weights = torch.stack(given)[:, 0]
        if len(weights) != model.config.get_text_config().num_hidden_layers:
            raise ValueError("not every layer attends")
        layers, heads, length, _ = weights.shape
        entries = []
        for _ in range(samples):
            query = drawn.randrange(1, length)
            place = [drawn.randrange(layers), drawn.randrange(heads), query, drawn.randrange(query + 1)]
            entries.append([*place, round(float(weights[tuple(place)]), 6)])
        cases.append({"ids": ids, "shape": list(weights.shape), "samples": entries})
    return cases


if __name__ == "__main__":
    main()
