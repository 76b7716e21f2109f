"""Writes fixtures/*.json: what torch, transformers, PEFT and TRL find where our engine is asked the same.

To renew them, in an environment of its own (about 1 GB; the test suite needs none of it):

    python -m venv oracle && oracle/bin/pip install -r tests/oracles/requirements.txt
    oracle/bin/python tests/oracles/make_fixtures.py

It takes a minute or two. A fixture is renewed when what is asked (`cases.py`, `toys.py`) or the reference's
versions change, never because the engine no longer agrees with it.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODELS = ("starter", "llama", "qwen2")
sys.path.insert(0, str(HERE.parents[1]))


def main() -> None:
    """Write the fixtures of the models and cases named on the command line; without any, all of them."""
    import torch

    from tests.oracles.cases import RECIPES, case
    from tests.oracles.reference import measured

    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    (HERE / "fixtures").mkdir(exist_ok=True)
    named = set(sys.argv[1:])
    for kind in named & set(MODELS) or MODELS:
        file = HERE / "fixtures" / f"{kind}.json"
        found = json.loads(file.read_text(encoding="utf-8")) if named else {}
        for name in named & set(RECIPES) or RECIPES:
            asked = case(kind, name)
            found[name] = {**asked, **measured(kind, asked)}
            losses, norms = _ends(found[name]["losses"]), _ends(found[name]["norms"])
            print(f"{kind:8} {name:16} loss {losses}, norm {norms}")  # noqa: T201
            _check(found[name])
        file.write_text(_compact(found), encoding="utf-8")


def _check(found: dict[str, Any]) -> None:
    """That the case proves something: its loss falls, and where it clips, it clips in many steps."""
    losses, norms = found["losses"], found["norms"]
    assert len(losses) == len(found["rates"])
    assert losses[-1] < 0.95 * losses[0]
    clip = found["recipe"]["optimizer.clip"]
    if clip:
        assert sum(norm > clip for norm in norms) >= len(norms) / 4


def _ends(values: list[float]) -> str:
    return f"{values[0]:.5f} to {values[-1]:.5f} (median {statistics.median(values):.5f})"


def _compact(cases: dict[str, Any]) -> str:
    """JSON with a line for each list or row, and numbers of ten digits."""
    parts = []
    for name, found in cases.items():
        rows = ",\n".join(f"   {_line(row)}" for row in found["rows"])
        lines = [f'  "{key}": {_line(value)}' for key, value in found.items() if key != "rows"]
        parts.append(f' "{name}": {{\n' + ",\n".join([*lines, f'  "rows": [\n{rows}\n  ]']) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(_rounded(value), separators=(",", ":"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
