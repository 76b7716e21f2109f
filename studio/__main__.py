"""`python -m studio`, the `studio` command, and the bundled app: a window, or a job on the command line."""

from __future__ import annotations

import faulthandler
import sys

from studio.child_process import ENGINE, HUB, SCAN, WEIGH, WINDOW, WRITE
from studio.cli.opening import opening
from studio.language import tr
from studio.language_choice import settle
from studio.process import is_application, prepare_process


def main() -> None:
    """Open the window, unless the arguments name a job or ask for help.

    The window's way imports nothing but Qt, so that it paints at once.
    """
    if is_application():  # a library's process of its own begins here, too
        import multiprocessing

        multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments[:1] and arguments[0] in (SCAN, WRITE, HUB, ENGINE, WEIGH, WINDOW):
        sys.exit(_be_child(*arguments))
    settle(arguments)
    prepare_process()
    if arguments[:1] == ["--rehearse"] and len(arguments) == 2:
        from pathlib import Path

        from studio.app.rehearsal import rehearse

        sys.exit(rehearse(Path(arguments[1]).resolve()))
    asked = opening(arguments)
    if asked is None:
        sys.exit(_run_command(arguments))
    from studio.app.start import run_window

    sys.exit(run_window(asked.data, asked.home, debug=asked.debug))


def _be_child(switch: str, *arguments: str) -> int:
    """Be one of the processes that `studio.child_process` starts."""
    faulthandler.enable()  # what its standard error says goes to the window's log
    if switch == ENGINE:
        from studio.jobs.engine import main as perform

        return perform(*arguments)
    if switch == SCAN:
        from studio.dataset.store.scanner import main as scan

        return scan(list(arguments))
    if switch == HUB:
        from studio.hub.child import main as ask

        return ask()
    if switch == WEIGH:
        from studio.forecast.weighing import main as weigh

        return weigh()
    if switch == WINDOW:
        from studio.app.looked_over import main as look_over

        return look_over(list(arguments))
    from studio.dataset.render.isolated_child import main as write

    write()


def _run_command(arguments: list[str]) -> int:
    try:
        from studio.cli.commands import run

        return run(arguments)
    except KeyboardInterrupt:  # while a command loads; a job at work stops in its own way, and saves
        sys.stderr.write(f"{tr('Stopped.')}\n")
        return 130


if __name__ == "__main__":
    main()
