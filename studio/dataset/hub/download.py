"""The download of a part of a Hub dataset, and what there is to download, watched from outside."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from studio.dataset.hub.wanted import Wanted
from studio.events import Downloaded, HubListed, Progress, built
from studio.hub.child import messages
from studio.hub.failure import HubError
from studio.language import tr


def look_up(wanted: Wanted, token: str = "") -> Generator[Progress, None, HubListed]:
    """The subsets of a dataset, and the splits of the wanted or the first one. Raises HubError."""
    from studio.dataset.hub.listing import list_parts

    shown = Progress(tr("Looking up {name}", name=wanted.name), 0)
    yield shown
    with closing(messages(list_parts, wanted, token)) as received:
        for message in received:
            match message:
                case {"done": dict(facts)}:
                    return built(HubListed, facts)
            yield shown
    raise HubError("hub.not_looked_up", name=wanted.name)


def download(wanted: Wanted, under: Path, token: str = "") -> Generator[Progress, None, Downloaded]:
    """Bring a part of a dataset into a folder of its own below `under`, as Parquet with its provenance.

    Closing the generator ends the download; what was fetched stays, and the next one goes on from there.
    Raises HubError with what is wrong and what to do.
    """
    from studio.dataset.hub.fetch import fetch

    shown = Progress(tr("Looking up {name}", name=wanted.name), 0)
    yield shown
    arriving, total = None, 0
    with closing(messages(fetch, wanted, under, token)) as received:
        for message in received:
            match message:
                case {"done": dict(facts)}:
                    return built(Downloaded, facts)
                case {"arriving": str(folder), "bytes": int(total)}:
                    arriving = Path(folder)
                case {"rows": int(done), "of": of}:
                    arriving, shown = None, replace(shown, what="rows written", done=done, total=of)
            if arriving is not None:
                done = min(_size(arriving), total)
                shown = Progress(tr("MB downloaded"), done // 10**6, max(1, total // 10**6))
            yield shown
    raise HubError("hub.not_downloaded", name=wanted.name)


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
