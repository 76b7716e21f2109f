"""The numbers of a GGUF file are read as llama.cpp reads them, whatever their kind, a few rows at a time."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from studio.models.gguf.header import GgufTensor
from studio.models.gguf.source import numbers_in
from tests.oracles.make_gguf_kinds import COLUMNS, ROWS, STEP, stored

ORACLE = json.loads((Path(__file__).parents[2] / "oracles" / "fixtures" / "gguf_kinds.json").read_text())


@pytest.mark.parametrize("name", ORACLE)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:overflow:RuntimeWarning")
def test_a_kind_is_de_quantized_as_llama_cpp_does(name: str, tmp_path: Path) -> None:
    kind = Kind[name]
    file = tmp_path / "tensor"
    file.write_bytes(bytes(64) + stored(kind).tobytes())
    tensor = GgufTensor("any", kind, (ROWS, COLUMNS), 64, file)
    whole = np.concatenate(list(numbers_in(tensor)))
    expected = np.array(ORACLE[name], np.float64)  # null, which is no finite number there, becomes nan
    found = whole.ravel()[::STEP].astype(np.float64)
    assert np.array_equal(np.isfinite(found), np.isfinite(expected))
    finite = np.isfinite(expected)
    assert np.allclose(found[finite], expected[finite], rtol=2e-6, atol=1e-30)
    turned = list(numbers_in(tensor, np.array([2, 0, 1]), at_once=COLUMNS))
    assert len(turned) == ROWS
    assert np.array_equal(np.concatenate(turned), whole[[2, 0, 1]], equal_nan=True)


def test_every_kind_that_the_package_reads_is_held_against_llama_cpp() -> None:
    read = {kind.name for kind in gguf.quants._type_traits}
    assert set(ORACLE) == read - {"F32", "F16", "BF16"}


@pytest.mark.parametrize("kind", [Kind.F32, Kind.F16, Kind.BF16])
def test_plain_numbers_are_as_they_were_written(kind: Kind, tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).integers(-64, 64, (5, 32)).astype(np.float32)  # exact in all of them
    file = tmp_path / "tensor"
    file.write_bytes(gguf.quants.quantize(numbers, kind).tobytes())
    assert np.array_equal(
        np.concatenate(list(numbers_in(GgufTensor("any", kind, (5, 32), 0, file)))), numbers
    )
