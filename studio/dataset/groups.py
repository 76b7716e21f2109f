"""Rows that belong together: on one side of a split, and never in a test of what the others teach.

Together are rows that ask the same or were made from one example; that belong to one conversation, which one
may begin and another go on with; that come from one document, as a column says; and that share a passage.
What very many rows share (a greeting, an instruction that begins every prompt, the name of a collection)
links none.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.dataset.number_column import NumberColumn, sorted_places
from studio.dataset.record import Message, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TALKS = ("conversation", "conv", "dialog", "dialogue", "thread", "session", "chat", "document", "doc")
_OTHERS = ("tree", "messagetree", "article", "passage", "context", "paper", "book", "page", "video", "group")
_MORE = ("parent", "file", "story", "case", "transcript", "episode")
SURE = frozenset(
    [
        *(f"{thing}{ending}" for thing in (*_TALKS, *_OTHERS, *_MORE) for ending in ("id", "uuid")),
        *(f"{thing}{ending}" for thing in _TALKS for ending in ("idx", "index", "number")),
    ]
)
"""Columns that name nothing else; here and below without capitals, spaces, dashes and underlines."""

TITLES = frozenset(
    [
        *("title", "doctitle", "documenttitle", "articletitle", "booktitle", "pagetitle", "papertitle"),
        *("docname", "documentname", "doc", "url", "sourceurl", "sourcefile", "conversationhash"),
    ]
)
"""Columns that name a document, if they do not say the same of nearly all rows."""

FILES = frozenset([*("file", "filename", "filepath", "path", "link", "sourcedocument", "group", "sourceid")])
"""Columns that name a document where not too many rows share a value."""

CONTEXTS = frozenset(["context", "passage", "document", "article", "paragraph", "excerpt"])
"""Columns that hold what a row is about, which is told by its hash."""

ID, SOURCE = "id", "source"
"""Columns that mostly name a row, or a whole collection, but sometimes a document."""

STEM, DOCUMENT = "stem", "sourcefile"

_NAMES = SURE | TITLES | FILES | {ID, SOURCE}
_SHORTEST = 15
"""Characters of a text that a row can be about."""
_DOCUMENT = re.compile(r"://|\.(?:pdf|txt|md|html?|docx?|odt|epub|rst|tex|pptx?|eml)\Z", re.IGNORECASE)
_PLAIN = re.compile(r"[\s_\-.]+")
_NUMBERED = re.compile(r"(.*[^\W\d])[\W_]*\d+\Z|(.+)[_\-#:/.]\d+\Z", re.DOTALL)


def origins_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What the row's columns say of its origin, each as a plain name and a hash: nothing of it can be read.

    Columns inside `meta` count as well. A source that is a document is a `sourcefile`; the `stem` is an id
    without the number of a part, as that of a conversation cut into `abc_0`, `abc_1`.
    """
    found = _found(fields)
    for name in ("meta", "metadata"):
        if isinstance(inner := fields.get(name), dict):
            found |= {key: value for key, value in _found(inner).items() if key not in found}
    if begun := _stem(found.get(ID, "")):
        found[STEM] = begun
    if _DOCUMENT.search(found.get(SOURCE, "")):
        found[DOCUMENT] = found.pop(SOURCE)
    return tuple(f"{name}={_hash(value)}" for name, value in found.items())


def name_of(origin: str) -> str:
    """The plain name of the column behind one of `origins_of`."""
    return origin.partition("=")[0]


def tells_origin(name: str) -> bool:
    """Whether a column of this name may say where a row comes from."""
    plain = _plain(name)
    return plain in _NAMES or plain in CONTEXTS or name.strip().lower() in ("meta", "metadata")


@lru_cache(1024)
def _plain_short(name: str) -> str:
    return _PLAIN.sub("", name).lower()


def _plain(name: str) -> str:
    return _plain_short(name) if len(name) <= 100 else _PLAIN.sub("", name).lower()


def _stem(value: str) -> str:
    match = _NUMBERED.match(value)
    return (match[1] or match[2]) if match else ""


def _found(fields: Mapping[str, Any]) -> dict[str, str]:
    plain = [(_plain(str(name)), value) for name, value in fields.items()]
    named = {name: text for name, value in plain if name in _NAMES and (text := _text(value))}
    about = {name: text for name, value in plain if name in CONTEXTS and (text := _about(value))}
    return named | about


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())


def _about(value: Any) -> str:
    text = " ".join(value.split()).casefold() if isinstance(value, str) else ""
    return text if len(text) >= _SHORTEST else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


BY_QUESTION, GROUPING = 1, 2
"""How the rows of releases before were grouped, by their question alone; and how they are now."""

_PASSAGE = 160
"""Characters from which a paragraph of what is asked, or of a plain text, is a passage that links."""

_CONTEXT = 40
"""The same of a text that stands in a column of its own beside the question."""

_EXCHANGE = 40
"""Characters of a question and its answer from which they tell one conversation from another."""

_BRANCHES = 4
"""Ways in which a conversation may go on, however many rows are in it."""

_SURE, _NAMED, _TITLE, _TURN, _WINDOW, _PASSAGES, _COLUMN, _FEW = range(8)


class _Link(NamedTuple):
    """Something that rows may share: of a conversation also how it goes on, and whether the row begins so."""

    kind: int
    text: str | int
    following: str = ""
    begins: bool = False


def grouped(records: Sequence[Record], grouping: int = GROUPING) -> list[list[Record]]:
    """The records in groups that belong together, in the order of their first rows.

    The groups do not depend on the order of the records.
    """
    if grouping == BY_QUESTION:
        groups: dict[str, list[Record]] = {}
        for record in records:
            groups.setdefault(record.group_key, []).append(record)
        return list(groups.values())
    links = Links()
    for record in records:
        links.add(record)
    together: dict[int, list[Record]] = {}
    for leader, record in zip(links.leaders().tolist(), records, strict=True):
        together.setdefault(leader, []).append(record)
    return list(together.values())


class Links:
    """What rows that come one by one share with others; a few numbers are kept of each.

    What they share is compared by its hash in this process: 64 bits, that no two things have by chance.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._keys, self._places, self._following = (NumberColumn("q") for _ in range(3))
        self._kinds, self._begins = NumberColumn("b"), NumberColumn("b")

    def add(self, record: Record) -> None:
        """The next row."""
        for link in dict.fromkeys(_links(record)):
            self._keys.append(hash((link.kind, link.text)))
            self._places.append(self._rows)
            self._kinds.append(link.kind)
            self._following.append(hash(link.following))
            self._begins.append(link.begins)
        self._rows += 1

    def leaders(self) -> NDArray[np.int64]:
        """For each row the place of the first row it belongs to: a forest with such roots (union-find)."""
        import numpy as np  # only where rows are divided

        above = array("q", range(self._rows))
        for rows in self._linked():
            roots = {_root(above, row) for row in rows}
            first = min(roots)
            for root in roots:
                above[root] = first
        leaders = np.array(above)
        while not np.array_equal(nearer := leaders[leaders], leaders):
            leaders = nearer
        return leaders

    def _linked(self) -> Iterator[list[int]]:
        """The rows that share something that links them."""
        import numpy as np

        keys, places, following = (c.numbers() for c in (self._keys, self._places, self._following))
        kinds, begins = self._kinds.numbers(), self._begins.numbers()
        for order in sorted_places(keys):
            edges = np.concatenate(([0], np.flatnonzero(np.diff(keys[order])) + 1, [len(order)]))
            several = np.flatnonzero(np.diff(edges) > 1)
            for start, end in zip(edges[several].tolist(), edges[several + 1].tolist(), strict=True):
                run = order[start:end]
                rows, kind = list(dict.fromkeys(places[run].tolist())), int(kinds[run[0]])
                ways = len(set(following[run].tolist()))
                cut_off = len(set(begins[run].tolist())) > 1  # one begins where another is in the middle
                linking = cut_off or kind != _WINDOW
                if linking and len(rows) > 1 and _counts(kind, len(rows), self._rows, ways):
                    yield rows


def _root(above: array[int], row: int) -> int:
    while above[row] != row:
        above[row] = above[above[row]]
        row = above[row]
    return row


def _counts(kind: int, rows: int, total: int, ways: int) -> bool:
    """Whether something that so many of all rows share links them."""
    if kind in (_SURE, _NAMED):
        return kind == _SURE or 10 * rows <= 9 * total  # a column that says the same of all rows says nothing
    few = 3 * rows <= total and rows <= 20
    if kind == _FEW:
        return few
    if 50 * rows <= total:
        return True
    if kind in (_TURN, _WINDOW):
        return few or ways <= _BRANCHES
    if kind == _TITLE:
        return rows <= 200 and 10 * rows <= 9 * total
    return 3 * rows <= total and rows <= 200


def _links(record: Record) -> Iterator[_Link]:
    yield _Link(_SURE, record.group_key)
    if record.made:  # its kin is that of the example it was made from
        yield _Link(_SURE, hashlib.sha256(record.question.encode()).hexdigest()[:16])
    for origin in record.origins:
        yield _Link(_kind(name_of(origin)), origin)
    yield from _of_turns([message for message in record.messages if message.role != "system"])
    for text, least in _passages(record):
        if len(text) >= least:
            yield _Link(_PASSAGES, text)


def _kind(name: str) -> int:
    """How an origin links rows, by the name of its column."""
    if name in SURE or name in TITLES:
        return _NAMED if name in SURE else _TITLE
    return _FEW if name in (SOURCE, STEM) else _COLUMN


def _of_turns(turns: Sequence[Message]) -> Iterator[_Link]:
    """What a conversation asks up to each of its answers, and each question with its answer.

    The latter tells a conversation whose beginning was cut off, where a row begins with it.
    """
    turn_texts = [f"{turn.role}\0{' '.join(turn.whole.split())}" for turn in turns]
    asked = 0
    for place, turn in enumerate(turns):
        if turn.role == "assistant" and place:
            yield _Link(_TURN, asked, "\0".join(turn_texts[place : place + 2]))
            exchange = f"{turn_texts[place - 1]}\0{turn_texts[place]}"
            if len(exchange) >= _EXCHANGE:
                yield _Link(_WINDOW, exchange, "".join(turn_texts[place + 1 : place + 2]), place == 1)
        asked = hash((asked, turn_texts[place]))


def _passages(record: Record) -> Iterator[tuple[str, int]]:
    """The paragraphs that a row is about, in plain words, with the length from which they count."""
    texts = [turn.content for turn in record.messages if turn.role in ("user", "tool")]
    for text in (*texts, record.text):
        yield from ((_collapsed(part), _PASSAGE) for part in text.splitlines() if len(part) >= _PASSAGE)
    yield from ((_collapsed(turn.input), _CONTEXT) for turn in record.messages if turn.input)


def _collapsed(text: str) -> str:
    return " ".join(text.split()).casefold()
