"""Models as the Hub has them, for tests and to try by hand: `python -m tests.hub.models` serves them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from studio.paths import STARTER_MODEL, model_folder
from studio.process import prepare_process
from tests.hub.server import Hub, Served, hub_server

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"
TINY, BASE, GATED = "mlx-community/Tiny-Qwen3-4bit", "ada/Tiny-Qwen3-Base", "meta-llama/Tiny-Llama"
PICKLED, PACKED = "ada/old-pickle", "ada/Tiny-GGUF"
READABLE_BY = "hf_allowed"


def model_of(name: str, folder: Path, **facts: Any) -> Served:
    """A folder as a repository, with what no model needs beside it, and what the Hub says of its arrays."""
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    card = "---\nlicense: apache-2.0\nlibrary_name: transformers\n---\n# A model\n\nFor **tests**.\n"
    beside = {"README.md": card.encode(), "modeling_own.py": b"raise SystemExit", "LICENSE": b"Apache"}
    files = {**files, **beside, "pytorch_model.bin": b"never", "trainer_state.json": b"{}"}
    config, settings = json.loads(files["config.json"]), json.loads(files["tokenizer_config.json"])
    told = {
        "pipeline_tag": "text-generation",
        "downloads": 10,
        "likes": 1,
        "lastModified": "2026-01-01T00:00:00.000Z",
        "config": {
            "model_type": config["model_type"],
            "tokenizer_config": {"chat_template": settings.get("chat_template")},
            **({"quantization_config": config["quantization"]} if "quantization" in config else {}),
        },
        "safetensors": _counted(files),
        "cardData": {"license": "apache-2.0"},
        "tags": ["transformers", "safetensors", "license:apache-2.0"],
        **facts,
    }
    return Served(name, files, facts=told)


def _counted(files: dict[str, bytes]) -> dict[str, Any]:
    """How many numbers of each type the weights hold, as the Hub says it."""
    found: dict[str, int] = {}
    for name, body in files.items():
        if name.endswith(".safetensors"):
            header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
            for array in (each for key, each in header.items() if key != "__metadata__"):
                count = 1
                for size in array["shape"]:
                    count *= size
                found[array["dtype"]] = found.get(array["dtype"], 0) + count
    return {"parameters": found, "total": sum(found.values())}


def some_models(tiny: Path, smol: Path | None = None) -> list[Served]:
    """A model that answers, a base, one in MLX's form, a gated one, a pickled one, and GGUF files."""
    tiny_facts = {"tags": ["mlx", "safetensors"], "downloads": 500, "likes": 7, "library_name": "mlx"}
    base = model_of(BASE, tiny, downloads=900, lastModified="2026-05-01T00:00:00.000Z")
    gated = model_of(GATED, tiny, downloads=700, likes=99, cardData={"license": "llama3.2"})
    gated.readable_by = READABLE_BY
    pickled = Served(PICKLED, {"config.json": b'{"model_type": "llama"}', "pytorch_model.bin": b"no"})
    pickled.facts = {"pipeline_tag": "text-generation", "config": {"model_type": "llama"}}
    packed = Served(PACKED, {"tiny-q8_0.gguf": b"GGUF" * 4000, "tiny-q4_0.gguf": b"GGUF" * 3000})
    packed.facts = {
        "pipeline_tag": "text-generation",
        "gguf": {"total": 135_000_000, "architecture": "llama", "context_length": 2048},
    }
    return [
        model_of(SMOL, smol or tiny, downloads=1000, likes=50),
        base,
        model_of(TINY, tiny, **tiny_facts),
        gated,
        pickled,
        packed,
    ]


def main() -> None:
    """Serve them until a key is pressed; the large one is the starter model."""
    from tests.conftest import write_tokenizer, write_weights

    prepare_process()
    with tempfile.TemporaryDirectory() as place:
        write_tokenizer(Path(place))
        write_weights(Path(place))
        models = some_models(Path(place), model_folder(STARTER_MODEL))
        with hub_server(Hub(models=models)) as hub:
            sys.stdout.write(
                f"export HF_ENDPOINT={hub.url} HF_HUB_OFFLINE=0 HF_HOME={os.path.join(place, 'hf')}\n"
                f"{GATED} is gated; its token is {READABLE_BY}. Stop with Ctrl-C.\n"
            )
            sys.stdout.flush()
            threading.Event().wait()


if __name__ == "__main__":
    main()
