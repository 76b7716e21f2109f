"""What a model may be used for on this machine, before it is loaded, or even downloaded.

Weighing it up takes mlx-lm, seconds for the first model, and tenths for each further one: it is done in a
process of its own, and kept. This module needs no MLX.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from studio.catalogue import Phrase, Said, from_plain
from studio.child_process import WEIGH, Child
from studio.errors import DiskError, ModelError
from studio.events.models import FITS, TIGHT, TOO_LARGE, ModelUse
from studio.files import as_json, parsed, write_text
from studio.logs import hearing
from studio.models.folder import read_config

USES = ("chat", "lora", "qlora", "full")
TIGHT_SHARE = 0.85
"""Of what the machine gives: above it a run leaves little to other programs."""
KEPT = 2000
"""So many models are remembered; the ones asked for longest ago go first."""
_TICK = 0.5
_VERSION = 3
_PLACE = "{place}"
_NAMES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}


@dataclass(frozen=True)
class Candidate:
    """A model to be weighed up: its folder, or its config (JSON) where it is not here.

    `precision` is what its weights are saved in, where the config does not say: as safetensors name it.
    """

    folder: str = ""
    config: str = ""
    precision: str = ""
    name: str = ""  # owner/name, to speak of one that is not here

    @classmethod
    def online(
        cls, name: str, config: Mapping[str, Any], dtypes: Mapping[str, int] | None = None
    ) -> Candidate:
        """A model by its config.json, and by how many numbers of each type its weights hold."""
        counted = {name: count for name, count in (dtypes or {}).items() if name in _NAMES}
        common = max(counted, key=lambda name: counted[name]) if counted else ""
        said = json.dumps(config, sort_keys=True)
        return cls(config=said, precision=_NAMES.get(common, ""), name=name)

    @property
    def fingerprint(self) -> str:
        """Another for another model, changed files, or another machine."""
        digest = hashlib.sha256(f"{_VERSION} {_memory()} {self.precision}\n{self.config}\n".encode())
        folder = Path(self.folder)
        for file in sorted(folder.glob("*.safetensors*")) if self.folder else ():
            with suppress(OSError):
                about = file.stat()
                digest.update(f"{file.name} {about.st_size} {about.st_mtime_ns}\n".encode())
        with suppress(OSError, ModelError):
            digest.update(as_json(read_config(folder)).encode() if self.folder else b"")
        return digest.hexdigest()


@dataclass(frozen=True)
class Weighed:
    """What a model was found to be good for, or why it cannot be used."""

    uses: tuple[ModelUse, ...] = ()
    problem: Said | None = None


def known_uses(file: Path, candidates: Iterable[Candidate]) -> dict[Candidate, Weighed]:
    """What is known of models without weighing them; `file` is where it is kept."""
    kept = _kept(file)
    found = {candidate: kept.get(candidate.fingerprint) for candidate in candidates}
    return {candidate: _weighed(each, candidate) for candidate, each in found.items() if each is not None}


def weigh(
    file: Path, candidates: Sequence[Candidate]
) -> Generator[tuple[int, int], None, dict[Candidate, Weighed]]:
    """Weigh up models; yields how many of how many are done, and gives what is known of all then.

    What is known already is taken from `file`, and what is found is kept there. A model that ends the process
    is left out.
    """
    known = known_uses(file, candidates)
    missing = [candidate for candidate in dict.fromkeys(candidates) if candidate not in known]
    if not missing:
        return known
    found: dict[str, Any] = {}
    child = Child(WEIGH, hear=hearing(__name__))
    child.send([asdict(candidate) for candidate in missing])
    try:
        for line in filter(None, child.lines(_TICK)):
            candidate = missing[len(found)]
            found[candidate.fingerprint] = parsed(line)
            _keep(file, {candidate.fingerprint: found[candidate.fingerprint]})
            known[candidate] = _weighed(found[candidate.fingerprint], candidate)
            yield len(found), len(missing)
            if len(found) == len(missing):
                break
    finally:
        child.end()
    return known


def use_of(use: str, size: int, limit: int) -> ModelUse:
    """Whether what needs so many bytes fits into what the machine gives."""
    fits = TOO_LARGE if size > limit else TIGHT if size > TIGHT_SHARE * limit else FITS
    return ModelUse(use, fits, size)


def placeless(said: Said, folder: Path) -> Any:
    """What is said of a folder, as it is kept: without its place, which may be another next time."""
    plain = said.plain() if isinstance(said, Phrase) else said
    return parsed(as_json(plain).replace(as_json(str(folder))[1:-1], _PLACE))


def _weighed(plain: Any, candidate: Candidate) -> Weighed:
    place = candidate.folder or candidate.name
    problem = parsed(as_json(plain.get("problem")).replace(_PLACE, as_json(place)[1:-1]))
    uses = tuple(ModelUse(*each) for each in plain["uses"])
    return Weighed(uses, from_plain(problem) if isinstance(problem, dict) else problem)


def _kept(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = parsed(file.read_text(encoding="utf-8"))
        return {key: each for key, each in found.items() if _is_weighed(each)}
    return {}


def _is_weighed(plain: Any) -> bool:
    try:
        _weighed(plain, Candidate())
    except (TypeError, KeyError, AttributeError, ValueError):
        return False
    return True


def _keep(file: Path, found: dict[str, Any]) -> None:
    every = {**_kept(file), **found}
    with suppress(DiskError, OSError):  # it can be found out again
        write_text(file, as_json(dict(list(every.items())[-KEPT:])) + "\n")


@cache
def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)
