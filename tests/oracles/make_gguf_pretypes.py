"""Writes fixtures/gguf_pretypes.json: the ways to split text that llama.cpp's converter knows by a hash, and
the tokens that llama.cpp makes of the text of those hashes with each vocabulary in its source package.

To renew it, in the environment that `make_llama_cpp.py` describes, with the unpacked source package of
llama-cpp-python:

    llama/bin/python tests/oracles/make_gguf_pretypes.py SOURCE
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KNOWN = re.compile(r'if chkhsh == "([0-9a-f]{64})":\s*# ref: \S+\s*res = "([^"]+)"')


def main(source: Path) -> None:
    """Read the converter's list, and each byte-level vocabulary."""
    from llama_cpp import Llama

    root = source / "vendor" / "llama.cpp"
    converter = (root / "conversion" / "base.py").read_text(encoding="utf-8")
    text = str(ast.literal_eval(re.search(r"chktxt = ('.*')\n", converter)[1]))  # type: ignore[index]
    found: dict[str, Any] = {"text": text, "known": dict(KNOWN.findall(converter)), "vocabularies": {}}
    for file in sorted((root / "models").glob("ggml-vocab-*.gguf")):
        model = Llama(str(file), vocab_only=True, verbose=False)
        if model.metadata.get("tokenizer.ggml.model") == "gpt2":
            found["vocabularies"][file.stem.removeprefix("ggml-vocab-")] = {
                "pre": model.metadata.get("tokenizer.ggml.pre", ""),
                "ids": [int(each) for each in model.tokenize(text.encode(), add_bos=True, special=True)],
            }
        model.close()
    kept = json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace(',"', ',\n"')
    (HERE / "fixtures" / "gguf_pretypes.json").write_text(kept + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
