"""What a model thinks of every answer before it is tuned: DPO measures itself against that.

Computed once for a dataset and a model, and kept beside the runs under a name made from everything it
depends on, so that neither a second model nor a second pass is ever needed.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.dataset.render.render import Tokens
from studio.events import Progress
from studio.files import whole_bytes
from studio.language import tr
from studio.train.learner import Learner
from studio.train.micro_batch import ExampleSet
from studio.train.plan import MicroBatch

_DIGEST = hashlib.sha256().digest_size


def reference(
    learner: Learner,
    parts: Sequence[tuple[ExampleSet, Sequence[MicroBatch]]],
    identity: object,
    folder: Path,
) -> Generator[Progress, None, npt.NDArray[np.float32]]:
    """log p of every sequence's answer under the model as it is now, by the sequence's number.

    `parts` are the parts of the dataset, each in the micro-batches in which it is read; `identity` is what
    tells the model apart from others. Kept in `folder`.
    """
    file = folder / f"reference-{_key(parts, identity)}.npy"
    total = sum(len(example_set.sequences) for example_set, _ in parts)
    if (kept := _kept(file, total)) is not None:
        return kept
    found = np.zeros(total, np.float32)
    done = 0
    for example_set, micro_batches in parts:
        for values in learner.log_p(example_set, micro_batches):
            found[list(values)] = list(values.values())
            done += len(values)
            yield Progress(tr("Reading the reference"), done, total)
    _keep(file, found)
    return found


def _key(parts: Sequence[tuple[ExampleSet, Sequence[MicroBatch]]], identity: object) -> str:
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode())
    for example_set, micro_batches in parts:
        for micro_batch in micro_batches:
            digest.update(repr((micro_batch.width, len(micro_batch.examples))).encode())
        for tokens in example_set.sequences:
            digest.update(_bytes(tokens))
    return digest.hexdigest()[:24]


def _bytes(tokens: Tokens) -> bytes:
    return np.asarray((tokens.ids, tokens.trained), np.int32).tobytes()


def _kept(file: Path, total: int) -> npt.NDArray[np.float32] | None:
    """What was kept, if it is whole by its checksum and of this length; else it is made anew."""
    try:
        whole = file.read_bytes()
        content, digest = whole[:-_DIGEST], whole[-_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            return None
        values = np.load(io.BytesIO(content), allow_pickle=False)
    except (OSError, ValueError):
        return None
    usable = values.dtype == np.float32 and values.shape == (total,) and bool(np.isfinite(values).all())
    return values if usable else None


def _keep(file: Path, values: npt.NDArray[np.float32]) -> None:
    """Write the values as `.npy`, and after them the SHA-256 of that."""
    content = io.BytesIO()
    np.save(content, values)
    with whole_bytes(file) as out:
        out.write(content.getvalue())
        out.write(hashlib.sha256(content.getvalue()).digest())
