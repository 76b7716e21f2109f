"""`studio selftest`: each check is told as it ends, and all of them at the end in one document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from studio.cli.parser import StudioCommand
from studio.cli.terminal import asked, console, report, write
from studio.language import tr
from studio.selftest.check import FAILED, LEFT_OUT, PASSED, WARNED, SelfCheck

_SIGNS = {PASSED: "ok  ", WARNED: "warn", FAILED: "FAIL", LEFT_OUT: "-   "}


def selftest(
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHECK", help=tr("Make this check only, and those that it needs; may be repeated.")
        ),
    ] = None,
) -> int:
    """Check every part of this installation on this machine: data, training, answers, exports, the window.

    Nothing is asked of the network, and nothing is kept.
    """
    from studio.selftest.checks import document, selftest

    console.print(tr("Checking this installation takes about a minute."))
    checks = []
    for check in selftest(only or ()):
        checks.append(check)
        line = f"{_SIGNS[check.status]} {check.name:30} {check.seconds:6.2f} s  {check.detail}"
        if asked.as_json:
            console.print(line, soft_wrap=True)
        else:
            write(line)
    found = document(checks)
    report(found, _summary(checks, found))
    return 0 if found["passed"] else 1


def register(app: typer.Typer) -> None:
    """Add the command to `studio`."""
    app.command(cls=StudioCommand)(selftest)


def _summary(checks: Sequence[SelfCheck], found: dict[str, Any]) -> str:
    """What came of all, in a line."""
    seconds = found["seconds"]
    if failed := found["failed"]:
        return tr(
            "{failed} of {all} checks failed in {seconds:.0f} s: {names}.",
            failed=len(failed),
            all=len(checks),
            seconds=seconds,
            names=", ".join(failed),
        )
    made = len(checks) - len(found["left_out"])
    if warned := found["warnings"]:
        return tr(
            "All {made} checks passed in {seconds:.0f} s, with a warning about {names}.",
            made=made,
            seconds=seconds,
            names=", ".join(warned),
        )
    return tr("All {made} checks passed in {seconds:.0f} s.", made=made, seconds=seconds)
