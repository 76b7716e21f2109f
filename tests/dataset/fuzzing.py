"""Coverage-guided fuzzing of everything that reads a dataset, with atheris; found crashes are kept.

    pip install atheris
    python tests/dataset/fuzzing.py /tmp/corpus -max_total_time=3600 -timeout=2

All arguments go to libFuzzer. The corpus folder is filled with the files of tests/dataset/wild first.
The first byte of an input says what kind of file the rest is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["studio"]):
    from studio.dataset.read.load import read
    from studio.dataset.read.mapping import Mapping
    from studio.dataset.read.source import EXTENSIONS
    from studio.errors import DataError

KINDS = (*EXTENSIONS, ".jsonl.gz", ".csv.gz", ".parquet.gz")
FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
MAPPING = Mapping(prompt="prompt", answer="answers.text")


def one_input(data: bytes) -> None:
    """Read one file: anything but records or a DataError is a finding."""
    if len(data) < 2:
        return
    path = FOLDER / f"a{KINDS[data[0] % len(KINDS)]}"
    path.write_bytes(data[1:])
    try:
        reading = read(path, MAPPING if data[0] >= 128 else None)
    except DataError as error:
        str(error).encode()
        return
    lines = [record.line for record in reading.records]
    assert lines == sorted(set(lines))
    assert all(problem.reason.encode() for problem in reading.problems)


def seed(corpus: Path) -> None:
    """Every file of the wild corpus, with the byte of its kind before it."""
    corpus.mkdir(parents=True, exist_ok=True)
    for path in Path(__file__).with_name("wild").iterdir():
        kind = next(kind for kind in sorted(KINDS, key=len, reverse=True) if path.name.endswith(kind))
        (corpus / path.name).write_bytes(bytes([KINDS.index(kind)]) + path.read_bytes())


def main() -> None:
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            seed(Path(argument))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
