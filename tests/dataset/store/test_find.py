"""Filter, search and sort give the numbers that a look at every row gives."""

from __future__ import annotations

import json

import pytest

from studio.dataset.store.check import BAD, WARNING
from studio.dataset.store.reader import Query, Store, finding
from studio.dataset.store.scanner import scan
from tests.conftest import finish

LONG = "word " * 40


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """3,000 rows in several stretches: every 7th cannot train, every 50th repeats its prompt."""
    folder = tmp_path_factory.mktemp("find")
    path = folder / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for n in range(3000):
            row: dict[str, object] = {"prompt": f"Ask {n}", "completion": f"{LONG}Ünd {n % 97} \n ende"}
            if n % 7 == 0:
                row["completion"] = n
            elif n % 50 == 0:
                row["completion"] = row["prompt"]
            file.write(json.dumps(row, ensure_ascii=n % 2 == 0) + "\n")
    list(scan(path, folder / "index"))
    return Store(path, folder / "index")


def find(store: Store, **asked: object) -> list[int]:
    return finish(finding(store, Query(**asked))).tolist()  # type: ignore[arg-type, no-any-return]


def test_a_filter_lets_through_the_rows_of_its_state(store: Store) -> None:
    assert len(store.parts) > 2
    rows = store.page(0, 3000)
    assert (
        find(store, state="bad") == [row.number for row in rows if row.state == BAD] == [*range(0, 3000, 7)]
    )
    assert find(store, state="warnings") == [row.number for row in rows if row.state == WARNING]
    assert len(find(store, state="all")) == 3000


def test_a_search_finds_beginnings_and_reasons_in_any_case(store: Store) -> None:
    assert find(store, search="ASK 29", state="good") == [
        n for n in range(3000) if str(n).startswith("29") and n % 7 and n % 50
    ]
    assert find(store, search="identical") == find(store, state="warnings")
    assert find(store, search="Ünd 5 ") == []


def test_a_search_of_whole_rows_finds_what_the_beginnings_do_not_hold_however_it_is_escaped(
    store: Store,
) -> None:
    expected = [n for n in range(3000) if n % 97 == 5 and n % 7 and n % 50]
    assert find(store, search="Ünd 5 \n", whole=True) == expected
    assert find(store, search="Ünd 5 (", whole=True) == []


def test_rows_are_sorted_by_length_and_stay_in_file_order_among_equals(store: Store) -> None:
    order = find(store, sort="characters", descending=True)
    shown = [(-row.characters, row.number) for row in store.rows_at(order)]
    assert shown == sorted(shown)
    assert find(store, sort="line", descending=True) == [*range(2999, -1, -1)]


def test_rows_are_had_in_the_order_in_which_they_are_asked_for(store: Store) -> None:
    asked = [2999, 0, 1500, 257, 256, 255, 0]
    assert [row.line for row in store.rows_at(asked)] == [number + 1 for number in asked]
