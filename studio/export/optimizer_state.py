"""An optimizer's state beside a checkpoint's PEFT adapter, by torch's names, and a page that maps the names.

AdamW's and Lion's moments have the shapes of PEFT's arrays, which are mlx-lm's transposed, and so are they.
What an optimizer of torch's does not have is written as it is, under the name that it has here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx

from studio.export.peft import names_of
from studio.models import arrays
from studio.train.checkpoint import OPTIMIZER

PAGE = "OPTIMIZER.md"
_PARTS = ("lora_a", "lora_b", "m")
_MOMENTS = {"m": "exp_avg", "v": "exp_avg_sq"}
_FACTORED = {"exp_avg_sq_row": "exp_avg_sq_col", "exp_avg_sq_col": "exp_avg_sq_row"}
"""Adafactor's: the rows of a matrix are the columns of its transpose."""


@dataclass(frozen=True)
class StateEntry:
    """An array of the state: what it is called in the run's checkpoint and beside PEFT's adapter."""

    ours: str
    theirs: str
    array: mx.array


def write_optimizer_state(folder: Path, checkpoint: Path, table: str, chained: bool) -> None:
    """Write a checkpoint's optimizer state into a folder, with the page.

    `table` is the path of the model's embeddings; `chained` says that the adapter beside it holds those that
    the run went on from, too, of which the state is not.
    """
    found = sorted(entries(arrays.read(checkpoint / OPTIMIZER), table), key=lambda each: each.theirs)
    named = {each.theirs: each.array for each in found}
    mx.save_safetensors(str(folder / OPTIMIZER), named, {"format": "pt"})
    (folder / PAGE).write_text(_page(found, chained), encoding="utf-8")


def entries(state: dict[str, mx.array], table: str) -> Iterator[StateEntry]:
    """The arrays of a state that was saved, in PEFT's shapes."""
    for ours, array in state.items():
        whole = _without_group(ours)
        layer, _, moment = whole.rpartition(".")
        path, _, part = layer.rpartition(".")
        coded = f"{ours.rpartition('.')[0]}.m_scale" in state
        if part not in _PARTS or coded:  # counters and rates; moments in 8 bits, which are blocks
            yield StateEntry(ours, ours, array)
            continue
        named = names_of(path, is_table=path == table)[part]
        lone = moment == "v" and f"{ours.removesuffix('.v')}.m" not in state
        theirs = "momentum_buffer" if lone else _MOMENTS.get(moment, _FACTORED.get(moment, moment))
        yield StateEntry(ours, f"{named}.{theirs}", mx.contiguous(array.T))


def _without_group(name: str) -> str:
    """A name without the group of parameters that it is of, where the optimizer has several."""
    return name.split(".", 2)[2] if name.startswith("groups.") else name


_HEAD = """# The optimizer's state

`optimizer.safetensors` holds what the optimizer remembered at this checkpoint. An array that belongs to a
parameter of the adapter is called like it in `adapter_model.safetensors`, with what torch calls it in
`optimizer.state` at the end, and has its shape. To go on in torch with AdamW:

```python
from safetensors.torch import load_file

saved = load_file("optimizer.safetensors")
for name, parameter in model.named_parameters():  # of a PeftModel
    name = name.replace(".default", "").replace("_vector.weight", "_vector")
    if f"{name}.exp_avg" in saved:
        optimizer.state[parameter] = {
            "step": saved["step"].float(),
            "exp_avg": saved[f"{name}.exp_avg"],
            "exp_avg_sq": saved[f"{name}.exp_avg_sq"],
        }
```

What has no array here, as a head that is the table of embeddings, has no state of its own in the run.
Where there are groups (`groups.0.step` …), each has its own counter and learning rate.
"""
_CHAINED = """
The adapter here also holds those that the run went on from, side by side, with their scale in B. The state is
of the run's own adapter alone, which are its last ranks, before that scale.
"""


def _page(found: Iterable[StateEntry], chained: bool) -> str:
    lines = [f"| `{each.theirs}` | {list(each.array.shape)} | `{each.ours}` |" for each in found]
    table = ["| Here | Shape | In the run's checkpoint |", "|---|---|---|", *lines]
    return "\n".join([_HEAD + (_CHAINED if chained else ""), *table, ""])
