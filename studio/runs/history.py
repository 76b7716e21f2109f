"""What happened in a run, in columns of numbers; and the file that spares reading its journal again.

A journal of 500,000 steps has 200 MB of text. `.history` beside it keeps what was read, and proves by size
and by a checksum of their last bytes which lines that are: new ones are added to it. It is only a cache.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from studio import __version__
from studio.errors import RunError, StudioError
from studio.events import Ended, Event, Prepared, Probed, Rewards, Step, Validated, built, from_json, to_json
from studio.files import whole_bytes
from studio.runs.folder import RunFolder, is_damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

type Numbers = NDArray[np.float64]

STEP = {each.name: {"int": int, "float": float}[str(each.type)] for each in fields(Step)}
"""The fields of a step, which are the columns of `RunHistory.steps`, and their types."""
REWARDS = tuple(each.name for each in fields(Rewards) if each.name != "part")
"""The columns of `RunHistory.rewards`."""
SMALL = 2**18
"""A journal of fewer bytes is read as quickly as what would be kept of it."""
GROWN = 0.05
"""By this share a journal has grown before what is kept of it is written again."""
_TAIL = 4096
_NAMES, _TYPES = tuple(STEP), tuple(STEP.values())


@dataclass(frozen=True, eq=False)
class RunHistory:
    """All that happened in a run: what a resume repeated, once.

    `steps` has a row for each step, and `rewards` for each step's rewards, with their fields as columns.
    `events` are all others, oldest first; `damaged` the numbers of lines that cannot be read; `ended` whether
    the last word was that it ended.
    """

    steps: Numbers
    rewards: Numbers
    events: tuple[Event, ...] = ()
    damaged: tuple[int, ...] = ()
    ended: bool = False

    @classmethod
    def of(cls, events: Iterable[Event] = ()) -> RunHistory:
        """The history that these events are."""
        reading = _Reading()
        for event in events:
            reading.add(event)
        return reading.history()

    def column(self, name: str) -> Numbers:
        """One figure of every step, by the name of its field."""
        return self.steps[:, _NAMES.index(name)]

    def reward(self, name: str) -> Numbers:
        """One figure of every step's rewards."""
        return self.rewards[:, REWARDS.index(name)]

    def all_of[T: Event](self, kind: type[T]) -> list[T]:
        """The events of a kind, but for steps and their rewards."""
        return [event for event in self.events if isinstance(event, kind)]

    def once[T: (Probed, Rewards)](self, kind: type[T]) -> list[T]:
        """The same, without what came after a checkpoint from which the run then went on."""
        kept: dict[int, T] = {}
        for event in self.events:
            if isinstance(event, Prepared):
                kept = {step: old for step, old in kept.items() if step < event.first_step}
            elif isinstance(event, kind):
                kept[event.step] = event
        return list(kept.values())

    @property
    def planned(self) -> int:
        """The step that the run is to end with; 0 before that is known."""
        return next((event.steps for event in reversed(self.events) if isinstance(event, Prepared)), 0)

    @property
    def last_step(self) -> Step | None:
        if not len(self.steps):
            return None
        return built(
            Step, {name: STEP[name](value) for name, value in zip(STEP, self.steps[-1], strict=True)}
        )

    @property
    def last_rewards(self) -> Rewards | None:
        """Those of the last step that told of some."""
        if not len(self.rewards):
            return None
        values = dict(zip(REWARDS, self.rewards[-1].tolist(), strict=True))
        return Rewards(**{**values, "step": int(values["step"]), "pairs": int(values["pairs"])}, part="train")


class _Rows:
    """Rows of numbers that begin with a step: those known already, and those just read."""

    def __init__(self, width: int) -> None:
        import numpy as np  # the window starts without it

        self.known: Numbers = np.empty((0, width))
        self.new: list[tuple[float, ...]] = []

    def all(self) -> Numbers:
        import numpy as np

        if self.new:
            self.known = np.concatenate([self.known, np.array(self.new, np.float64)])
            self.new = []
        return self.known

    def cut(self, step: int) -> None:
        """Forget what was told of this step and later ones."""
        rows = self.all()
        self.known = rows[rows[:, 0] < step]


@dataclass
class _Reading:
    """What the first `size` bytes of a journal say, which are `lines` whole lines."""

    steps: _Rows = field(default_factory=lambda: _Rows(len(STEP)))
    rewards: _Rows = field(default_factory=lambda: _Rows(len(REWARDS)))
    events: list[Event] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    lines: int = 0
    size: int = 0
    ended: bool = False

    def history(self) -> RunHistory:
        events, damaged = tuple(self.events), tuple(self.damaged)
        rows = _each_once(self.steps.all()), _each_once(self.rewards.all())
        return RunHistory(*rows, events, damaged, self.ended)

    def go_on(self, journal: IO[bytes]) -> bytes:
        """Take in the lines from here on; what comes after the last whole one is given back."""
        for line in journal:
            if not line.endswith(b"\n"):
                return line
            self.size += len(line)
            self.take(line)
        return b""

    def take(self, line: bytes) -> None:
        """Take in one line. Damage, lines cut short and unknown kinds are left out."""
        self.lines += 1
        text = line.decode("utf-8", "replace").strip("\r\n")
        try:
            found = json.loads(text)
            if (row := _step(found)) is not None:
                self.steps.new.append(row)
                self.ended = False
            else:
                self.add(from_json(text))
        except (ValueError, RecursionError, OverflowError):
            if is_damaged(text):
                self.damaged.append(self.lines)

    def add(self, event: Event) -> None:
        """Take in one event."""
        self.ended = isinstance(event, Ended)
        match event:
            case Step():
                self.steps.new.append(tuple(float(getattr(event, name)) for name in STEP))
                return
            case Rewards(part="train"):
                self.rewards.new.append(tuple(float(getattr(event, name)) for name in REWARDS))
                return
            case Prepared():
                self.steps.cut(event.first_step)
                self.rewards.cut(event.first_step)
                self.events = [e for e in self.events if not _undone(e, event.first_step)]
            case Validated() if any(_same(e, event) for e in self.events):
                self.events = [e for e in self.events if not _same(e, event)]
        self.events.append(event)


def history_of(run: RunFolder) -> RunHistory:
    """All that happened in a run; quickly, where it was read before. Raises RunError when that fails."""
    journal = run.path / "events.jsonl"
    try:
        with journal.open("rb") as file:
            kept = _kept(run, journal)
            reading = kept or _Reading()
            known = reading.size
            file.seek(known)
            rest = reading.go_on(file)
    except FileNotFoundError:
        return RunHistory.of()
    except OSError as error:
        raise RunError("disk.unreadable", file=journal, fault=error.strerror or error) from error
    if reading.size > SMALL and reading.size - known > GROWN * known:
        _keep(run, journal, reading)
    if rest:
        reading.take(rest)
    return reading.history()


def stamp(file: Path) -> list[int]:
    """What changes whenever a file is written: its size, and when that was; nothing where there is none."""
    try:
        found = file.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]


def seal(header: Mapping[str, Any], *body: bytes) -> bytes:
    """A file that tells whether it is damaged: a checksum, a line that describes it, and its body."""
    content = b"".join((json.dumps({"version": __version__, **header}).encode(), b"\n", *body))
    return blake2b(content, digest_size=16).hexdigest().encode() + b"\n" + content


def unseal(file: Path) -> tuple[dict[str, Any], memoryview] | None:
    """The header and body of such a file; None where it is damaged, missing, or of another version."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    checksum, _, rest = content.partition(b"\n")
    if blake2b(rest, digest_size=16).hexdigest().encode() != checksum:
        return None
    end = rest.index(b"\n")
    header = json.loads(rest[:end])
    return (header, memoryview(rest)[end + 1 :]) if header["version"] == __version__ else None


def put(file: Path, content: bytes) -> None:
    """Keep what can be made anew; a disk that refuses it is no reason to fail."""
    with contextlib.suppress(OSError, StudioError), whole_bytes(file) as out:
        out.write(content)


def _file(run: RunFolder) -> Path:
    return run.path / ".history"


def _keep(run: RunFolder, journal: Path, reading: _Reading) -> None:
    events = "\n".join(map(to_json, reading.events)).encode("utf-8", "surrogatepass")
    header = {
        "size": reading.size,
        "modified": stamp(journal),
        "tail": _tail(journal, reading.size),
        "lines": reading.lines,
        "damaged": reading.damaged,
        "ended": reading.ended,
        "columns": [_NAMES, REWARDS],
        "rows": [len(reading.steps.all()), len(reading.rewards.all())],
    }
    numbers = (rows.all().astype("<f8").tobytes() for rows in (reading.steps, reading.rewards))
    put(_file(run), seal(header, *numbers, events))


def _kept(run: RunFolder, journal: Path) -> _Reading | None:
    """What was read of the journal before, if the journal still begins like that."""
    now = stamp(journal)
    if now[0] <= SMALL or (found := unseal(_file(run))) is None:
        return None
    import numpy as np

    header, body = found
    if header["columns"] != [list(_NAMES), list(REWARDS)] or not _begins(journal, now, header):
        return None
    plain = {name: header[name] for name in ("lines", "size", "damaged", "ended")}
    reading = _Reading(**plain)
    start = 0
    for rows, count in zip((reading.steps, reading.rewards), header["rows"], strict=True):
        width = rows.known.shape[1]
        numbers = np.frombuffer(body, "<f8", count * width, start)
        rows.known = numbers.reshape(count, width).astype(np.float64)
        start += numbers.nbytes
    text = bytes(body[start:]).decode("utf-8", "surrogatepass")
    reading.events = [from_json(line) for line in text.split("\n") if line]
    return reading


def _begins(journal: Path, now: list[int], header: dict[str, Any]) -> bool:
    """Whether the journal is the one that was read, or has only grown since."""
    if now[0] <= header["modified"][0]:
        return bool(now == header["modified"])
    return bool(_tail(journal, header["size"]) == header["tail"])


def _tail(journal: Path, size: int) -> str:
    """A checksum of the last bytes before `size`."""
    with journal.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        return blake2b(file.read(min(size, _TAIL)), digest_size=16).hexdigest()


def _step(found: Any) -> tuple[float, ...] | None:
    """The row of a step that is as it is written now; others are read with more care."""
    if not isinstance(found, dict) or found.get("kind") != "Step":
        return None
    values = [found.get(name) for name in _NAMES]
    return tuple(map(float, values)) if tuple(map(type, values)) == _TYPES else None  # type: ignore[arg-type]


def _each_once(rows: Numbers) -> Numbers:
    """The rows in the order of their steps; of those of one step, the last."""
    import numpy as np

    if (rows[1:, 0] > rows[:-1, 0]).all():
        return rows
    return rows[::-1][np.unique(rows[::-1, 0], return_index=True)[1]]


def _undone(event: Event, first_step: int) -> bool:
    """Whether a resume from `first_step` makes `event` void: it happened after the checkpoint."""
    return isinstance(event, Ended) or (isinstance(event, Validated) and event.step >= first_step)


def _same(event: Event, other: Validated) -> bool:
    return isinstance(event, Validated) and event.step == other.step
