"""Models as the usual programs keep them, with real files: small ones, in the tests' own home folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

CARD = "---\nlicense: apache-2.0\npipeline_tag: text-generation\n---\n# Small\n\nA model.\n"

type MakeCached = Callable[..., Path]
type MakeGguf = Callable[..., Path]


@pytest.fixture
def cached(tmp_path: Path) -> MakeCached:
    """cached(name, source) puts a folder into the Hugging Face cache, laid out as huggingface_hub does."""

    def put(name: str, source: Path, commit: str = "a" * 40, without: tuple[str, ...] = ()) -> Path:
        repository = tmp_path / ".cache/huggingface/hub" / f"models--{name.replace('/', '--')}"
        snapshot = repository / "snapshots" / commit
        for folder in (snapshot, repository / "blobs", repository / "refs"):
            folder.mkdir(parents=True, exist_ok=True)
        (repository / "refs" / "main").write_text(commit)
        for file in sorted(source.iterdir()):
            content = file.read_bytes()
            blob = repository / "blobs" / sha256(content).hexdigest()
            if file.name in without:
                blob.with_suffix(".incomplete").write_bytes(content[:100])
                continue
            blob.write_bytes(content)
            (snapshot / file.name).symlink_to(Path("../../blobs") / blob.name)
        return snapshot

    return put


@pytest.fixture
def write_gguf() -> MakeGguf:
    """write_gguf(file) writes a GGUF file with two small arrays by llama.cpp's own package."""

    def write(file: Path, kind: str = "llama", template: str = "") -> Path:
        from gguf import GGMLQuantizationType, GGUFWriter

        file.parent.mkdir(parents=True, exist_ok=True)
        writer = GGUFWriter(file, kind)
        writer.add_context_length(4096)
        writer.add_license("apache-2.0")
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list([f"token {number}" for number in range(300)])
        if template:
            writer.add_chat_template(template)
        writer.add_tensor("token_embd.weight", np.ones((300, 64), np.float32))
        packed = np.zeros((64, 64 // 32 * 34), np.uint8)
        writer.add_tensor("output.weight", packed, raw_dtype=GGMLQuantizationType.Q8_0)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return file

    return write


@pytest.fixture
def ollama(tmp_path: Path, write_gguf: MakeGguf) -> Callable[[str], Path]:
    """ollama(name) puts a model into Ollama's folder, and gives the blob of its weights."""

    def put(manifest: str) -> Path:
        place = tmp_path / ".ollama/models"
        made = write_gguf(place / "blobs" / "made")
        layers = {
            "model": made.read_bytes(),
            "license": b"Apache License\nVersion 2.0",
            "template": b"{{ .Prompt }}",
        }
        described = []
        for kind, content in layers.items():
            digest = sha256(content).hexdigest()
            (place / "blobs" / f"sha256-{digest}").write_bytes(content)
            media = f"application/vnd.ollama.image.{kind}"
            described.append({"mediaType": media, "digest": f"sha256:{digest}", "size": len(content)})
        made.unlink()
        file = place / "manifests" / manifest
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"schemaVersion": 2, "layers": described}))
        return place / "blobs" / f"sha256-{sha256(layers['model']).hexdigest()}"

    return put


@pytest.fixture
def with_card(tmp_path: Path, tiny_model: Path) -> Path:
    """The tiny model with a card that names its licence."""
    folder = tmp_path / "with-card"
    shutil.copytree(tiny_model, folder)
    (folder / "README.md").write_text(CARD)
    return folder
