"""Logs never fill the disk and hold no key; what goes into a report holds nothing of the person's."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import logs, paths
from studio.catalogue import phrase
from studio.errors import ModelError
from studio.generate.keys import checked
from studio.logs import anonymous, clean, hearing, keep_logs
from studio.paths import Paths

KEYS = {
    "HF_TOKEN": "hf_" + "PlantedTokenOfTheHub",
    "STUDIO_SERVER_KEY": "planted-server-key",
    "STUDIO_SERVE_KEY": "planted-key-of-ours",
    "WANDB_API_KEY": "0123456789abcdef0123456789abcdef01234567",
}
TYPED = "typed-planted-key"
PROMPT = "The planted prompt of a person"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """The logs of a window, with all keys in use."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    checked(TYPED)
    root = logging.getLogger()
    before, level, muted = list(root.handlers), root.level, root.manager.disable
    logging.disable(logging.NOTSET)  # which a command line in the same process may have raised
    for size in ("LOG_BYTES", "REPORT_BYTES"):
        monkeypatch.setattr(logs, size, 50_000)
    keep_logs(Paths.under(tmp_path))
    yield Paths.under(tmp_path)
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    logging.disable(muted)


def write(name: str = "studio.jobs.perform") -> None:
    log = logging.getLogger(name)
    for key in (*KEYS.values(), TYPED):
        log.info("%s: Authorization: Bearer %s", PROMPT, key)
        hearing(name)(f"ERROR studio.train: {PROMPT} {key}")
        try:
            int(f"{PROMPT} {key}")
        except ValueError:
            log.exception("%s failed", PROMPT)
    log.error("%s: %s", PROMPT, phrase("hub.gated", name=PROMPT, page="a"))
    log.error("%s in step %d", ModelError("weights.empty", file=PROMPT), 7)
    logging.getLogger("httpx").info("GET /%s", PROMPT)


def test_no_key_of_any_kind_is_in_a_log_and_no_prompt_in_that_for_reports(home: Paths) -> None:
    write()
    log, report = home.log.read_text(), home.report_log.read_text()
    for key in (*KEYS.values(), TYPED):
        assert key not in log + report
        assert key[:8] not in log + report
    assert PROMPT in log  # which is the person's own
    assert PROMPT not in report
    assert "planted" not in report
    assert "ValueError" in report
    assert 'File "tests/' not in report
    assert "<hub.gated>" in report
    assert "<weights.empty> in step 7" in report
    assert "ERROR studio.train: …" in report


@pytest.mark.parametrize(
    "said",
    [
        "token=abcdefgh1234",
        '{"api_key": "abcdefgh1234"}',
        "Authorization: Bearer abcdefgh1234",
        "https://me:abcdefgh1234@host/v1",
        "hf_abcdefgh1234567890",
        "sk-proj-abcdefgh1234567890",
        "password: abcdefgh1234",
        "wandb_v1_abcdefgh1234567890",
    ],
)
def test_what_looks_like_a_key_is_taken_out_though_nobody_knows_it(said: str) -> None:
    assert "abcdefgh1234" not in clean(said)


def test_ordinary_words_stay() -> None:
    said = "step 3: 512 tokens, the tokenizer's secret is https://huggingface.co/a, skill-of-many-words"
    assert clean(said) == said


def test_full_logs_are_begun_anew_and_few_are_kept(home: Paths) -> None:
    log = logging.getLogger("studio.full")
    for _ in range(60):
        log.info("%s", "x" * 10_000)
    kept = sorted(home.home.glob("studio.log*"))
    assert len(kept) == 1 + logs.KEPT
    assert all(file.stat().st_size <= logs.LOG_BYTES for file in kept)
    assert sum(file.stat().st_size for file in home.home.glob("report.log*")) <= 2 * logs.REPORT_BYTES


def test_of_a_stack_the_places_stay_without_the_folders_of_this_mac() -> None:
    lines = {
        "Fatal Python error: Segmentation fault": "Fatal Python error: Segmentation fault",
        "Thread 0x00007f (most recent call first):": "Thread 0x00007f (most recent call first):",
        '  File "/Users/Ann Example/app/studio/train/loop.py", line 7 in steps': (
            '  File "studio/train/loop.py", line 7 in steps'
        ),
        '  File "/Users/Ann/.venv/lib/python3.12/site-packages/mlx/nn/a.py", line 9 in f': (
            '  File "mlx/nn/a.py", line 9 in f'
        ),
        "INFO studio.jobs.perform: the person's words": "INFO studio.jobs.perform: …",
        "the person's words": "…",
    }
    assert {line: anonymous(line) for line in lines} == lines


def test_on_a_mac_the_logs_lie_where_console_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STUDIO_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(paths.platformdirs, "user_log_dir", lambda *_, **__: "/Users/a/Library/Logs/T")
    assert Paths.for_user().log == Path("/Users/a/Library/Logs/T/studio.log")
    assert Paths.under(tmp_path).log == tmp_path / "studio.log"


def test_a_home_that_may_not_be_written_keeps_no_window_from_opening(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    root = logging.getLogger()
    before = list(root.handlers)
    keep_logs(Paths.under(tmp_path / "file"))
    (added,) = [each for each in root.handlers if each not in before]
    root.removeHandler(added)
    assert isinstance(added, logging.StreamHandler)
