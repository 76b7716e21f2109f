"""The tasks of lm-evaluation-harness: found by name or file, with their rows, shots and requests."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lm_eval.tasks
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from studio.errors import DataError
from studio.evaluate.benchmarks.named import SEED, benchmark_of, is_file, task_folders
from studio.evaluate.benchmarks.rows import RowSource

logging.getLogger("lm_eval").setLevel(logging.ERROR)  # it tells of every default that it takes

type WriteChat = Callable[..., str]
"""(messages as role and content, add_generation_prompt) -> the text a model is given."""


@dataclass(frozen=True, eq=False)
class LoadedTask:
    """A task with its rows: `asked` is the name it was asked for by, of which it may be a part."""

    asked: str
    task: Any

    @property
    def name(self) -> str:
        return str(self.task.config.task)

    @property
    def shots(self) -> int:
        """Solved examples before each question."""
        return int(self.task.config.num_fewshot or 0)

    @property
    def version(self) -> str:
        """Of the task's description; figures of two versions are not alike."""
        return str((self.task.config.metadata or {}).get("version", self.task.VERSION))

    def requests(self, limit: int, template: WriteChat | None) -> Iterator[list[Any]]:
        """What is asked about each row, a row at a time: the first `limit` of them, or with 0 all.

        The examples in the prompt are drawn anew from the same seed, so every model is asked the same.
        """
        self.task.set_fewshot_seed(SEED)
        for number, doc in self.task.doc_iterator(limit=limit or None):
            context = self._context(doc, template)
            made = self.task.construct_requests(
                doc=doc,
                ctx=context,
                metadata=(self.name, number, self.task.config.repeats),
                apply_chat_template=template is not None,
                chat_template=template,
            )
            yield made if isinstance(made, list) else [made]

    def _context(self, doc: Any, template: WriteChat | None) -> Any:
        try:
            return self.task.fewshot_context(
                doc,
                num_fewshot=self.shots,
                apply_chat_template=template is not None,
                fewshot_as_multiturn=template is not None,
                chat_template=template,
                gen_prefix=self.task.doc_to_prefix(doc),
            )
        except ValueError as error:  # there are fewer rows to show than are asked for
            fault = str(error).splitlines()[0]
            raise DataError("benchmark.shots", task=self.name, shots=self.shots, fault=fault) from error

    def scored(
        self, requests: Sequence[Instance], replies: Sequence[Sequence[Any]]
    ) -> dict[tuple[str, str], dict[int, Any]]:
        """{(metric, filter): {row: what the task itself says of the replies}}.

        For each request there are as many replies as it is repeated.
        """
        for request, given in zip(requests, replies, strict=True):
            request.resps, request.filtered_resps = list(given), {}
        self.task._instances = list(requests)
        self.task.apply_filters()
        by_row: dict[int, list[Instance]] = {}
        for request in requests:
            by_row.setdefault(request.doc_id, []).append(request)
        found: dict[tuple[str, str], dict[int, Any]] = {}
        for row, asked in by_row.items():
            asked.sort(key=lambda request: request.idx)
            for name in asked[0].filtered_resps:
                given = [request.filtered_resps[name] for request in asked]
                for metric, value in self.task.process_results(asked[0].doc, given).items():
                    found.setdefault((metric, name), {})[row] = value
        return found


def load_tasks(
    asked: Sequence[str], rows: RowSource, shots: int | None = None, *, own_code: bool = False
) -> Generator[str, None, list[LoadedTask]]:
    """The tasks of these names or YAML files, groups and tags as their parts; yields each name before its
    rows are read. `shots` replaces the usual number, but not where a task says 0 itself, as in the harness.
    Functions beside a file of the person's own are run only with `own_code`.

    Raises DataError for a name that is none, and for a task that cannot be asked here.
    """
    index = _index(asked)
    found: dict[str, LoadedTask] = {}
    for name in asked:
        key = _of_file(index, Path(name)) if is_file(name) else name
        for part, changes in _parts(index, key, {}):
            yield part
            if part not in found:
                found[part] = LoadedTask(key, _task(index, part, changes, rows, shots, own_code))
    return list(found.values())


def _index(asked: Sequence[str]) -> Mapping[str, Any]:
    root = Path(lm_eval.tasks.__file__).parent
    folders = task_folders(asked, root)
    if folders is not None:
        index = TaskManager(include_path=[*map(str, folders)], include_defaults=False).task_index
        if all(is_file(name) or name in index for name in asked):
            return dict(index)
    own = [str(Path(name).expanduser().resolve().parent) for name in asked if is_file(name)]
    return dict(TaskManager(include_path=own or None).task_index)


def _of_file(index: Mapping[str, Any], file: Path) -> str:
    """The name of the task or group that a file describes."""
    whole = file.expanduser().resolve()
    for name, entry in index.items():
        if entry.yaml_path is not None and Path(entry.yaml_path).resolve() == whole:
            return name
    if whole.is_file():
        raise DataError("benchmark.no_task_file", file=file)
    raise DataError("benchmark.no_file", file=file)


def _parts(
    index: Mapping[str, Any], name: str, changes: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The single tasks that a name stands for, each with what its group changes in it."""
    entry = index.get(name)
    if entry is None:
        raise DataError("benchmark.unknown", task=name)
    if entry.kind.name == "TAG":
        for child in sorted(entry.tags):
            yield from _parts(index, child, changes)
    elif entry.kind.name == "GROUP":
        for child in entry.cfg["task"] if isinstance(entry.cfg["task"], list) else [entry.cfg["task"]]:
            own = child if isinstance(child, dict) else {"task": child}
            more = {key: value for key, value in own.items() if key not in ("task", "group")}
            yield from _parts(index, str(own.get("task") or own.get("group")), {**changes, **more})
    elif entry.kind.name == "TASK":
        yield name, changes
    else:
        raise DataError("benchmark.a_program", task=name)


def _task(
    index: Mapping[str, Any],
    name: str,
    changes: dict[str, Any],
    rows: RowSource,
    shots: int | None,
    own_code: bool,
) -> ConfigurableTask:
    told = index[name].cfg  # as it is written: what is refused here is not run at all
    if told.get("unsafe_code"):
        raise DataError("benchmark.runs_code", task=name)
    if told.get("doc_to_image") or told.get("doc_to_audio"):
        raise DataError("benchmark.not_text", task=name)
    if not own_code and _runs_own_code(Path(index[name].yaml_path)):
        raise DataError("benchmark.own_code", file=index[name].yaml_path)
    try:
        config = {**load_yaml(index[name].yaml_path), **changes}
        for key in ("tag", "group", "task_list"):
            config.pop(key, None)
        task = ConfigurableTask(config={**config, "custom_dataset": rows.reader(name, config)})
    except DataError:
        raise
    except Exception as error:  # of a template, of a metric, of a function beside the file
        fault = f"{type(error).__name__}: {error}".splitlines()[0]
        raise DataError("benchmark.unusable", task=name, fault=fault) from error
    _set_shots(task, name, shots)
    return task


def _runs_own_code(file: Path) -> bool:
    """Whether a file that is not the harness's own, or one that it includes, names Python functions."""
    if file.resolve().is_relative_to(Path(lm_eval.tasks.__file__).parent.resolve()) or not file.is_file():
        return False
    text = file.read_text(encoding="utf-8", errors="replace")
    included = re.findall(r"^include:\s*[\"']?([^\s\"']+)", text, re.MULTILINE)
    return "!function" in text or any(_runs_own_code(file.parent / each) for each in included)


def _set_shots(task: ConfigurableTask, name: str, shots: int | None) -> None:
    own, known = task.config.num_fewshot, benchmark_of(name)
    if own == 0:
        return
    usual = own if own is not None else known.shots if known else 0
    task.set_config("num_fewshot", usual if shots is None else shots)
