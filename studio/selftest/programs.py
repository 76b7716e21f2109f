"""What the app asks of the system and of other people's programs: the keychain, TensorBoard, lm-eval."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

from studio.catalogue import phrase
from studio.errors import StudioError
from studio.events import Event, Prepared, Step
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.selftest.check import CheckOutcome, NotInstalled, Workbench

_NO_KEYCHAIN = ("keyring.backends.fail", "keyring.backends.null")


def keychain(_: Workbench) -> CheckOutcome:
    """Which keychain keeps keys; a Mac has one, and it is asked for a key that it does not have."""
    import keyring

    from studio.generate.keys import kept_secret

    backend = keyring.get_keyring()
    kind = type(backend)
    name = f"{kind.__module__}.{kind.__qualname__}"
    figures = {"backend": name}
    if kind.__module__ not in _NO_KEYCHAIN:
        if sys.platform == "darwin":  # elsewhere a locked one would ask the person to open it
            kept_secret("selftest")
        return CheckOutcome(name, figures)
    if sys.platform == "darwin":
        raise StudioError("selftest.no_keychain", backend=name)
    return CheckOutcome(name, figures, phrase("selftest.keychain_absent"))


def tensorboard(bench: Workbench) -> CheckOutcome:
    """The curves of the run are written for TensorBoard, where its package is installed."""
    from studio.train.trackers import trackers_for

    if find_spec("tensorboardX") is None:
        raise NotInstalled("selftest.not_installed", name="TensorBoard")
    assert bench.run is not None
    told: list[Event] = [each for each in bench.run.events() if isinstance(each, Prepared | Step)]
    for tracker in trackers_for(Recipe().with_values({"watch.tensorboard": True}), bench.run):
        failures = [tracker.see(event) for event in told] + [tracker.close()]
        if failed := next(filter(None, failures), None):
            raise StudioError(failed.text)
    written = list((bench.run.path / "tensorboard").glob("events.*"))
    if not any(file.stat().st_size for file in written):
        raise StudioError("selftest.not_written", file="tensorboard/events.*")
    return CheckOutcome(
        tr("{count} events written", count=len(told)), {"bytes": sum(f.stat().st_size for f in written)}
    )


def benchmarks(_: Workbench) -> CheckOutcome:
    """lm-evaluation-harness can be used, where it is installed."""
    from studio.evaluate.benchmarks.named import installed

    if not installed():
        raise NotInstalled("selftest.not_installed", name="lm-evaluation-harness")
    importlib.import_module("studio.evaluate.benchmarks.harness")
    from importlib.metadata import version

    return CheckOutcome(f"lm-eval {version('lm-eval')}")
