"""Writes fixtures/gguf_splits.json: the tokens that llama.cpp makes of a text by each way of splitting it.

The vocabulary is one that joins what stands together in that text, whatever it is, so that each place where
the text is split shows. To renew it, run it with an environment of llama.cpp's
(`pip install llama-cpp-python==0.3.36 gguf==0.19.0 tokenizers==0.23.3`):

    llama/bin/python -m tests.oracles.make_gguf_splits
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import gguf
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from studio.export.gguf_splits import CHECK
from studio.models.gguf.splits import SPLITS

HERE = Path(__file__).parent
_CASES = "HelloWorld camelCASE's ABCdef don'T you'LL x/y\n//z PDFs 3D İstanbul ǅ"
TEXT = "".join(sign for sign in CHECK if unicodedata.category(sign)[0] != "M") + _CASES
"""Without marks that follow their letter: llama.cpp takes them from it where Tekken and GPT-4o do not."""
JOINED = 700
"""How many tokens the vocabulary has beside the bytes."""


def learned_merges() -> list[str]:
    """Pairs that stand together in the text, the most frequent first."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=256 + JOINED, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator([TEXT], trainer)
    return [" ".join(pair) for pair in json.loads(made.to_str())["model"]["merges"]]


def write_vocabulary(file: Path, merges: list[str], split: str) -> Path:
    """A GGUF file of that vocabulary alone, with text split by this name."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = list(dict.fromkeys([*letters, *(merge.replace(" ", "") for merge in merges)]))
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(split)
    writer.add_token_list(tokens)
    writer.add_token_types([1] * len(tokens))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return file


def main() -> None:
    """Let it read the text by each name."""
    from llama_cpp import Llama

    merges, ids = learned_merges(), {}
    with TemporaryDirectory() as folder:
        for name in SPLITS:
            file = write_vocabulary(Path(folder) / "vocabulary.gguf", merges, name)
            model = Llama(str(file), vocab_only=True, verbose=False)
            ids[name] = model.tokenize(TEXT.encode(), add_bos=False, special=False)
    ways = [list(way) for way in dict.fromkeys(map(tuple, ids.values()))]
    found = {"merges": merges, "ways": ways, "names": {name: ways.index(each) for name, each in ids.items()}}
    (HERE / "fixtures" / "gguf_splits.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
