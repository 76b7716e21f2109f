"""Do two whole jobs in a real window with nothing but keys, and hold what is on disk to them.

The main job opens a dataset, corrects an answer, sets the epochs, trains, evaluates, asks both models, names
the run, notes what the tuned one said, and quits. The other begins on a Mac without any model: it finds one
on a Hub on this machine, downloads it, trains it, and exports the result as GGUF. Each on a screen of its own
(Xvfb) with xdotool. `make keyboard` runs them; a picture of each step goes to --out. Exits 1 with a sentence
where something is not so on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from studio.dataset.read.load import read

ROOT = Path(__file__).parent.parent
CORRECTED = "Corrected by hand."
NAME = "by-keys"
QUESTION = "What is 2 plus 3?"
PATIENCE = 120.0  # seconds


class NotSoError(Exception):
    """Something that was done by keys is not so."""


class Keys:
    """A screen without a mouse: types, and takes pictures."""

    def __init__(self, screen: str, out: Path, **environment: str) -> None:
        self._environment = {**os.environ, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", **environment}
        self._out, self._pictures = out, 0
        out.mkdir(parents=True, exist_ok=True)

    def press(self, *keys: str) -> None:
        """Press these one after another, as a quick hand does."""
        for key in keys:
            self._do("xdotool", "key", "--clearmodifiers", key)
            time.sleep(0.15)

    def type(self, text: str) -> None:
        self._do("xdotool", "type", "--delay", "60", text)
        time.sleep(0.2)

    def look(self, name: str) -> None:
        """Take a picture of the screen."""
        self._pictures += 1
        self._do("import", "-window", "root", str(self._out / f"{self._pictures:02d} {name}.png"))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "studio", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment)

    def title(self) -> str:
        """The title of the window in front."""
        found = subprocess.run(
            ["xdotool", "getactivewindow", "getwindowname"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.strip()

    def _do(self, *command: str) -> None:
        subprocess.run(command, env=self._environment, check=True)


@contextmanager
def screen_of_ones_own() -> Iterator[str]:
    """The name of a display that nobody else uses."""
    read, write = os.pipe()
    size = ("-screen", "0", "1440x900x24")
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), *size], pass_fds=[write])
    os.close(write)
    try:
        with os.fdopen(read) as told:
            screen = f":{told.readline().strip()}"
        manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": screen})  # gives the focus
        yield screen
        manager.terminate()
        manager.wait()
    finally:
        server.terminate()
        server.wait()


def until(what: str, is_so: Callable[[], bool]) -> None:
    """Wait for it. Raises NotSoError with the sentence where it never comes."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            raise NotSoError(what)
        time.sleep(0.2)


def run_of(home: Path) -> Path | None:
    """The folder of the one run there is."""
    return next((path.parent for path in (home / "runs").glob("*/run.json")), None)


def has_ended(home: Path) -> bool:
    run = run_of(home)
    return run is not None and (run / "adapter" / "adapters.safetensors").exists()


def written(home: Path, text: str) -> bool:
    """Whether a file of the home holds the text."""
    return any(text in path.read_text("utf-8", "replace") for path in home.rglob("*.json*"))


def do(job: Callable[[Keys, Path, Path], None], keys: Keys, home: Path, data: Path) -> None:
    """Start the app and do a job in it."""
    app = keys.start("--home", str(home))
    try:
        job(keys, home, data)
        until("Ctrl+Q does not quit", lambda: app.poll() is not None)
    except NotSoError:
        keys.look("failed")
        raise
    finally:
        app.kill()
        app.wait()
    if app.returncode:
        raise NotSoError(f"the app ended with {app.returncode}")


def open_dataset(keys: Keys, data: Path) -> None:
    keys.press("ctrl+o")
    until("Ctrl+O opens no dialog", lambda: keys.title() == "Open a dataset")
    time.sleep(1)
    keys.type(str(data))
    keys.press("Return")
    until("the dataset was not opened", lambda: data.name in keys.title())
    time.sleep(2)


def main_job(keys: Keys, home: Path, data: Path) -> None:
    """A paragraph for each pane."""
    until("the window did not open", lambda: keys.title() == "Tuning Studio")
    time.sleep(3)
    open_dataset(keys, data)

    keys.press("ctrl+f", "Down", "Down")
    keys.look("rows")
    keys.press("F2", "ctrl+a")
    keys.type(CORRECTED)
    keys.press("Return")
    until("the edit is not written down", lambda: written(home, CORRECTED))
    keys.look("edited")

    keys.press("ctrl+2", "ctrl+f")
    keys.type("epochs")
    keys.press("Tab", "ctrl+a")
    keys.type("2")
    keys.look("recipe")
    keys.press("ctrl+r")
    until("the run did not end", lambda: has_ended(home))
    run = run_of(home)
    assert run is not None
    recipe = json.loads((run / "run.json").read_text())["recipe"]
    if recipe["loop"]["epochs"] != 2:
        raise NotSoError(f"the recipe says {recipe['loop']['epochs']} epochs and not 2")
    if not any(CORRECTED in str(record) for record in read(run / "dataset").records):
        raise NotSoError("the run was trained on the row as it was before the edit")
    time.sleep(2)
    keys.look("trained")

    keys.press("Tab", "ctrl+e")  # in a field it would go to the end of the line
    until("nothing was evaluated", lambda: any(run.glob("evaluations/*/result.json")))
    time.sleep(2)
    keys.look("evaluated")

    keys.press("ctrl+4")
    keys.type(QUESTION)
    keys.press("Return")
    time.sleep(8)
    keys.look("asked")
    keys.press("shift+Tab", "ctrl+a", "ctrl+c")
    keys.look("copied")

    keys.press("ctrl+5")
    time.sleep(1)
    keys.look("runs")
    keys.press("F2", "ctrl+a")
    keys.look("naming")
    keys.type(NAME)
    keys.press("Return")
    until("the run was not renamed", lambda: (home / "runs" / NAME).exists())
    time.sleep(1)
    keys.press("Tab", "Tab")
    keys.look("named")
    keys.press("ctrl+v", "Tab")
    until("the answer was not noted", lambda: any((home / "runs").glob("*/notes.txt")))
    keys.look("noted")
    keys.press("ctrl+q")


def from_hub_to_gguf(keys: Keys, home: Path, data: Path) -> None:
    """From no model at all to a file for llama.cpp that was read back."""
    until("the window did not open", lambda: keys.title() == "Tuning Studio")
    time.sleep(3)
    keys.press("Escape", "ctrl+6")
    time.sleep(1)
    keys.press("ctrl+f", *["shift+Tab"] * 3, "space", "ctrl+f")
    keys.type("smollm2-135m")
    keys.press("Return")
    time.sleep(4)
    keys.press("Down")
    keys.look("found")
    keys.press("Return")
    person = home.parent
    until(
        "the model was not downloaded", lambda: any(person.glob("hf/hub/models--*/snapshots/*/*.safetensors"))
    )
    time.sleep(8)
    keys.look("downloaded")
    keys.press("Return")  # shows it on this Mac
    time.sleep(3)
    keys.press("Return")  # trains with it
    time.sleep(2)
    keys.look("chosen")

    open_dataset(keys, data)
    keys.press("ctrl+2", "ctrl+f")
    keys.type("epochs")
    keys.press("Tab", "ctrl+a")
    keys.type("1")
    keys.press("ctrl+r")
    until("the run did not end", lambda: has_ended(home))
    run = run_of(home)
    assert run is not None
    model = json.loads((run / "run.json").read_text())["recipe"]["model"]
    if "SmolLM2-135M-Instruct" not in model:
        raise NotSoError(f"it was not the downloaded model that was trained but {model}")
    time.sleep(6)
    keys.look("tuned")

    keys.press("ctrl+shift+e")
    time.sleep(1)
    keys.press("shift+Tab", "Tab", "Tab", "Right", "Right", "Right")
    keys.look("sheet")
    keys.press("Return")
    until("nothing was exported", lambda: any(person.glob("Downloads/*-gguf/*.gguf")))
    time.sleep(4)
    keys.look("exported")
    keys.press("Escape", "ctrl+q")


def with_hub(keys_for: Callable[..., Keys], folder: Path, data: Path) -> None:
    """The second job, with a Hub on this machine and a person's folder without any model."""
    from tests.hub.models import SMOL, model_of
    from tests.hub.server import Hub, hub_server

    with hub_server(Hub(models=[model_of(SMOL, ROOT / "resources" / "starter" / "model")])) as hub:
        keys = keys_for(HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0", HF_HOME=str(folder / "hf"), HOME=str(folder))
        do(from_hub_to_gguf, keys, folder / "home", data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "keyboard", help="for the pictures")
    out: Path = parser.parse_args().out
    sys.path.insert(0, str(ROOT))  # where tests/hub/ is
    with tempfile.TemporaryDirectory() as name, screen_of_ones_own() as screen:
        folder, data = Path(name), Path(name) / "questions.jsonl"
        rows = (ROOT / "resources" / "starter" / "instructions.jsonl").read_text().splitlines()[:80]
        data.write_text("\n".join(rows) + "\n")
        try:
            do(main_job, Keys(screen, out), folder / "home", data)
            with_hub(partial(Keys, screen, out / "hub"), folder / "person", data)
        except NotSoError as fault:
            print(f"By keys alone: {fault}. The pictures are in {out}.", file=sys.stderr)
            return 1
    print(
        "Opened, corrected, trained, evaluated, asked, named and quit by keys alone; and from a Hub's model "
        f"to a GGUF file. Pictures in {out}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
