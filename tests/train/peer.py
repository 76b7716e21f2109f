"""One of two processes under mlx.launch: they add up, pass on, and then the first one leaves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import mlx.core as mx

from studio.train import ranks as module
from studio.train.ranks import Ranks


def main(shared: Path) -> None:
    ranks = Ranks()
    assert (ranks.size, ranks.first) == (2, ranks.rank == 0)
    assert ranks.share(range(5)) == [[0, 2, 4], [1, 3]][ranks.rank]

    module.AT_ONCE = 10  # several bundles, and several pieces of a file
    tree = {"a": [mx.full((2, 3), ranks.rank + 1.0), mx.array(0.5)], "b": mx.zeros(0), "c": mx.arange(25.0)}
    added = ranks.sum(tree)
    assert added["a"][0].tolist() == [[3.0] * 3] * 2
    assert added["a"][1].item() == 1.0
    assert added["b"].shape == (0,)
    assert added["c"].tolist() == [2.0 * i for i in range(25)]

    assert ranks.number(0.1 if ranks.first else 0.2) == 0.1 + 0.2  # not rounded to float32
    assert ranks.from_first(b"known" if ranks.first else b"") == b"known"
    assert ranks.from_first(b"") == b""

    folder = shared / f"rank-{ranks.rank}"
    content = bytes(range(256))
    if ranks.first:
        (folder / "deep").mkdir(parents=True)
        (folder / "deep/file").write_bytes(content)
    ranks.files_from_first(folder, ["deep/file"] if ranks.first else [])
    assert (folder / "deep/file").read_bytes() == content

    sys.stdout.write(f"{ranks.rank}\n")
    sys.stdout.flush()
    if ranks.first:
        os._exit(0)
    ranks.number(1.0)


main(Path(sys.argv[1]))
