"""Gathers the licences of everything that the application carries: NOTICES, and a folder of their texts.

    python packaging/macos/notices.py OUT

It reads what the distributions that are installed here say and bring. One that brings no text gets that of
its licence from `licences/`; where there is none either, nothing is written and the build fails.
"""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CARRIED = ("tuning-studio", "lm-eval", "tensorboardX")
LEFT_OUT = {
    *("scipy", "scikit-learn", "joblib", "threadpoolctl", "narwhals", "nltk", "evaluate", "rouge-score"),
    *("absl-py", "setuptools", "sqlitedict", "pytablewriter"),
}
"""What lm-eval asks for and the application goes without."""

TEXTS = {
    "Apache-2.0": ROOT / "LICENSE",
    "LGPL-3.0-only": HERE / "licences/LGPL-3.0-only.txt",
    "GPL-3.0-only": HERE / "licences/GPL-3.0-only.txt",
}
_NAMED_SO = re.compile("licen[cs]e|copying|notice|authors", re.IGNORECASE)
_INTRODUCTION = """\
Tuning Studio is free software under the Apache License 2.0. It carries the works of others,
which are listed here with their licences; the texts lie in the folder `licences`.

Qt and PySide6 are used under the LGPL 3.0. Their libraries lie in the application as files of their
own, which may be replaced by others of the same interface; sign the application again afterwards
(codesign --force --deep --sign - "Tuning Studio.app"). Their sources: https://code.qt.io
"""


def gather(out: Path) -> list[str]:
    """Write OUT/NOTICES and OUT/licences; the names listed. Raises LookupError for a missing text."""
    shutil.rmtree(out, ignore_errors=True)
    folder = out / "licences"
    folder.mkdir(parents=True)
    lines, missing = [_INTRODUCTION, _python(folder)], list[str]()
    carried = _closure(CARRIED)
    for name, each in sorted(carried.items()):
        licence = _licence(each)
        texts = _texts(each, licence)
        if not texts:
            missing.append(f"{name} ({licence or 'it names none'})")
            continue
        (folder / name).mkdir()
        for number, text in enumerate(texts):
            target = folder / name / text.name
            shutil.copyfile(
                text, target if not target.exists() else target.with_name(f"{number}-{text.name}")
            )
        lines.append(f"{each.metadata['Name']} {each.version}: {licence}")
    if missing:
        shutil.rmtree(out)
        raise LookupError("There is no text of the licence of " + ", ".join(missing))
    shutil.copytree(ROOT / "resources/icons", folder / "lucide", ignore=shutil.ignore_patterns("*.svg"))
    lines.append("Lucide (icons): ISC")
    (out / "NOTICES").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return sorted(carried)


def _python(folder: Path) -> str:
    for place in (sysconfig.get_path("stdlib"), sysconfig.get_path("data"), sys.base_prefix):
        for text in (Path(place) / "LICENSE.txt", Path(place) / "LICENSE"):
            if text.is_file():
                (folder / "python").mkdir()
                shutil.copyfile(text, folder / "python/LICENSE.txt")
                return f"Python {sys.version.split()[0]}: PSF-2.0"
    raise LookupError(f"There is no text of the licence of Python in {sys.base_prefix}")


def _closure(names: tuple[str, ...]) -> dict[str, Distribution]:
    """The distributions of these names and all that they ask for here."""
    found: dict[str, Distribution] = {}
    asked: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        wanted = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        key = name, frozenset(wanted.extras)
        if name in LEFT_OUT or key in asked:
            continue
        asked.add(key)
        each = found[name] = distribution(name)
        for more in map(Requirement, each.requires or ()):
            extras = ("", *wanted.extras)
            if more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(more)
    return found


def _licence(each: Distribution) -> str:
    """The licence as the distribution names it."""
    told = each.metadata.get("License-Expression", "")
    classes = [
        line.rpartition("::")[2].strip()
        for line in each.metadata.get_all("Classifier") or ()
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    short = each.metadata.get("License", "").strip()
    return told or ", ".join(classes) or (short if len(short) < 60 else "") or "see its text"


def _texts(each: Distribution, licence: str) -> list[Path]:
    """The files of the distribution that are a licence, a notice or a list of authors."""
    own = [Path(str(each.locate_file(file))) for file in each.files or () if _NAMED_SO.search(file.name)]
    own = [file for file in own if file.is_file() and file.suffix not in (".py", ".pyc", ".pyi", ".h")]
    if own:
        return own
    if "Apache" in licence:
        return [TEXTS["Apache-2.0"]]
    return [text for name, text in TEXTS.items() if name in licence]


def main() -> int:
    """Gather them where the command line says."""
    names = gather(Path(sys.argv[1]))
    print(f"Licences of {len(names)} distributions and of Python are in {sys.argv[1]}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
