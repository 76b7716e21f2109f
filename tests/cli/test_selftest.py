"""The self-test does what it says, and fails when something is broken."""

from __future__ import annotations

import json

import pytest

from studio.cli.commands import run


def test_every_check_passes_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["selftest", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["passed"]
    assert len(document["checks"]) == 6
    assert "→" in next(c["detail"] for c in document["checks"] if c["name"].startswith("Train"))


def test_a_broken_part_is_named_and_the_rest_is_still_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no metallib")

    monkeypatch.setattr("studio.models.cache.load_lazily", broken)
    assert run(["selftest"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["ok  ", "ok  ", "FAIL", "FAIL", "FAIL", "ok  "]
    assert "no metallib" in lines[2]
