"""What the Hub has, found out in a process of its own: searches, and all that one model says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from studio.events.models import ModelFile, ModelShown, OnlineModel
from studio.files import scratch_folder
from studio.hub.arriving import RemoteFile
from studio.hub.child import Report, answer
from studio.hub.failure import HubError, Repository, hub_faults
from studio.models.hub.asked import (
    BASE,
    DOWNLOADS,
    INSTRUCT,
    LIKES,
    NEWEST,
    AskedModel,
    FoundModel,
    ModelFilters,
    settings_in,
)
from studio.models.hub.choice import needed, remote_files
from studio.models.hub.facts import EXPANDED, facts_of_info, online_model, types_of
from studio.models.library.facts import (
    LARGEST_TEXT,
    SAFETENSORS,
    card_of,
    template_of,
    text_of,
    tokenizer_settings,
)
from studio.models.reach import context_length

_SORTS: dict[str, Any] = {DOWNLOADS: "downloads", LIKES: "likes", NEWEST: "last_modified"}
_LOOKED_AT = 500  # models of a search that are looked at for those that are wanted
_AT_ONCE = 8  # files that are asked for at the same time
_TEXTS = (
    *("README.md", "config.json", "generation_config.json"),
    *("tokenizer_config.json", "chat_template.jinja", "chat_template.json"),
)


def search_models(
    query: str, filters: ModelFilters, sort: str, most: int, configs: bool, token: str, report: Report
) -> None:
    """Say through `report` which models the Hub finds, at most so many; where asked, with their configs."""

    def work() -> list[dict[str, Any]]:
        found = list(_found(query, filters, sort, most, token or None))
        texts = _configs([each.model for each in found], token or None) if configs else [""] * len(found)
        return [asdict(replace(each, config=text)) for each, text in zip(found, texts, strict=True)]

    answer(report, Repository(query), work)


def _found(
    query: str, filters: ModelFilters, sort: str, most: int, token: str | None
) -> Iterator[FoundModel]:
    from huggingface_hub import HfApi

    named = "/" in query  # a model that is named is shown whatever the Hub takes it for
    listed = HfApi(token=token).list_models(
        search=query.strip() or None,
        filter=("mlx",) if filters.mlx else None,
        pipeline_tag=None if named else "text-generation",
        sort=_SORTS[sort],
        limit=_LOOKED_AT if filters.tuning else most,
        expand=list(EXPANDED),  # type: ignore[arg-type]
    )
    wanted = {BASE: (True,), INSTRUCT: (False,)}.get(filters.tuning, (True, False))
    found = (FoundModel(online_model(info), types=types_of(info)) for info in listed)
    yield from islice((each for each in found if each.model.is_base in wanted), most)


def _configs(models: Sequence[OnlineModel], token: str | None) -> list[str]:
    """What config.json says in each of the models, several asked at once; nothing where it is not given."""

    def config(model: OnlineModel) -> str:
        if model.facts.form != SAFETENSORS or model.facts.problem:
            return ""
        of = Repository(model.facts.name, revision=model.revision)
        with suppress(*hub_faults()):
            return _content(of, RemoteFile("config.json"), token).decode("utf-8", "replace")
        return ""

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(config, models))


def show_model(asked: AskedModel, token: str, report: Report) -> None:
    """Say through `report` all that a model says of itself, without its weights."""
    answer(report, asked.repository, lambda: _shown(asked, token or None))


def _shown(asked: AskedModel, token: str | None) -> tuple[dict[str, Any], dict[str, int]]:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError

    info = HfApi(token=token).model_info(asked.name, revision=asked.revision or None, files_metadata=True)
    files = remote_files(info.siblings)
    of = Repository(info.id, revision=str(info.sha))
    with scratch_folder("hub") as folder:
        try:
            for file in files:
                if file.name in _TEXTS and file.size <= 4 * LARGEST_TEXT:
                    (folder / file.name).write_bytes(_content(of, file, token))
            gated = False
        except GatedRepoError:
            gated = True
        return asdict(_of_folder(folder, info, files, gated=gated)), types_of(info)


def _content(of: Repository, file: RemoteFile, token: str | None) -> bytes:
    """A small file, from the cache where it is there: what is only looked at does not go there."""
    from huggingface_hub import hf_hub_url, try_to_load_from_cache
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    cached = try_to_load_from_cache(of.name, file.name, revision=of.revision)
    if isinstance(cached, str):
        return Path(cached).read_bytes()
    url = hf_hub_url(of.name, file.name, revision=of.revision)
    answered = get_session().get(url, headers=build_hf_headers(token=token), timeout=30)
    hf_raise_for_status(answered)
    return bytes(answered.content)


def _of_folder(folder: Path, info: Any, files: list[RemoteFile], *, gated: bool) -> ModelShown:
    front, card = card_of(folder)
    facts, config = facts_of_info(info), text_of(folder / "config.json")
    template = template_of(folder) or str((info.gguf or {}).get("chat_template") or "")
    reach = context_length(settings_in(config), tokenizer_settings(folder).get("model_max_length"))
    chosen = list(_chosen(info.id, files))
    facts = replace(
        facts,
        context=facts.context or reach,
        is_chat=facts.is_chat or bool(template),
        size=sum(max(0, each.size) for each in chosen) or facts.size,
    )
    page = Repository(info.id).page
    return ModelShown(
        facts,
        card,
        config,
        text_of(folder / "generation_config.json"),
        template,
        page if gated else front.get("license_link") or page,
        tuple(ModelFile(each.name, each.size) for each in chosen or files),
        str(info.sha or ""),
        gated,
    )


def _chosen(name: str, files: list[RemoteFile]) -> Iterator[RemoteFile]:
    """What a download would bring; of GGUF files each, as one of them is chosen."""
    try:
        yield from needed(name, files)
    except HubError:
        yield from (each for each in files if each.name.lower().endswith(".gguf"))
