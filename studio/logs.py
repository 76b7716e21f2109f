"""Two logs on this Mac: one for the person, without keys, and one for reports, without anything of theirs.

Both are files that are begun anew when they are full, so that they never fill the disk. The children that
the window starts write to its logs, through it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from studio.catalogue import Phrase
from studio.errors import StudioError
from studio.paths import Paths
from studio.process import secrets
from studio.words import redacted, visible, without_keys

STYLE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_BYTES, KEPT = 1_000_000, 4
"""So large a log may become, and so many earlier ones are kept."""
REPORT_BYTES = 200_000

ELIDED = "…"
"""What stands in a report for what may be the person's."""


def keep_logs(paths: Paths) -> None:
    """Log to files: a bundled app has no terminal, and libraries print where nobody looks."""
    if sys.stderr is None:
        sys.stderr = sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for good
    handlers: list[logging.Handler]
    try:
        paths.log.parent.mkdir(parents=True, exist_ok=True)
        handlers = [_rotating(paths.log, LOG_BYTES, KEPT), _rotating(paths.report_log, REPORT_BYTES, 1)]
        handlers[1].setFormatter(Anonymous(STYLE))
    except OSError:
        handlers = [logging.StreamHandler()]
    handlers[0].setFormatter(WithoutKeys(STYLE))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in handlers:
        root.addHandler(handler)


def _rotating(file: Path, size: int, kept: int) -> RotatingFileHandler:
    return RotatingFileHandler(file, maxBytes=size, backupCount=kept, encoding="utf-8", errors="replace")


def clean(text: str) -> str:
    """Words for a log: without keys, known or by their look, and with what a terminal obeys spelled out."""
    return visible(without_keys(redacted(text, *secrets())))


class WithoutKeys(logging.Formatter):
    """Takes keys out of all that is written, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class Anonymous(logging.Formatter):
    """Writes what happened where, and nothing of the person's: no prompt, no data, no name, no path.

    Of what is filled into a message only numbers and codes of the catalogue remain, and of an error its kind
    and where it came from. A record may bring what is to be written as `anonymous`.
    """

    def format(self, record: logging.LogRecord) -> str:
        told = getattr(record, "anonymous", None) or _told(record)
        copy = logging.makeLogRecord({**record.__dict__, "msg": told, "args": (), "exc_info": None})
        copy.exc_text = copy.stack_info = None
        lines = [super().format(copy)]
        if record.exc_info and record.exc_info[1] is not None:
            lines += places(record.exc_info[1])
        return "\n".join(lines)


def _told(record: logging.LogRecord) -> str:
    """The message, with what is filled in elided."""
    if not record.name.startswith("studio") or not isinstance(record.msg, str):
        return ELIDED
    if not record.args:
        return record.msg  # which is a constant in our code
    template = record.msg
    values = record.args if isinstance(record.args, tuple) else (record.args,)
    try:
        return re.sub(r"%[-#0-9.+]*[a-zA-Z]", "%s", template) % tuple(_harmless(each) for each in values)
    except (TypeError, ValueError):
        return ELIDED


def _harmless(value: object) -> str:
    match value:
        case bool() | int() | float():
            return str(value)
        case Phrase():
            return f"<{value.code}>"
        case StudioError():
            return f"<{value.code or type(value).__name__}>"
        case BaseException():
            return f"<{type(value).__name__}>"
        case _:
            return ELIDED


def places(error: BaseException) -> Iterator[str]:
    """Kinds of an error and of those it came of, and where in our code and that of libraries."""
    for each in _chain(error):
        yield f"  {type(each).__module__}.{type(each).__name__} {_harmless(each)}"
        for frame in traceback.extract_tb(each.__traceback__):
            yield f'    File "{short(frame.filename)}", line {frame.lineno} in {frame.name}'


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    seen: list[BaseException] = []
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__


def short(file: str) -> str:
    """The path of a source file without the folders of this Mac that it lies in."""
    for mark in ("/site-packages/", "/lib-dynload/"):
        if mark in file:
            return file.rpartition(mark)[2]
    ours = file.rfind("/studio/")
    if ours >= 0:
        return file[ours + 1 :]
    version = re.search(r"/python3\.\d+/", file)
    return file[version.end() :] if version else Path(file).name


_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+|\?\?\?) in (?P<name>[\w<>.]+)$')
_STACK = re.compile(
    r"^(?:Fatal Python error: [\w .:-]{1,80}|(?:Current thread|Thread) 0x[0-9a-f]+(?: \[[\w-]*\])?"
    r" \(most recent call first\):|Current thread's C stack trace.*|  <no Python frame>|  \.\.\."
    r"|Extension modules: .*|Garbage-collecting|  Binary file \"[^\"]*\", at [^\s]* \[0x[0-9a-f]+\])$"
)
_OF_LOG = re.compile(r"^(?P<level>[A-Z]{4,8}) (?P<name>[\w.]+): ")


def anonymous(line: str) -> str:
    """A line of a child's standard error: a stack by its places, a line of its log by its head."""
    if found := _FRAME.match(line):
        return f'  File "{short(found["file"])}", line {found["line"]} in {found["name"]}'
    if line.startswith("Extension modules:"):
        return "Extension modules: …"
    if _STACK.match(line):
        return line
    if found := _OF_LOG.match(line):
        return f"{found['level']} {found['name']}: {ELIDED}"
    return ELIDED


def hearing(name: str, hear: Callable[[str], None] = lambda line: None) -> Callable[[str], None]:
    """What takes the lines of a child's standard error into the logs, under a name, and on to `hear`."""
    log = logging.getLogger(name)

    def keep(line: str) -> None:
        hear(line)
        log.info("%s", line, extra={"anonymous": anonymous(line)})

    return keep
