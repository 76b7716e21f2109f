"""`python -m studio`, the `studio` command, and the bundled app: a window, or a job on the command line."""

from __future__ import annotations

import multiprocessing
import sys

from studio.blas import use_fast_blas

COMMANDS = ("train", "resume", "evaluate", "chat", "data", "runs", "selftest", "demo")


def main() -> None:
    """Open the window, unless the first argument names a job or asks for help.

    The window's way imports nothing but Qt, so that it paints at once.
    """
    multiprocessing.freeze_support()
    use_fast_blas()
    arguments = sys.argv[1:]
    if arguments and (arguments[0] in COMMANDS or arguments[0] in ("--help", "-h", "--version")):
        from studio.cli.commands import run

        sys.exit(run(arguments))
    from studio.app.start import run_window

    sys.exit(run_window(arguments))


if __name__ == "__main__":
    main()
