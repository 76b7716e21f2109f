"""Sweeps and staged recipes on disk: a file beside the runs says what was asked, and which are its runs."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.catalogue import Unusable, worded
from studio.errors import RunError, RunMissing
from studio.events import built
from studio.files import FileKind, NewerFile
from studio.language import tr
from studio.runs.folder import RunFolder, clean_name

ENDING = ".sweep.json"
SWEEPS = FileKind()


@dataclass(frozen=True)
class SweepMember:
    """One run that a sweep asks for. `failed` is why it was given up, for good."""

    name: str
    run: str  # the name of its run, whether that exists already or not
    changes: dict[str, Any]
    failed: str = ""


@dataclass(frozen=True)
class SweepFile:
    """`NAME.sweep.json` in the folder of the runs: the base recipe, the grid, and the members in order.

    Of a guided search the members are those of the stages so far; `count` is how many there will be.
    """

    path: Path
    base: dict[str, Any]
    over: dict[str, list[Any]]
    members: tuple[SweepMember, ...]
    fingerprint: str = ""  # of the dataset, once it has been read
    grouping: int = 1  # how its rows are kept together, that all members hold out the same; 1 is the oldest
    staged: bool = False  # its members are stages: each goes on from the one before, with data of its own
    guided: bool = False  # whether each field of `over` begins with the values that were best before it
    alpha_follows: bool = False  # whether Alpha stays as many times Rank as in the base
    count: int = 0  # of the runs that were asked for; 0 is as many as there are members
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(ENDING)

    @property
    def runs(self) -> Path:
        return self.path.parent

    def run_of(self, member: SweepMember) -> RunFolder | None:
        """The member's run, None as long as there is none."""
        run = RunFolder(self.runs / member.run)
        try:
            return run if run.manifest().get("sweep") == self.name else None
        except RunError:
            return None

    def place_of(self, member: SweepMember) -> str:
        """Which of the members one is: 2 of 3."""
        return f"{self.members.index(member) + 1} of {len(self.members)}"

    def before(self, member: SweepMember) -> SweepMember | None:
        """The stage that a member goes on from; None for the first, and where there are no stages."""
        place = self.members.index(member)
        return self.members[place - 1] if self.staged and place else None

    def with_fingerprint(self, fingerprint: str) -> SweepFile:
        """This sweep, knowing its dataset. Raises RunError when it began with another one.

        Stages have a dataset each, which their runs know.
        """
        if self.staged:
            return self
        if self.fingerprint not in ("", fingerprint):
            raise RunError("sweep.other_dataset", name=self.name)
        return replace(self, fingerprint=fingerprint)

    @property
    def asked(self) -> int:
        """How many runs were asked for."""
        return max(self.count, len(self.members))

    def member(self, changes: dict[str, Any]) -> SweepMember | None:
        """The member with these changes, if it was planned already."""
        return next((member for member in self.members if member.changes == changes), None)

    def with_member(self, name: str, changes: dict[str, Any]) -> SweepFile:
        """This sweep with one more member, whose run has a free name."""
        taken = {member.run for member in self.members}
        return replace(self, members=(*self.members, _planned(self.runs, self.name, name, changes, taken)))

    def with_failure(self, name: str, sentence: str) -> SweepFile:
        """This sweep, with one member given up."""
        members = tuple(replace(m, failed=sentence) if m.name == name else m for m in self.members)
        return replace(self, members=members)

    def write(self) -> None:
        """Put it on the disk, whole."""
        fields = {name: value for name, value in asdict(self).items() if name != "path"}
        SWEEPS.write(self.path, fields)


@dataclass(frozen=True)
class UnfinishedSweep:
    """A sweep of which `done` runs of `count` are done or given up, and none trains: it can be continued."""

    name: str
    done: int
    count: int
    sort: str = "sweep"  # or search, or stages

    @property
    def words(self) -> str:
        """What happened, as a sentence."""
        parts = tr("stages") if self.sort == "stages" else tr("runs")
        sort = tr("Staged recipe") if self.sort == "stages" else worded(self.sort).capitalize()
        return tr(
            "{sort} {name} was stopped after {done:,} of {count:,} {parts}.",
            sort=sort,
            name=self.name,
            done=self.done,
            count=self.count,
            parts=parts,
        )


def unfinished_sweeps(runs: Path, states: Mapping[str, str]) -> tuple[UnfinishedSweep, ...]:
    """The sweeps that can be continued, newest first; `states` are those of all runs by their names.

    One that no run is left of is not named.
    """
    found = []
    for sweep in sweeps(runs):
        there = [states[member.run] for member in sweep.members if member.run in states]
        done = sum(bool(member.failed) or states.get(member.run) == "done" for member in sweep.members)
        if there and "running" not in there and done < sweep.asked:
            sort = "stages" if sweep.staged else "search" if sweep.guided else "sweep"
            found.append(UnfinishedSweep(sweep.name, done, sweep.asked, sort))
    return tuple(found)


def new_sweep(
    runs: Path,
    name: str,
    base: dict[str, Any],
    over: dict[str, list[Any]],
    members: Sequence[tuple[str, dict[str, Any]]],
    **others: Any,
) -> SweepFile:
    """A sweep called `name`, or `name-2` … when that is taken, with a free name for the run of each member.

    `others` are further fields of the file. Nothing is written yet.
    """
    name = next(free for free in _numbered(clean_name(name)) if not (runs / f"{free}{ENDING}").exists())
    taken: dict[str, SweepMember] = {}
    for member, changes in members:
        planned = _planned(runs, name, member, changes, taken)
        taken[planned.run] = planned
    return SweepFile(runs / f"{name}{ENDING}", base, over, tuple(taken.values()), **others)


def _planned(
    runs: Path, sweep: str, member: str, changes: dict[str, Any], taken: Collection[str]
) -> SweepMember:
    """A member with a name for its run that no other has."""
    wanted = _numbered(clean_name(f"{sweep}-{member}"))
    run = next(free for free in wanted if free not in taken and not (runs / free).exists())
    return SweepMember(member, run, changes)


def read_sweep(path: Path) -> SweepFile:
    """The sweep in a file. Raises RunError when the file is damaged."""
    try:
        return _checked(built(SweepFile, {**SWEEPS.read(path), "path": path}))
    except NewerFile as error:
        raise RunError(error.said) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError("sweep.damaged", file=path, fault=error) from error


def _checked(sweep: SweepFile) -> SweepFile:
    """The sweep, if it could be one. Raises ValueError."""
    if not (sweep.members and all(isinstance(values, list) for values in sweep.over.values())):
        raise Unusable("sweep.names_no_runs")
    datetime.fromisoformat(sweep.created)
    return sweep


def sweeps(runs: Path) -> list[SweepFile]:
    """Every readable sweep in the folder of the runs, newest first; a damaged one is left out."""
    found = []
    for path in runs.glob(f"*{ENDING}"):
        with contextlib.suppress(RunError):
            found.append(read_sweep(path))
    return sorted(found, key=lambda sweep: sweep.created, reverse=True)


def damaged_sweeps(runs: Path) -> list[str]:
    """Why each damaged sweep in the folder of the runs cannot be read."""
    found = []
    for path in sorted(runs.glob(f"*{ENDING}")):
        try:
            read_sweep(path)
        except RunError as error:
            found.append(str(error))
    return found


def find_sweep(runs: Path, name: str) -> SweepFile:
    """The sweep called `name`. Raises RunMissing naming the sweeps there are."""
    path = runs / f"{name}{ENDING}"
    if path.is_file():
        return read_sweep(path)
    names = [sweep.name for sweep in sweeps(runs)[:5]]
    damaged = "".join(f" {sentence}" for sentence in damaged_sweeps(runs))
    if names:
        raise RunMissing("sweep.others", name=name, names=", ".join(names), damaged=damaged)
    raise RunMissing("sweep.none_yet", name=name, damaged=damaged)


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in itertools.count(2):
        yield f"{name}-{number}"
