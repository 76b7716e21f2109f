"""Writes fixtures/gguf_kinds.json: what the numbers of each of GGUF's kinds are, by llama.cpp's own code.

To renew it, run it with an environment of llama.cpp's (`pip install llama-cpp-python==0.3.36 gguf==0.19.0`):

    llama/bin/python tests/oracles/make_gguf_kinds.py
"""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np

HERE = Path(__file__).parent
ROWS, COLUMNS, STEP = 3, 512, 7
"""The shape of what is read, and that every so manieth number is kept."""
_PLAIN = ("F32", "F16", "BF16")


def stored(kind: gguf.GGMLQuantizationType) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Bytes of a kind, the same wherever they are drawn: any are numbers, some of them no finite ones."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    random = np.random.RandomState(kind.value)
    return random.randint(0, 256, (ROWS, COLUMNS // block * size)).astype(np.uint8)


def main() -> None:
    """Read them with llama.cpp's library."""
    import llama_cpp

    library = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
    found = {}
    for kind in gguf.quants._type_traits:
        if kind.name in _PLAIN:
            continue
        name = kind.name if kind.name.endswith("_K") else kind.name.lower()
        read = getattr(library, f"dequantize_row_{name.replace('Q', 'q')}")
        read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        data, out = stored(kind), np.zeros((ROWS, COLUMNS), np.float32)
        read(data.ctypes.data, out.ctypes.data, ROWS * COLUMNS)
        kept = out.ravel()[::STEP]
        found[kind.name] = [float(f"{number:.7g}") if np.isfinite(number) else None for number in kept]
    (HERE / "fixtures" / "gguf_kinds.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
