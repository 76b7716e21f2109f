"""What a Hub dataset has to offer, found out in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.dataset.hub.parts import sizes_of
from studio.dataset.hub.wanted import Wanted, faults, hub_error
from studio.errors import StudioError
from studio.files import scratch_folder
from studio.hub.child import Report, failure
from studio.hub.failure import HubError


def list_parts(wanted: Wanted, token: str, report: Report) -> None:
    """Say through `report` which subsets there are, and which splits the wanted or the first of them has."""
    try:
        report({"done": _listed(wanted, token or None)})
    except StudioError as error:
        report(failure(error))
    except faults() as error:
        report(failure(hub_error(error, wanted)))


def _listed(wanted: Wanted, token: str | None) -> dict[str, Any]:
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    info = api.dataset_info(wanted.name, revision=wanted.revision or None, files_metadata=True)
    if info.gated:
        api.auth_check(wanted.name, repo_type="dataset")
    import datasets

    datasets.disable_progress_bars()
    revision, sizes = str(info.sha), sizes_of(info)
    subsets = datasets.get_dataset_config_names(wanted.name, revision=revision, token=token)
    subset = _first(wanted.subset, "default", subsets)
    with scratch_folder("hub") as scratch:
        builder = datasets.load_dataset_builder(
            wanted.name, subset, revision=revision, token=token, cache_dir=str(scratch)
        )
        splits = _splits(builder, sizes)
    return {
        "name": wanted.name,
        "revision": revision,
        "subsets": tuple(subsets),
        "subset": subset,
        "splits": splits,
    }


def _first(asked: str, usual: str, there: Sequence[str]) -> str:
    if not there:
        raise HubError("hub.no_data")
    return next((name for name in (asked, usual) if name in there), there[0])


def _splits(builder: Any, sizes: dict[str, int]) -> list[dict[str, Any]]:
    """The splits with their rows and bytes; 0 where they are not known."""
    files, known = builder.config.data_files or {}, builder.info.splits or {}
    found = []
    for name in dict.fromkeys((*files, *known)):
        rows = known[name].num_examples if name in known else 0
        size = sum(sizes.get(file, 0) for file in _names(files.get(name, ())))
        found.append({"name": str(name), "rows": int(rows or 0), "bytes": size})
    return found


def _names(addresses: Sequence[str]) -> list[str]:
    from studio.dataset.hub.parts import file_at

    return [file for address in addresses if (file := file_at(str(address)))]
