"""What runs on GitHub runs what was read: pinned actions, few permissions, an end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.yml"))


def jobs(workflow: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_and_say_their_release(workflow: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", workflow.read_text(encoding="utf-8"))
    assert used
    for action, comment in used:
        if action.startswith("./"):
            assert (workflow.parents[2] / action).is_file()
        else:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_may_read_alone_and_end_within_the_hour(workflow: Path) -> None:
    whole = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert whole["permissions"] == {"contents": "read"}
    for name, job in whole["jobs"].items():
        assert job.get("permissions") in (None, {"contents": "write"} if name == "release" else None)
        assert "uses" in job or job["timeout-minutes"] <= 60


def test_the_suite_runs_on_every_system_that_we_say_we_run_on() -> None:
    (ci,) = (path for path in WORKFLOWS if path.stem == "ci")
    assert jobs(ci)["test"]["strategy"]["matrix"]["os"] == ["macos-15", "macos-26", "ubuntu-24.04"]
