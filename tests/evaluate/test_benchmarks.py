"""Benchmarks by lm-evaluation-harness: its own figures, without torch, the network or git."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.evaluate.benchmarks.named import BENCHMARKS, task_folders, title_of
from studio.evaluate.benchmarks.replies import ReplyBook, numbered, replying, sampling_of
from studio.evaluate.benchmarks.rows import RowSource
from studio.generate.contestant import Contestant, OpenContestant
from tests.conftest import finish, refused
from tests.evaluate.benchmark_rows import SHOTS, benchmark_rows, write_benchmark_rows
from tests.hub.server import Hub, hub_server
from tests.oracles.make_benchmarks import FIXTURE, LONGEST, PAIRS, PROMPTS, TEXTS, text_of

LIKELIHOODS = "loglikelihood"
ROOT = Path(__file__).parents[2]
ORACLE = json.loads(FIXTURE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def base(starter: Path) -> OpenContestant:
    return opened(starter / "model")


def opened(folder: Path, longest: int = 0) -> OpenContestant:
    """The model in a folder, as a contestant."""
    from studio.dataset.render.render import Renderer
    from studio.models.cache import ModelCache
    from studio.train.prepare import limits_of

    model = ModelCache().open(folder)
    model.module.eval()
    limits = limits_of(model.config, model.tokenizer)
    renderer = Renderer(model.tokenizer, limits=replace(limits, context=longest or limits.context))
    return OpenContestant(
        Contestant(),
        model.module,
        model.tokenizer,
        renderer,
        model.config,
        folder,
        folder.name,
        model.weights,
        lambda: model.module,
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_benchmark_rows(tmp_path_factory.mktemp("benchmarks") / "rows")


@pytest.fixture
def harness() -> None:
    pytest.importorskip("lm_eval", reason="`make test-long` installs it")


@pytest.mark.usefixtures("harness")
@pytest.mark.long
def test_likelihoods_perplexities_and_answers_are_those_of_the_harness_own_class(starter: Path) -> None:
    from lm_eval.api.instance import Instance

    from studio.evaluate.benchmarks.harness import ContestantModel

    def asked(kind: str, *arguments: Any) -> Instance:
        return Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=("", 0, 1))

    model, theirs = ContestantModel(opened(starter / "model", LONGEST)), ORACLE["requests"]
    pairs = model.loglikelihood([asked(LIKELIHOODS, text_of(told), wanted) for told, wanted in PAIRS])
    assert [value for value, _ in pairs] == pytest.approx([v for v, _ in theirs[LIKELIHOODS]], abs=1e-4)
    assert [greedy for _, greedy in pairs] == [greedy for _, greedy in theirs[LIKELIHOODS]]
    texts = model.loglikelihood_rolling([asked("loglikelihood_rolling", text_of(told)) for told in TEXTS])
    assert texts == pytest.approx(theirs["loglikelihood_rolling"], abs=1e-3)
    answers = model.generate_until([asked("generate_until", text_of(t), how) for t, how in PROMPTS])
    assert answers == theirs["generate_until"]


@pytest.mark.usefixtures("harness")
@pytest.mark.long
@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_every_task_is_asked_and_scored_as_the_harness_does_from_beginning_to_end(
    base: OpenContestant, rows: Path, chat: bool
) -> None:
    from studio.evaluate.benchmarks.harness import TaskRequests, asking
    from studio.evaluate.benchmarks.tasks import load_tasks

    book, theirs = ReplyBook(), ORACLE["chat" if chat else "tasks"]
    for task in finish(load_tasks([*benchmark_rows()], RowSource(rows), SHOTS)):
        requests = TaskRequests(task, 0, chat)
        found = finish(asking(requests, base, book))
        told = {f"{metric},{name}": [*by_row.values()] for (metric, name), by_row in found.items()}
        replies = theirs[task.name].pop("replies")
        assert told == {name: pytest.approx(values, abs=1e-4) for name, values in theirs[task.name].items()}
        (made,) = requests.made.values()
        said = [book.reply(each) for each in numbered([(each.request_type, each.args) for each in made])]
        flat = [reply for row in replies for reply in row]
        assert [x if isinstance(x, str) else pytest.approx(x[0], abs=1e-4) for x in said] == flat


def test_what_the_harness_asks_of_a_model_has_its_own_figures_without_the_harness(starter: Path) -> None:
    model, book, theirs = opened(starter / "model", LONGEST), ReplyBook(), ORACLE["requests"][LIKELIHOODS]
    asked = numbered([(LIKELIHOODS, (text_of(told), wanted)) for told, wanted in PAIRS])
    done = list(replying(model, asked, book))
    assert (done[0], done[-1]) == (0, len(PAIRS))
    found = [book.reply(each) for each in asked]
    assert [value for value, _ in found] == pytest.approx([value for value, _ in theirs], abs=1e-4)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in theirs]


@pytest.mark.long
def test_replies_are_kept_as_they_come_and_never_asked_for_twice(
    base: OpenContestant, tmp_path: Path
) -> None:
    file = tmp_path / "benchmarks" / "base.jsonl"
    contexts = ("Greece is " * 30, *(f"The capital of {number}" for number in range(120)))
    asked = numbered([(LIKELIHOODS, (context, " Serbia")) for context in contexts])
    stopped = replying(base, asked, ReplyBook.at(file))
    assert next(stopped) == 0
    some = next(stopped)  # and then it is killed
    stopped.close()
    again = ReplyBook.at(file)
    assert 0 < some == len(again.known) < len(asked)
    assert next(replying(base, asked, again)) == some
    assert [*replying(base, asked, again)][-1] == len(asked)
    whole, fresh = ReplyBook.at(file), ReplyBook()
    assert [*replying(base, asked, fresh)][-1] == len(asked)
    assert [whole.reply(each)[0] for each in asked] == pytest.approx(
        [fresh.reply(each)[0] for each in asked], abs=1e-4
    )


def test_only_drawn_answers_are_asked_for_over_again() -> None:
    greedy, drawn = {"until": ["\n"]}, {"until": "\n", "do_sample": True, "temperature": 0.2, "max_tokens": 9}
    asked = numbered([("generate_until", ("Hello", how)) for how in (greedy, greedy, drawn, drawn)])
    assert [each.repeat for each in asked] == [0, 0, 0, 1]
    assert len({each.key for each in asked}) == 3
    sampling, stops = sampling_of(drawn)
    assert (sampling.temperature, sampling.max_tokens, sampling.stop, stops) == (0.2, 9, ("\n",), ("\n",))
    assert sampling_of(greedy)[0].is_greedy
    assert sampling_of({"max_gen_toks": 40, "until": None})[0].max_tokens == 40


def test_known_benchmarks_are_found_without_reading_every_description() -> None:
    assert [title_of(each.name) for each in BENCHMARKS] == [each.title for each in BENCHMARKS]
    assert title_of("mmlu_astronomy") == "mmlu_astronomy"
    folders = list(task_folders(["mmlu_astronomy", "arc_easy", "arc_challenge"], Path("/t")) or ())
    assert folders == [Path("/t/mmlu/default"), Path("/t/arc")]
    assert list(task_folders(["own/fruit.yaml"], Path("/t")) or ()) == [Path("own").resolve()]
    assert task_folders(["arc_easy", "piqa"], Path("/t")) is None


@pytest.mark.usefixtures("harness")
@pytest.mark.long
def test_a_group_is_asked_as_its_parts_and_a_task_of_ones_own_by_its_file(rows: Path, tmp_path: Path) -> None:
    from studio.evaluate.benchmarks.tasks import load_tasks

    fruit = [{"q": "An apple is", "a": "a fruit"}, {"q": "A trout is", "a": "a fish"}]
    (tmp_path / "fruit.jsonl").write_text("\n".join(map(json.dumps, fruit)))
    own = {
        "task": "fruit",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(tmp_path / "fruit.jsonl")}},
        "output_type": "multiple_choice",
        "test_split": "test",
        "doc_to_text": "{{q}}",
        "doc_to_choice": ["a fruit", "a fish"],
        "doc_to_target": "{{['a fruit', 'a fish'].index(a)}}",
        "metadata": {"version": 7},
    }
    file = tmp_path / "fruit.yaml"
    file.write_text(json.dumps(own))
    (mine,) = finish(load_tasks([str(file)], RowSource()))
    assert (mine.name, mine.shots, mine.version) == ("fruit", 0, "7")
    asked = [each.args for row in mine.requests(0, None) for each in row]
    assert asked[0] == ("An apple is", " a fruit")
    assert len(asked) == 4
    (tmp_path / "code.py").write_text(
        f"import os; os.mkdir({str(tmp_path / 'ran')!r})\ndef text(doc): return doc['q']\n"
    )
    file.write_text(json.dumps(own).replace('"{{q}}"', "!function code.text"))
    with refused("benchmark.own_code", file=file):
        finish(load_tasks([str(file)], RowSource()))
    assert not (tmp_path / "ran").exists()
    (mine,) = finish(load_tasks([str(file)], RowSource(), own_code=True))
    assert next(mine.requests(0, None))[0].args == asked[0]
    parts = ["mmlu_high_school_geography", "mmlu_world_religions"]
    with refused("benchmark.no_rows", task="mmlu_abstract_algebra"):
        finish(load_tasks(["mmlu_stem"], RowSource(rows)))
    loading = load_tasks(parts, RowSource(rows))
    assert [next(loading), next(loading)] == parts
    with refused("benchmark.unknown", task="no_such_task"):
        finish(load_tasks(["no_such_task"], RowSource(rows)))
    with refused("benchmark.no_file"):
        finish(load_tasks([str(tmp_path / "gone.yaml")], RowSource(rows)))
    import lm_eval.tasks

    code = Path(lm_eval.tasks.__file__).with_name("humaneval") / "humaneval.yaml"
    with refused("benchmark.runs_code", task="humaneval"):
        finish(load_tasks([str(code)], RowSource(rows)))
    (few,) = finish(load_tasks(["arc_easy"], RowSource(rows)))
    with refused("benchmark.shots", task="arc_easy", shots=25):
        next(few.requests(0, None))


WITHOUT = """
import socket, sys
from pathlib import Path

def refuse(*_):
    raise AssertionError("the network was asked")

socket.socket.connect = socket.getaddrinfo = refuse
from studio.evaluate.benchmarks.harness import TaskRequests, asking
from studio.evaluate.benchmarks.replies import ReplyBook
from studio.evaluate.benchmarks.rows import RowSource
from studio.evaluate.benchmarks.tasks import load_tasks
from studio.events import finished
from tests.evaluate.test_benchmarks import opened

base = opened(Path(sys.argv[1]))
(task,) = finished(load_tasks(["arc_easy"], RowSource(Path(sys.argv[2])), 1))
found = finished(asking(TaskRequests(task, 2, False), base, ReplyBook()))
print(len(found["acc", "none"]), *({"torch", "transformers.modeling_utils"} & set(sys.modules)))
"""


@pytest.mark.usefixtures("harness")
@pytest.mark.long
def test_neither_git_nor_the_network_nor_torch_is_asked(starter: Path, rows: Path, tmp_path: Path) -> None:
    called = tmp_path / "called"
    for name in ("git", "xcrun"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {called}\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    asked = [sys.executable, "-c", WITHOUT, str(starter / "model"), str(rows)]
    told = subprocess.run(asked, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.split()) == (0, ["2"]), told.stderr
    assert told.stderr == ""  # no progress bars either: progress is our own
    assert not called.exists()


def test_rows_that_are_not_here_are_named_and_nothing_is_fetched(tmp_path: Path) -> None:
    config = {"dataset_path": "allenai/winogrande", "dataset_name": "winogrande_xl"}
    with refused("benchmark.no_rows", task="winogrande", dataset="allenai/winogrande winogrande_xl"):
        RowSource().reader("winogrande", config)()
    (tmp_path / "winogrande").mkdir()
    with refused("benchmark.no_splits"):
        RowSource(tmp_path).reader("winogrande", config)()
    (tmp_path / "winogrande" / "test.jsonl").write_text("no row\n")
    with refused("benchmark.bad_rows"):
        RowSource(tmp_path).reader("winogrande", config)()
    (tmp_path / "winogrande" / "test.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    assert RowSource(tmp_path).reader("winogrande", config)()["test"][1] == {"a": 2}


def test_rows_that_were_fetched_before_are_read_again_without_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"sentence": "A _ swims."}\n')
    made = datasets.load_dataset("json", data_files={"validation": str(tmp_path / "rows.jsonl")})
    kept = Path(made["validation"].cache_files[0]["filename"]).parent
    told = (kept / "dataset_info.json").read_text()
    target = tmp_path / "allenai___winogrande" / "winogrande_xl" / "0.0.0" / kept.name
    target.parent.mkdir(parents=True)
    kept.rename(target)
    told = told.replace('"config_name": "default"', '"config_name": "winogrande_xl"')
    config = {"dataset_path": "allenai/winogrande", "dataset_name": "winogrande_xl"}
    (target / "dataset_info.json").write_text(told.replace('"json"', '"winogrande"'))
    for file in target.glob("json-*"):
        file.rename(target / file.name.replace("json-", "winogrande-"))
    rows = RowSource().reader("winogrande", config)()
    assert rows["validation"][0] == {"sentence": "A _ swims."}


FETCH = """
import sys
from studio.errors import DataError
from studio.evaluate.benchmarks.rows import RowSource

config = {"dataset_path": "user/toys", "dataset_name": None}
try:
    print(RowSource(download=sys.argv[1] == "fetch").reader("toys", config)()["test"][1]["prompt"])
except DataError as error:
    print(error.code)
"""


@pytest.mark.long
def test_rows_are_fetched_only_where_that_is_asked_for_and_then_are_here(tmp_path: Path) -> None:
    files = {"test.jsonl": b'{"prompt": "one"}\n{"prompt": "two"}\n'}

    def told(how: str, **around: str) -> str:
        environment = {**os.environ, "HF_HOME": str(tmp_path / "hf"), **around}
        asked = [sys.executable, "-P", "-c", FETCH, how]
        done = subprocess.run(asked, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    with hub_server(Hub("user/toys", files)) as hub:
        online = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0"}
        assert told("look", **online) == "benchmark.no_rows"
        assert told("fetch", **online) == "two"
    assert told("look") == "two"
