"""llama-quantize and Ollama go on with what we write where they are installed; it is said where they are not.

They are not installed where the tests run: small scripts in their place say with what they were called. What
the real llama-quantize made of the starter stands in a fixture (`tests/oracles/make_llama_quantize.py`).
"""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path

import gguf
import numpy as np
import pytest

from studio.events import Exported, Progress
from studio.export import programs
from studio.export.gguf_file import LARGEST
from studio.export.gguf_model import GgufShape
from studio.jobs.export import RunExportJob
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.oracles.llama_cpp_models import STARTER, open_model

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "fixtures" / "llama_quantize.json").read_text())


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which programs are found, and no other place."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(programs, "PLACES", ())
    return folder


def install(tools: Path, name: str, text: str) -> None:
    script = tools / name
    script.write_text(f"#!{sys.executable}\nimport shutil, sys, time\n{text}\n")
    script.chmod(0o755)


def exported(run: Path, job: RunExportJob) -> Exported:
    return next(e for e in job.run_events(ModelCache()) if isinstance(e, Exported))


@pytest.mark.parametrize("precision", programs.K_QUANTS)
def test_what_llama_quantize_makes_of_the_starter_is_read_within_its_rounding(
    precision: str, tmp_path: Path
) -> None:
    opened = open_model(STARTER, tmp_path)
    weights = named(opened.module.parameters())
    names = GgufShape.of(opened.module, opened.config).named(tuple(weights))
    ours = {theirs: np.array(weights[name]) for name, theirs in names.items()}
    assert {"q4_k_m": "Q4_K", "q5_k_m": "Q5_K", "q6_k": "Q6_K"}[precision] in {
        each["kind"] for each in ORACLE[precision]
    }
    for each in ORACLE[precision]:
        kind = gguf.GGMLQuantizationType[each["kind"]]
        data = np.frombuffer(base64.b64decode(each["data"]), np.uint8).reshape(4, -1)
        rows, own = gguf.quants.dequantize(data, kind), ours[each["name"]][:4]
        assert 0 < np.linalg.norm(rows - own) <= LARGEST[precision] * np.linalg.norm(own)


def test_llama_quantize_is_given_16_bits_and_what_it_writes_is_read_back(
    starter_run: Path, tools: Path, tmp_path: Path
) -> None:
    install(tools, "llama-quantize", "shutil.copy(sys.argv[1], sys.argv[2]); time.sleep(0.5)\n"
            f"open({str(tmp_path / 'called')!r}, 'w').write(sys.argv[3])")  # fmt: skip
    job = RunExportJob(RunFolder(starter_run), "gguf", tmp_path / "out", precision="q4_k_m")
    events = [*job.run_events(ModelCache())]
    assert next(e for e in events if isinstance(e, Exported)).files == ("short-q4_k_m.gguf",)
    assert "Quantizing" in [event.what for event in events if isinstance(event, Progress)]
    assert (tmp_path / "called").read_text() == "Q4_K_M"


def test_without_llama_quantize_it_is_said_before_anything_is_done(
    starter_run: Path, tools: Path, tmp_path: Path
) -> None:
    job = RunExportJob(RunFolder(starter_run), "ollama", tmp_path / "out", precision="q6_k")
    with refused("export.no_quantizer"):
        next(job.run_events(ModelCache()))


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("sys.exit('no room left')", "export.program"),
        ("", "export.program"),
        ("data = bytearray(open(sys.argv[1], 'rb').read()); data[-90000:] = bytes(90000)\n"
         "open(sys.argv[2], 'wb').write(data)", "export.gguf_apart"),
    ],
    ids=["fails", "writes nothing", "damages"],
)  # fmt: skip
def test_what_llama_quantize_did_not_do_right_is_thrown_away(
    script: str, code: str, starter_run: Path, tools: Path, tmp_path: Path
) -> None:
    install(tools, "llama-quantize", script)
    job = RunExportJob(RunFolder(starter_run), "gguf", tmp_path / "out", precision="q5_k_m")
    with refused(code):
        exported(starter_run, job)
    assert not (tmp_path / "out").exists()


def in_ollama(run: Path, out: Path, name: str = "mine:v1") -> tuple[str, str]:
    """The code of what is said of Ollama, and its text."""
    job = RunExportJob(RunFolder(run), "ollama", out, ollama_name=name)
    said = [
        each for each in exported(run, job).remarks if getattr(each, "code", "").startswith("export.ollama")
    ]
    return getattr(said[-1], "code", ""), str(said[-1])


def test_ollama_makes_a_model_of_the_modelfile_and_its_answer_is_told(
    starter_run: Path, tools: Path, tmp_path: Path
) -> None:
    install(tools, "ollama", "print(' '.join(sys.argv[1:3]), open('Modelfile').read()[:7])")
    code, text = in_ollama(starter_run, tmp_path / "out")
    assert code == "export.ollama_created"
    assert text.endswith("answered: run mine:v1 FROM ./")


def test_ollama_that_is_missing_or_fails_is_said_and_the_files_stay(
    starter_run: Path, tools: Path, tmp_path: Path
) -> None:
    assert in_ollama(starter_run, tmp_path / "one")[0] == "export.ollama_none"
    install(tools, "ollama", "sys.exit('could not connect to ollama')")
    code, text = in_ollama(starter_run, tmp_path / "two")
    assert (code, "could not connect" in text) == ("export.ollama_failed", True)
    assert (tmp_path / "two" / "Modelfile").is_file()


@pytest.mark.parametrize("name", ["--help", "a b", "a/", ""])
def test_a_name_that_ollama_does_not_take_is_refused(name: str) -> None:
    with refused("export.ollama_name", name=name):
        programs.check_ollama_name(name, is_for_it=True)
    with refused("export.only_ollama"):
        programs.check_ollama_name(name, is_for_it=False)


def test_a_program_ends_when_it_is_not_waited_for_any_more(tools: Path, tmp_path: Path) -> None:
    install(tools, "slow", f"time.sleep(0.6)\nopen({str(tmp_path / 'done')!r}, 'w').write('')")
    running = programs.run_program([str(tools / "slow")], tmp_path)
    next(running)
    running.close()
    time.sleep(0.7)
    assert not (tmp_path / "done").exists()
