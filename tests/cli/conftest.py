"""The command line, as it begins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studio.cli.terminal import CommonOptions, asked


@pytest.fixture(autouse=True)
def _nothing_asked() -> Iterator[None]:
    """No --home, --json or --debug of another test."""
    vars(asked).update(vars(CommonOptions()))
    yield
    vars(asked).update(vars(CommonOptions()))
