"""The download process: finds the part of a dataset that is wanted, fetches it, and writes it as Parquet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.catalogue import phrase
from studio.dataset.hub.parts import Parts, sizes_of
from studio.dataset.hub.wanted import Wanted, faults, hub_error
from studio.dataset.save.target import refuse_others
from studio.errors import StudioError
from studio.files import parsed, scratch_folder, whole_folder
from studio.hub.child import Report, failure
from studio.hub.failure import HubError

_BATCH = 1000  # rows written at a time
_PROVENANCE = "provenance.json"


def fetch(wanted: Wanted, under: Path, token: str, report: Report) -> None:
    """Do the whole download, and say through `report` how far it is, and how it ended."""
    try:
        report({"done": _fetched(wanted, under, token or None, report)})
    except StudioError as error:
        report(failure(error))
    except faults() as error:
        report(failure(hub_error(error, wanted)))


def _fetched(wanted: Wanted, under: Path, token: str | None, report: Report) -> dict[str, Any]:
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    info = api.dataset_info(wanted.name, revision=wanted.revision or None, files_metadata=True)
    if info.gated:
        api.auth_check(wanted.name, repo_type="dataset")
    revision = str(info.sha)
    with scratch_folder("hub") as scratch:
        builder, split = _builder(wanted, revision, token, str(scratch))
        subset = str(builder.config.name)
        target = under / wanted.name.replace("/", "--") / _folder_name(subset, split, wanted, revision)
        file = target / f"{wanted.name.rpartition('/')[2]}-{split}.parquet"
        facts = {
            "path": str(file),
            "name": wanted.name,
            "subset": subset,
            "split": split,
            "revision": revision,
        }
        if (count := _fetched_before(target, file)) is not None:
            return {**facts, "rows": count}
        refuse_others(target, frozenset({file.name, _PROVENANCE}))
        arriving = under / ".parts" / f"{wanted.name.replace('/', '--')}-{revision}"
        parts = Parts(wanted.name, revision, sizes_of(info), arriving, token, report)
        tables, total = _tables(builder, split, wanted, parts)
        with whole_folder(target) as inside:
            count = _write(tables, inside / file.name, total, report)
            provenance = {**facts, "path": file.name, "rows": wanted.rows, "count": count, **_times()}
            (inside / _PROVENANCE).write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(arriving, ignore_errors=True)
    return {**facts, "rows": count}


def _fetched_before(folder: Path, file: Path) -> int | None:
    """How many rows an earlier download brought; None where there was none, or it is damaged."""
    try:
        count = parsed((folder / _PROVENANCE).read_text(encoding="utf-8"))["count"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return count if file.is_file() and isinstance(count, int) else None


def _times() -> dict[str, str]:
    return {"downloaded": datetime.now(UTC).isoformat(timespec="seconds")}


def _folder_name(subset: str, split: str, wanted: Wanted, revision: str) -> str:
    first, end = wanted.rows or (0, None)
    part = f"-{first}-{'end' if end is None else end}" if wanted.rows else ""
    return f"{subset}-{split}{part}-{revision[:12]}".replace("/", "-")


def _builder(wanted: Wanted, revision: str, token: str | None, scratch: str) -> tuple[Any, str]:
    """datasets' own reader of the subset, and the split. Raises HubError naming those there are."""
    import datasets

    datasets.disable_progress_bars()
    names = datasets.get_dataset_config_names(wanted.name, revision=revision, token=token)
    subset = _chosen(_SUBSET, wanted.subset, "default", names, wanted)
    builder = datasets.load_dataset_builder(
        wanted.name, subset, revision=revision, token=token, cache_dir=scratch
    )
    files = getattr(builder.config, "data_files", None)
    split = _chosen(_SPLIT, wanted.split, "train", list(files or builder.info.splits or ()), wanted)
    return builder, split


_SUBSET, _SPLIT = ("hub.subset", "hub.subsets"), ("hub.split", "hub.splits")
"""One and several of the parts of a dataset, as codes."""


def _chosen(kind: tuple[str, str], asked: str, usual: str, there: Sequence[str], wanted: Wanted) -> str:
    if asked in there:
        return asked
    shown = ", ".join(map(str, there[:20])) + (", …" if len(there) > 20 else "")
    if asked:
        raise HubError("hub.no_part", name=wanted.name, kind=phrase(kind[0]), asked=asked, names=shown)
    if usual in there or len(there) == 1:
        return usual if usual in there else str(there[0])
    if not there:
        raise HubError("hub.no_parts", name=wanted.name, kind=phrase(kind[0]))
    raise HubError("hub.several_parts", name=wanted.name, kinds=phrase(kind[1]), names=shown)


def _tables(builder: Any, split: str, wanted: Wanted, parts: Parts) -> tuple[Iterator[Any], int | None]:
    """The wanted rows in batches, and how many there are where that is known.

    A range is read straight from the Hub, no more than it takes; of a whole split the files are fetched.
    """
    if wanted.rows is not None:
        first, end = wanted.rows
        rows = builder.as_streaming_dataset(split=split).skip(first)
        rows = rows if end is None else rows.take(end - first)
        total = None if end is None else end - first
    else:
        if files := builder.config.data_files:
            part = parts.fetched(files[split])
            builder.config.data_files = type(files)(
                {split: type(files[split])(part, files[split].origin_metadata)}
            )
        builder.download_and_prepare(verification_mode="no_checks")
        rows = builder.as_dataset(split=split)
        total = len(rows)
    return rows.with_format("arrow").iter(batch_size=_BATCH), total


def _write(tables: Iterator[Any], path: Path, total: int | None, report: Report) -> int:
    import pyarrow.parquet as parquet

    writer, count = None, 0
    for table in tables:
        writer = writer or parquet.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
        count += table.num_rows
        report({"rows": count, "of": total})
    if writer is None:
        raise HubError("hub.no_rows")
    writer.close()
    return count
