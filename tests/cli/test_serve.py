"""`studio serve`, from its start to Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.cli.terminal import asked


@pytest.mark.long
def test_it_answers_until_ctrl_c_and_ends_with_what_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "studio", "--home", str(tmp_path), "--json", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        told = ""
        while "Press Ctrl-C" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        found = re.search(r"Serving 1 model at (\S+)\n  starter\n", told)
        assert found, told
        body = {"model": "starter", "prompt": "Gold", "max_tokens": 3, "temperature": 0}
        request = urllib.request.Request(f"{found[1]}/completions", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as reply:
            tokens = json.load(reply)["usage"]["completion_tokens"]
        process.send_signal(signal.SIGINT)
        document = json.loads(process.stdout.read())
    assert process.returncode == 0
    assert document == {"address": found[1], "requests": 1, "tokens": tokens}


def test_what_cannot_be_served_is_said_before_anything_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, sentence in (
        (["serve", "nobody"], "nobody"),
        (["serve", "--model", str(tmp_path)], "There is no model in"),
        (["serve", "--key", "two words"], "The API key cannot be one"),
    ):
        assert run(["--home", str(tmp_path), *arguments]) in (1, 2)
        assert sentence in capsys.readouterr().err.replace("\n", " ")
    assert asked.home
