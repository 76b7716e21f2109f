"""Writes fixtures/llama_quantize.json: some rows of the starter as llama-quantize stores them in K-quants.

To renew it, with a folder of PATH that holds llama.cpp's llama-quantize (built from the source package that
`make_gguf_pretypes.py` names, with `cmake --build … --target llama-quantize`):

    PATH=FOLDER:$PATH .venv/bin/python -m tests.oracles.make_llama_quantize
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gguf

from studio.export.programs import K_QUANTS, quantize
from tests.oracles.llama_cpp_models import STARTER, open_model, write_file

FILE = Path(__file__).parent / "fixtures" / "llama_quantize.json"
ROWS = 4


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The first rows of the first array of each kind in a file, as they are stored."""
    found: dict[str, dict[str, Any]] = {}
    for tensor in gguf.GGUFReader(file).tensors:
        kind = tensor.tensor_type.name
        if kind != "F32" and kind not in found:
            data = base64.b64encode(tensor.data[:ROWS].tobytes()).decode()
            found[kind] = {"kind": kind, "name": tensor.name, "data": data}
    return [*found.values()]


def main() -> None:
    """Have the starter made of every K-quant."""
    with TemporaryDirectory() as made:
        plain = Path(made) / "plain.gguf"
        write_file(plain, open_model(STARTER, Path(made)), "f16")
        found = {}
        for precision in K_QUANTS:
            file = Path(made) / f"{precision}.gguf"
            list(quantize(plain, file, precision))
            found[precision] = rows_of(file)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
