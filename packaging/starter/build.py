"""Make the starter pack: `python packaging/starter/build.py [--out DIR] [--tokens N] [--data-only]`.

Everything is seeded: the same options give the same corpus, tokenizer and sample data, and, on the same kind
of machine, the same model. Files appear in the output folder whole, by renaming, once all of them are made.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from corpus import Corpus
from samples import (
    chat_rows,
    general_text,
    golden_rows,
    instruction_rows,
    json_lines,
    messy_bytes,
    preference_rows,
    sentiment_csv,
    split_facts,
)
from tokenizer import save_tokenizer, train_tokenizer
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
RESOURCES = HERE.parents[1] / "resources" / "starter"
TOKENS = 3_000_000
CORPUS_SEED, TOKENIZER_SEED, GENERAL_SEED, TRAINING_SEED = 1, 7, 11, 1
FACTS_SEED, INSTRUCTION_SEED, GOLDEN_SEED, SAMPLE_SEED = 3, 4, 5, 6


def documents_of(count: int) -> Iterator[list[str]]:
    """The corpus in groups of 5,000 documents; `count` groups at most."""
    documents = Corpus(CORPUS_SEED).documents()
    for _ in range(count):
        yield list(islice(documents, 5_000))


def read_corpus(tokenizer: Tokenizer, wanted: int) -> tuple[np.ndarray, set[str]]:
    """(tokens, lines): the packed corpus, each document closed by `<|endoftext|>`, and every line in it."""
    ids: list[int] = []
    lines: set[str] = set()
    for group in documents_of(wanted):
        for document, encoding in zip(group, tokenizer.encode_batch(group), strict=True):
            lines.update(document.splitlines())
            ids += [*encoding.ids, 0]
        if len(ids) >= wanted:
            break
    return np.array(ids[:wanted], dtype=np.uint16), lines


def write_samples(folder: Path, seen: set[str]) -> None:
    """Every data file of the pack."""
    golden, open_facts = split_facts(FACTS_SEED)
    files = {
        "instructions.jsonl": json_lines(instruction_rows(open_facts, INSTRUCTION_SEED)),
        "golden.jsonl": json_lines(golden_rows(golden, GOLDEN_SEED)),
        "chat.jsonl": json_lines(chat_rows(open_facts, SAMPLE_SEED)),
        "preferences.jsonl": json_lines(preference_rows(open_facts, SAMPLE_SEED)),
        "sentiment.csv": sentiment_csv(SAMPLE_SEED),
        "general.txt": general_text(seen, GENERAL_SEED),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    (folder / "messy.jsonl").write_bytes(messy_bytes(open_facts, SAMPLE_SEED))


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def train_model(tokens: np.ndarray, vocabulary_size: int, folder: Path, processes: int) -> None:
    """Run the pretraining in its own processes and wait; raises CalledProcessError when one fails."""
    with tempfile.TemporaryDirectory() as scratch:
        data, hosts = Path(scratch) / "tokens.npy", Path(scratch) / "hosts.json"
        np.save(data, tokens)
        hosts.write_text(json.dumps([[f"127.0.0.1:{port}"] for port in free_ports(processes)]))
        script, seed = str(HERE / "pretrain.py"), str(TRAINING_SEED)
        command = [sys.executable, script, str(data), str(folder), str(vocabulary_size), seed]
        environment = dict(os.environ)
        if processes > 1:
            environment |= {"MLX_HOSTFILE": str(hosts), "OPENBLAS_NUM_THREADS": "1"}
        readers = [
            subprocess.Popen(command, env=environment | ({"MLX_RANK": str(rank)} if processes > 1 else {}))
            for rank in range(processes)
        ]
        for reader in readers:
            if reader.wait():
                raise subprocess.CalledProcessError(reader.returncode, command)


def publish(made: Path, out: Path) -> None:
    """Move every made file into the output folder, each by one rename."""
    for source in sorted(path for path in made.rglob("*") if path.is_file()):
        target = out / source.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        waiting = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, waiting)
        waiting.replace(target)


def main() -> None:
    """Parse the options and build."""
    parser = argparse.ArgumentParser(description="Make the starter model and its sample data.")
    parser.add_argument("--out", type=Path, default=RESOURCES, help="folder to fill")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="how many tokens the model reads")
    parser.add_argument("--processes", type=int, default=2, help="how many processes read side by side")
    parser.add_argument(
        "--data-only", action="store_true", help="make the sample data, keep the model as it is"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        (made / "model").mkdir()
        tokenizer = train_tokenizer(islice(Corpus(TOKENIZER_SEED).documents(), 40_000))
        tokens, lines = read_corpus(tokenizer, options.tokens)
        write_samples(made, lines)
        if not options.data_only:
            save_tokenizer(tokenizer, made / "model")
            train_model(tokens, tokenizer.get_vocab_size(), made / "model", options.processes)
        publish(made, options.out)
    sys.stdout.write(f"{options.out} is ready\n")


if __name__ == "__main__":
    main()
