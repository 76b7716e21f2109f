"""Checks a Mac application without running it, on a Mac or on Linux: what macOS would refuse or never find.

    python packaging/macos/check_bundle.py "dist/Tuning Studio.app" [--json]

Ends with 0 when nothing is wrong, 1 with one paragraph for each fault, 2 when there is no application.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import code_rules
import content_rules
import plist_rules
from app_bundle import AppBundle, Finding

Rule = Callable[[AppBundle], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    plist_rules.plist,
    code_rules.processors,
    code_rules.minimum_systems,
    code_rules.signatures,
    code_rules.references,
    code_rules.duplicates,
    content_rules.links,
    content_rules.metal,
    content_rules.unwanted,
    content_rules.needed,
    content_rules.folders_with_dots,
    content_rules.licences,
    content_rules.size,
)


def check(root: Path, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """Every fault of the application, by rule and place."""
    return findings(AppBundle(root), rules)


def findings(bundle: AppBundle, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    return sorted({finding for rule in rules for finding in rule(bundle)})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a Mac application without running it.")
    parser.add_argument("application", type=Path, help="the .app folder")
    parser.add_argument("--json", action="store_true", help="write what was found as JSON")
    options = parser.parse_args(arguments)
    if not (options.application / "Contents").is_dir():
        print(f"{options.application} is no application: it has no folder Contents.", file=sys.stderr)
        return 2
    bundle = AppBundle(options.application)
    found = findings(bundle)
    megabytes = sum(path.stat().st_size for path in bundle.files) / 10**6
    seen = {"files": len(bundle.files), "images": len(bundle.images), "megabytes": round(megabytes, 1)}
    if options.json:
        print(json.dumps({**seen, "findings": [asdict(finding) for finding in found]}, indent=2))
    else:
        for finding in found:
            print(finding)
        print(
            f"{bundle.root.name}: {seen['files']} files, {seen['images']} of them programs and libraries, "
            f"{megabytes:.0f} MB; {len(found)} {'fault' if len(found) == 1 else 'faults'}"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
