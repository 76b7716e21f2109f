"""Datasets from the Hub, by the real libraries, from a real server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import Phrase, phrase
from studio.dataset.hub.download import download
from studio.dataset.hub.wanted import Wanted, recognize, row_range
from studio.dataset.read.load import read
from studio.events import AccessWanted, Downloaded, Event, HubListed, Progress
from studio.hub.failure import HubError
from studio.jobs.hub import DownloadJob, LookUpJob
from tests.conftest import finish, refused
from tests.hub.server import COMMIT, Hub, hub_server

README = b"""---
configs:
- config_name: short
  data_files: [{split: train, path: train.jsonl}, {split: test, path: test.jsonl}]
- config_name: long
  data_files: [{split: train, path: big.jsonl}]
---
# Toys
"""


def rows(name: str, count: int, length: int = 1) -> bytes:
    lines = (
        json.dumps({"prompt": f"{name} {n}", "completion": f"answer {n} " * length}) for n in range(count)
    )
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A dataset with two subsets, of which one takes two pieces to download."""
    files = {
        "README.md": README,
        "train.jsonl": rows("train", 1500),
        "test.jsonl": rows("test", 20),
        "big.jsonl": rows("big", 900, 2500),
    }
    with hub_server(Hub("user/toys", files)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        yield hub


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("user/toys", Wanted("user/toys")),
        (" squad ", Wanted("squad")),
        ("user/toys@v1.0", Wanted("user/toys", revision="v1.0")),
        ("hf://datasets/user/toys@main", Wanted("user/toys", revision="main")),
        ("hf://user/toys/", Wanted("user/toys")),
        ("https://huggingface.co/datasets/user/toys", Wanted("user/toys")),
        ("huggingface.co/datasets/user/toys/tree/dev", Wanted("user/toys", revision="dev")),
        ("https://huggingface.co/datasets/user/toys/viewer/en/test?row=3", Wanted("user/toys", "en", "test")),
        ("https://huggingface.co/user/model", None),
        ("https://example.org/a.jsonl", None),
        ("/home/me/rows.jsonl", None),
        ("a/b/c", None),
        ("two words", None),
        ("", None),
    ],
)
def test_what_names_a_dataset(text: str, wanted: Wanted | None) -> None:
    assert recognize(text) == wanted


def test_ranges_of_rows() -> None:
    assert [row_range(text) for text in ("", "1,000", "500:1500", "10-20", "7:", ":5")] == [
        None,
        (0, 1000),
        (500, 1500),
        (10, 20),
        (7, None),
        (0, 5),
    ]
    wrong = {":": "no", "x": "no", "-": "no", "5:5": "empty", "9:3": "empty", "0": "empty"}
    for text, why in wrong.items():
        with refused(f"hub.{why}_range", HubError, text=text):
            row_range(text)


@pytest.mark.long
def test_a_split_arrives_whole_with_where_it_comes_from(hub: Hub, tmp_path: Path) -> None:
    job = DownloadJob(Wanted("user/toys", "short"), tmp_path / "hub")
    *before, last = job.run_events(None)
    assert isinstance(last, Downloaded)
    assert (last.subset, last.split, last.revision, last.rows) == ("short", "train", COMMIT, 1500)
    assert Progress("rows written", 1500, 1500) in before
    found = read(Path(last.path))
    assert [(r.prompt, r.answer.strip()) for r in found.records[:2]] == [
        ("train 0", "answer 0"),
        ("train 1", "answer 1"),
    ]
    assert len(found.records) == 1500
    provenance = json.loads((Path(last.path).parent / "provenance.json").read_text())
    assert (provenance["name"], provenance["revision"], provenance["split"]) == ("user/toys", COMMIT, "train")
    again = [event for event in job.run_events(None) if not isinstance(event, Progress)]
    assert again == [last]


@pytest.mark.long
def test_a_range_of_rows_is_all_that_is_kept(hub: Hub, tmp_path: Path) -> None:
    last = finish(download(Wanted("user/toys", "short", "test", (5, 9)), tmp_path / "hub"))
    assert [record.prompt for record in read(Path(last.path)).records] == [f"test {n}" for n in range(5, 9)]
    assert last.rows == 4


@pytest.mark.long
def test_what_there_is_not_is_said_with_what_there_is(hub: Hub, tmp_path: Path) -> None:
    toys, subsets, split = {"name": "user/toys"}, phrase("hub.subsets"), phrase("hub.split")
    there = {**toys, "kind": split, "asked": "validation", "names": "train, test"}
    expected = {
        Wanted("user/toys"): phrase("hub.several_parts", **toys, kinds=subsets, names="short, long"),
        Wanted("user/toys", "short", "validation"): phrase("hub.no_part", **there),
        Wanted("user/toys", "short", "test", (50, 60)): phrase("hub.no_rows"),
        Wanted("user/toy"): phrase("hub.no_dataset", name="user/toy"),
        Wanted("user/toys", revision="v9"): phrase("hub.no_revision", **toys, revision="v9"),
    }
    assert refusals(list(expected), tmp_path) == expected
    assert not (tmp_path / "hub").exists() or not list((tmp_path / "hub").rglob("*.parquet"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ((403, "GatedRepo"), "hub.gated"),
        ((403, ""), "hub.not_given"),
        ((500, ""), "hub.answers"),
        (None, "hub.out_of_reach"),
    ],
)
def test_a_hub_that_gives_nothing_is_explained(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: tuple[int, str] | None, code: str
) -> None:
    hub.fault = fault
    if fault is None:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    address = "http://127.0.0.1:9"
    values: dict[str, dict[str, Any]] = {
        "hub.gated": {"name": "user/toys", "page": f"{hub.url}/datasets/user/toys"},
        "hub.not_given": {"name": "user/toys"},
        "hub.answers": {"status": 500, "name": "user/toys"},
        "hub.out_of_reach": {"address": address},
    }
    asked = Wanted("user/toys")
    assert refusals([asked], tmp_path) == {asked: phrase(code, **values[code])}


def refusals(asked: list[Wanted], folder: Path) -> dict[Wanted, Phrase | None]:
    """Why each of these cannot be had, asked at the same time."""

    def ask(wanted: Wanted) -> Phrase | None:
        with pytest.raises(HubError) as raised:
            finish(download(wanted, folder / "hub"))
        return raised.value.phrase

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(asked, pool.map(ask, asked), strict=True))


@pytest.mark.long
def test_subsets_and_splits_are_looked_up_with_their_sizes(hub: Hub) -> None:
    *_, listed = LookUpJob(Wanted("user/toys")).run_events(None)
    assert isinstance(listed, HubListed)
    assert (listed.subsets, listed.subset, listed.revision) == (("short", "long"), "short", COMMIT)
    assert [(split.name, split.bytes) for split in listed.splits] == [
        ("train", len(hub.files["train.jsonl"])),
        ("test", len(hub.files["test.jsonl"])),
    ]


def test_where_access_is_missing_the_page_to_ask_at_is_told(hub: Hub) -> None:
    hub.fault = (403, "GatedRepo")
    told: list[Event] = []
    page = f"{hub.url}/datasets/user/toys"
    with refused("hub.gated", HubError, page=page) as raised:
        told.extend(LookUpJob(Wanted("user/toys")).run_events(None))
    assert told[-1] == AccessWanted(page)
    assert raised.value.page == page


@pytest.mark.long
def test_a_download_that_was_stopped_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.held = threading.Event()
    wanted = Wanted("user/toys", "long")
    events = download(wanted, tmp_path / "hub")
    for event in events:
        if event.what == "MB downloaded" and event.done >= 5:
            events.close()
    assert not list((tmp_path / "hub").rglob("*.parquet"))
    hub.held.set()
    last = finish(download(wanted, tmp_path / "hub"))
    assert last.rows == 900
    assert int(hub.ranges[0].removeprefix("bytes=").removesuffix("-")) >= 5 * 10**6
    assert not list((tmp_path / "hub" / ".parts").iterdir())
