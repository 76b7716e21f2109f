"""Programs of others that go on with what we write, where they are installed: llama-quantize, and Ollama."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Generator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from studio.errors import ModelError

PLACES = ("/opt/homebrew/bin", "/usr/local/bin", "/Applications/Ollama.app/Contents/Resources")
"""Where they are on a Mac: an app that is opened by hand is not told of them by PATH."""
K_QUANTS = {"q4_k_m": "Q4_K_M", "q5_k_m": "Q5_K_M", "q6_k": "Q6_K"}
"""What only llama-quantize writes, in its words."""
QUESTION = "Say hello in one short sentence."
TICK = 0.2
"""Seconds after which whoever waits for a program hears that it still runs."""
_TAIL = 300
"""How much of what a program said last is told of it when it fails."""
_OLLAMA_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)*(:[\w.-]+)?")


def find_program(name: str) -> str | None:
    """The path of a program that is installed."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))


def check_quantizer() -> str:
    """The path of llama-quantize. Raises ModelError where it is not installed, with how it is got."""
    if (found := find_program("llama-quantize")) is None:
        raise ModelError("export.no_quantizer")
    return found


def check_ollama_name(name: str, is_for_it: bool) -> None:
    """Raise ModelError for what Ollama takes for no name of a model, and where nothing is made for it."""
    if not is_for_it:
        raise ModelError("export.only_ollama", name=name)
    if not _OLLAMA_NAME.fullmatch(name):
        raise ModelError("export.ollama_name", name=name)


def quantize(source: Path, file: Path, precision: str) -> Generator[None]:
    """Have llama-quantize make `file`, one of K_QUANTS, of a GGUF file in 16 bits."""
    yield from run_program([check_quantizer(), str(source), str(file), K_QUANTS[precision]], file.parent)
    if not file.is_file():
        raise ModelError("export.program", name="llama-quantize", fault="it wrote nothing")


def give_to_ollama(name: str, folder: Path) -> Generator[None, None, str]:
    """Have Ollama make a model of the Modelfile in a folder, and answer QUESTION with it; the answer.

    Raises ModelError with what it said where it could not.
    """
    program = find_program("ollama") or "ollama"
    yield from run_program([program, "create", name, "-f", "Modelfile"], folder)
    answer = yield from run_program([program, "run", name, QUESTION], folder)
    return answer


def run_program(command: Sequence[str], folder: Path) -> Generator[None, None, str]:
    """Run a program to its end in a folder, which is told every TICK; what it said. Left early, it is ended.

    Raises ModelError with its last words where it fails or cannot be started.
    """
    name = Path(command[0]).name
    with TemporaryFile() as said, TemporaryFile() as complained:
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=complained
            )
        except OSError as error:
            raise ModelError("export.program", name=name, fault=error.strerror or str(error)) from error
        try:
            yield from _waiting(process)
        finally:
            process.kill()
            process.wait()
        output = _text(said)
        if process.returncode:
            words = _text(complained) or output
            raise ModelError("export.program", name=name, fault=words[-_TAIL:] or str(process.returncode))
    return output


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace").strip()


def _waiting(process: subprocess.Popen[bytes]) -> Generator[None]:
    while True:
        try:
            process.wait(TICK)
        except subprocess.TimeoutExpired:
            yield
        else:
            return
