"""Run folders: written whole, read back, held by one process, and honest about what happened."""

from __future__ import annotations

import errno
import json
import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from studio.catalogue import phrase
from studio.errors import DiskError, RunError, RunMissing
from studio.events import Ended, Log, Prepared, Step, Validated
from studio.files import NoTrash, whole_folder, write_text
from studio.runs import folder
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, summarize
from tests.conftest import TRASH, refused

RECIPE = {"recipe": {"model": "starter", "data": {"path": "/data/toy.jsonl"}}}


def prepared(first: int = 1) -> Prepared:
    return Prepared("starter", 1, 2, 3, 4, 5, steps=9, learning_rate=1e-3, first_step=first)


def step(n: int, loss: float = 1.0) -> Step:
    return Step(n, 9, n / 9, loss, 1e-3, 1.0, 10, 100.0, 1, 2, 3, float(n), 0.0)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", "toy", RECIPE)


def test_a_name_that_is_taken_gets_a_number(run: RunFolder, tmp_path: Path) -> None:
    again = RunFolder.create(tmp_path / "runs", "toy", RECIPE)
    assert (run.name, again.name) == ("toy", "toy-2")
    assert RunFolder.create(tmp_path / "runs", "../ü /x", RECIPE).path.parent == tmp_path / "runs"


def test_a_run_says_how_it_is_written_and_a_newer_one_is_named(run: RunFolder) -> None:
    manifest = run.manifest()
    assert manifest["format"] == 2
    write_text(run.path / "run.json", json.dumps({**manifest, "format": 3, "new": {}}))
    with pytest.raises(RunError, check=lambda error: error.code == "file.newer"):
        run.manifest()
    write_text(run.path / "run.json", json.dumps(RECIPE))  # as an earlier release wrote it
    assert run.manifest() == RECIPE


def test_a_bundle_without_the_note_of_a_version_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted(package: str) -> str:
        if package == "transformers":
            raise PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(folder, "version", noted)
    versions = RunFolder.create(tmp_path / "runs", "toy", RECIPE).manifest()["versions"]
    assert (versions["mlx"], versions["transformers"]) == ("1.0", "unknown")


def test_events_of_another_release_are_read_as_far_as_they_go(run: RunFolder) -> None:
    lines = (
        '{"kind": "Step", "step": 1, "loss": 2.0, "added_later": [1]}',
        '{"kind": "AddedLater", "step": 1}',
        '{"kind": "Validated", "step": 1, "loss": 1.5}',
    )
    write_text(run.path / "events.jsonl", "\n".join(lines) + "\n")
    run.append(step(2))
    assert [getattr(event, "loss", None) for event in run.events()] == [2.0, 1.5, 1.0]
    assert summarize(run).best_loss == 1.5


def test_a_deleted_run_is_in_the_trash(run: RunFolder, tmp_path: Path) -> None:
    run.append(step(1))
    kept = (run.path / "events.jsonl").read_text()
    RunStore(tmp_path / "runs").delete("toy")
    assert not run.path.exists()
    (found,) = [path for path in (TRASH / "Trash" / "files").glob("toy*") if path.is_dir()]
    assert (found / "events.jsonl").read_text() == kept
    shutil.rmtree(found)


def test_deleting_a_linked_run_leaves_what_it_leads_to(run: RunFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    run.path.rename(outside)
    (outside / "precious.txt").write_text("mine")
    run.path.symlink_to(outside)
    store = RunStore(tmp_path / "runs")
    assert [found.name for found in store.runs()] == ["toy"]
    for for_good in (False, True):
        store.delete("toy", for_good=for_good)
        assert not run.path.is_symlink()
        assert (outside / "precious.txt").read_text() == "mine"
        run.path.symlink_to(outside)
    (tmp_path / "runs" / "own").mkdir()
    (tmp_path / "runs" / "own" / "run.json").write_text(json.dumps(RECIPE))
    (tmp_path / "runs" / "own" / "checkpoints").symlink_to(outside)
    store.delete("own", for_good=True)
    assert (outside / "precious.txt").exists()


@pytest.mark.parametrize("name", ["../outside", "..", ".", "", "other/../toy", "nowhere", "notes"])
def test_only_a_run_of_the_store_is_deleted(name: str, run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "outside")
    (tmp_path / "runs" / "notes").mkdir()
    with pytest.raises(RunMissing):
        RunStore(tmp_path / "runs").delete(name)
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["notes", "toy"]
    assert (tmp_path / "outside" / "run.json").exists()


def test_where_there_is_no_trash_a_run_stays_until_it_is_deleted_for_good(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("send2trash.plat_other.HOMETRASH_B", bytes(run.path / "run.json"))  # a file
    store = RunStore(tmp_path / "runs")
    with pytest.raises(NoTrash, check=lambda error: error.code == "disk.no_trash"):
        store.delete("toy")
    assert run.manifest()["recipe"] == RECIPE["recipe"]
    store.delete("toy", for_good=True)
    assert store.runs() == []


def test_what_was_asked_is_written_before_anything_happens(run: RunFolder) -> None:
    manifest = json.loads((run.path / "run.json").read_text())
    assert manifest["recipe"] == RECIPE["recipe"]
    assert manifest["versions"]["mlx"]
    assert run.events() == []


def test_a_line_cut_short_by_a_crash_is_left_out(run: RunFolder) -> None:
    run.append(step(1))
    with (run.path / "events.jsonl").open("a") as file:
        file.write('{"kind": "Step", "step": 2, "lo')
    assert run.events() == [step(1)]


def test_steps_done_again_after_a_resume_count_once(run: RunFolder) -> None:
    for event in (
        prepared(),
        step(1),
        step(2),
        Validated(2, 1.0, 2.7, 9, True),
        step(3),
        Ended("failed", "x"),
    ):
        run.append(event)
    for event in (prepared(first=3), step(3, loss=0.5), Ended("done", "y")):
        run.append(event)
    kept = [e for e in run.events() if not isinstance(e, Prepared)]
    assert kept == [step(1), step(2), Validated(2, 1.0, 2.7, 9, True), step(3, loss=0.5), Ended("done", "y")]


def test_the_summary_says_how_a_run_stands(run: RunFolder) -> None:
    run.append(prepared())
    run.append(step(4))
    assert summarize(run).state == "interrupted"
    with run.held():
        assert summarize(run).state == "running"
    run.append(Validated(4, 0.7, 2.0, 9, True))
    run.append(Ended("stopped", "Stopped."))
    summary = summarize(run)
    assert (summary.state, summary.step, summary.steps, summary.best_loss) == ("stopped", 4, 9, 0.7)
    assert summary.resumable


def test_only_one_holds_a_run(run: RunFolder) -> None:
    with run.held(), pytest.raises(RunError, check=lambda error: error.code == "run.in_use"), run.held():
        pass
    with run.held():
        pass


def test_a_missing_run_is_answered_with_those_there_are(run: RunFolder, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    assert store.find("toy").path == run.path
    with refused("run.others", RunMissing, names="toy"):
        store.find("other")
    with pytest.raises(RunMissing, check=lambda error: error.code == "run.none_yet"):
        RunStore(tmp_path / "none").find("toy")


def test_a_damaged_manifest_is_named_and_listed_as_damaged(run: RunFolder, tmp_path: Path) -> None:
    (run.path / "run.json").write_text("{")
    with refused("disk.no_json", RunError, file=run.path / "run.json"):
        summarize(run)
    (listed,) = RunStore(tmp_path / "runs").summaries()
    assert (listed.name, listed.state) == ("toy", "damaged")


def test_a_folder_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "checkpoint"

    def fail_half_way() -> None:
        with whole_folder(target) as folder:
            (folder / "a").write_text("1")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
    for text in ("1", "2"):
        with whole_folder(target) as folder:
            (folder / "a").write_text(text)
    assert (target / "a").read_text() == "2"
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]


def test_a_full_disk_is_a_sentence_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.json"
    write_text(file, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskError, check=lambda error: error.code == "disk.full"):
        write_text(file, "new")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


def test_text_of_any_language_survives(run: RunFolder) -> None:
    said = [Log("Grüße, 你好"), Log("lines\u2028that\x85are none")]
    for event in said:
        run.append(event)
    assert run.events() == said


def test_what_happens_after_a_line_cut_short_is_not_lost(run: RunFolder) -> None:
    run.append(step(1))
    with (run.path / "events.jsonl").open("a") as file:
        file.write('{"kind": "Step", "step": 2, "lo')
    run.append(Ended("failed", "The disk is full."))
    assert run.events() == [step(1), Ended("failed", "The disk is full.")]


def test_holding_a_run_mends_what_a_crash_left_half_done(run: RunFolder) -> None:
    (run.path / ".adapter.old").mkdir()
    (run.path / ".adapter.old" / "adapters.safetensors").write_text("the best")
    (run.path / "checkpoints" / ".step-000003.tmp").mkdir(parents=True)
    (run.path / ".run.json.99.tmp").write_text("{")
    with run.held():
        assert (run.adapter / "adapters.safetensors").read_text() == "the best"
        left = [p.name for p in run.path.rglob(".*")]
    assert left == [".lock"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(DiskError, check=lambda error: error.code == "disk.file_there"):
        RunFolder.create(tmp_path / "home" / "runs", "toy", RECIPE)


def test_a_run_folder_that_is_taken_away_is_a_sentence(run: RunFolder) -> None:
    shutil.rmtree(run.path)
    with pytest.raises(DiskError, check=lambda error: error.code == "disk.folder_gone"):
        run.append(step(1))


@pytest.mark.parametrize(
    "said",
    [
        "hf_PlantedTokenOfTheHub",
        "sk-proj-PlantedTokenOfAServer",
        "https://ann:PlantedPassword@host/v1",
        "Authorization: Bearer PlantedBearer",
        "the PlantedInTheEnvironment key",
    ],
)
def test_no_key_is_in_what_a_run_says_of_itself(
    run: RunFolder, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SERVER_KEY", "PlantedInTheEnvironment")
    run.append(Log(f"A server refused {said}", "warning"))
    inside = phrase("disk.unreadable", file="a", fault=said)
    run.append(Ended("failed", phrase("checkpoint.damaged", folder="b", fault=inside)))
    told = [file.read_text() for file in run.path.iterdir() if file.is_file()]
    assert len(told) >= 3
    assert "Planted" not in " ".join(told)
    assert "A server refused" in " ".join(told)
    assert len(run.events()) == 2
