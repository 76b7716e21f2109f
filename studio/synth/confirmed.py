"""Which servers a person on this machine has let see which files.

A synthesis folder names a server and files to send there. One that came from elsewhere names what its maker
chose, so what counts is written down here, outside the folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from studio.catalogue import phrase
from studio.errors import DataError
from studio.files.journal import Journal
from studio.generate.address import endpoint, shown
from studio.synth.plan import Plan


class Unconfirmed(DataError):
    """A synthesis would send `files` to `server`, and nobody here has said that it may."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.server, self.files = plan.server, plan.files
        count = len(self.files)
        files = phrase("files.one") if count == 1 else phrase("files.more", count=count)
        names, server = ", ".join(self.files), shown(self.server)
        super().__init__("synth.unconfirmed", folder=folder, files=files, server=server, names=names)


@dataclass(frozen=True)
class Confirmations:
    """What was confirmed, in a file that only grows; it holds digests, no names."""

    path: Path

    def hold(self, plan: Plan) -> bool:
        """Whether a person here has let this plan's server see its files."""
        mark = _mark(plan)
        return any(line.get("may") == mark for line in Journal(self.path).lines())

    def add(self, plan: Plan) -> None:
        """Write down that the person lets this plan's server see its files."""
        if not self.hold(plan):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            Journal(self.path).append({"may": _mark(plan)})


def _mark(plan: Plan) -> str:
    what = json.dumps([endpoint(plan.server), *plan.files])
    return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()
