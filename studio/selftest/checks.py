"""Every check of the self-test in its order, and their report as one document."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from studio.errors import RecipeError
from studio.language import tr
from studio.selftest import children, data, programs, runs, system
from studio.selftest.check import (
    FAILED,
    LEFT_OUT,
    WARNED,
    CheckEntry,
    CheckOutcome,
    SelfCheck,
    Workbench,
    checking,
)


def _of_window(part: str, bench: Workbench) -> CheckOutcome:
    """A part of the window: its style, its icons, or its panes, drawn light and dark where nobody sees it."""
    found = bench.window_look().part(part)
    return CheckOutcome(found["detail"], found["figures"])


CHECKS = (
    CheckEntry("libraries", tr("Libraries"), system.libraries),
    CheckEntry("device", tr("Device and matrix products"), system.device),
    CheckEntry("samples", tr("Sample data"), data.samples),
    CheckEntry("starter", tr("Starter model"), data.starter),
    CheckEntry("tokenizer", tr("Tokenizer and chat template"), children.tokenizer, ("starter",)),
    CheckEntry("template", tr("Foreign chat template"), children.template, ("tokenizer",)),
    CheckEntry("health", tr("Dataset health and language"), data.health, ("tokenizer",)),
    CheckEntry("big_file", tr("Big file by its index"), data.big_file),
    CheckEntry("parquet", tr("Parquet"), data.parquet),
    CheckEntry("pdf", tr("PDF"), data.pdf),
    CheckEntry("word", tr("Word"), data.word),
    CheckEntry("html", tr("HTML"), data.html),
    CheckEntry("hub", tr("Hub process"), children.hub),
    CheckEntry("weighing", tr("Models weighed up"), children.weighing, ("starter",)),
    CheckEntry("keychain", tr("Keychain"), programs.keychain),
    CheckEntry("style", tr("Theme and style sheet"), partial(_of_window, "style")),
    CheckEntry("icons", tr("Icons"), partial(_of_window, "icons")),
    CheckEntry("window", tr("Window"), partial(_of_window, "panes"), ("style", "icons")),
    CheckEntry("train", tr("Train, in the engine's process"), runs.train, ("tokenizer",)),
    CheckEntry("chat", tr("Base and tuned side by side"), runs.chat, ("train",)),
    CheckEntry("evaluate", tr("Evaluate"), runs.evaluate, ("train", "health")),
    CheckEntry("report", tr("Report and its PDF"), runs.report, ("evaluate",)),
    CheckEntry("gguf", tr("Export to GGUF"), runs.export_gguf, ("train",)),
    CheckEntry("peft", tr("Export to PEFT and back"), runs.export_peft, ("train",)),
    CheckEntry("serve", tr("Local server"), runs.serve, ("train",)),
    CheckEntry("tensorboard", tr("TensorBoard"), programs.tensorboard, ("train",)),
    CheckEntry("benchmarks", tr("Benchmarks"), programs.benchmarks),
)


def selftest(only: Sequence[str] = ()) -> Generator[SelfCheck]:
    """Make the checks one by one; `only` those of these keys, with what they need.

    Raises RecipeError, at once, for a key that there is not.
    """
    return checking(chosen(only))


def chosen(only: Sequence[str]) -> list[CheckEntry]:
    """The checks of these keys with those they need, in their order; all of them where none is named.

    Raises RecipeError for a key that there is not.
    """
    by_key = {entry.key: entry for entry in CHECKS}
    if unknown := [key for key in only if key not in by_key]:
        raise RecipeError("selftest.unknown", name=unknown[0], names=", ".join(by_key))
    return [entry for entry in CHECKS if not only or entry.key in _with_needs(only, by_key)]


def _with_needs(keys: Sequence[str], by_key: dict[str, CheckEntry]) -> set[str]:
    found = set(keys)
    for key in keys:
        found |= _with_needs(by_key[key].needs, by_key)
    return found


def document(checks: Sequence[SelfCheck]) -> dict[str, Any]:
    """The report for programs: where it was made, what came of each check, and how long it took."""
    return {
        "passed": not any(check.failed for check in checks),
        "failed": [check.key for check in checks if check.status == FAILED],
        "warnings": [check.key for check in checks if check.status == WARNED],
        "left_out": [check.key for check in checks if check.status == LEFT_OUT],
        "seconds": round(sum(check.seconds for check in checks), 2),
        "platform": system.platform_figures(),
        "checks": [asdict(check) for check in checks],
    }
