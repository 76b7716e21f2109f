"""A model made into another form of itself: quantized, or de-quantized; from a folder, or from a GGUF file.

What is written is opened again and must answer as what was written; what the new form loses beside the old is
measured on ordinary text and told.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx_lm.utils import dequantize_model, save_model

from studio.catalogue import phrase
from studio.errors import DiskError, ModelError
from studio.events import Event, Progress
from studio.events.models import ModelConverted
from studio.export.companions import check_place, copy_companions
from studio.export.likeness import Reference, logits
from studio.files import as_json, free_bytes, megabytes, whole_folder, write_text
from studio.files.leftovers import temporary_for
from studio.language import tr
from studio.models import arrays
from studio.models.build import load_lazily
from studio.models.cache import ModelCache, OpenModel
from studio.models.description import describe
from studio.models.folder import read_config
from studio.models.form import WeightForm, is_quantized, put_into
from studio.models.gguf.convert import convert_gguf
from studio.models.gguf.facts import remarks_on
from studio.models.library.facts import card_of
from studio.models.library.shown import facts_of
from studio.recipe.recipe import Recipe
from studio.train.prepare import general_text, renderer_for

type TokenRows = tuple[tuple[int, ...], ...]

PROBE = 128
"""Tokens of ordinary text on which a model is measured before and after."""
KEPT = "model"
"""The precision that a model has already."""
_FEW = 8
"""Tokens on which what was written and what was read back are compared: their weights are, one by one."""
_TERMS = ("license", "license_name", "license_link")
_SPARE = 64 * 10**6
_WORSE = 0.1
"""Nats a token that a model may lose without a word."""


def convert(place: Path, out: Path, form: WeightForm) -> Generator[Event]:
    """Write the model in a folder or a GGUF file into the new folder `out`, in a form; 0 bits is none packed.

    Announces how far it is, and ModelConverted. Raises ModelError where a model or a form cannot be so,
    TargetError where `out` cannot be written to, DiskError where there is no room.
    """
    place, out = place.expanduser().absolute(), out.expanduser().absolute()
    check_place(out, [place])
    if not place.is_file():
        yield from _convert_folder(place, out, form)
    elif form.bits:
        plain = temporary_for(out.with_name(f"{out.name}-unpacked"))
        try:
            yield from _unpack(place, plain, form)
            yield from _convert_folder(plain, out, form, of=place)
        finally:
            shutil.rmtree(plain, ignore_errors=True)
    else:
        yield from _unpack(place, out, form)
        yield Progress(tr("Reading it back"), 0, 1)
        try:
            loss = loss_of(*_reading(ModelCache().open(out)))
            write_text(out / "README.md", _card(place, form))
        except BaseException:  # what cannot be read is none
            shutil.rmtree(out, ignore_errors=True)
            raise
        yield _told(place, out, loss, loss, 0.0)


def _unpack(file: Path, folder: Path, form: WeightForm) -> Iterator[Event]:
    for written in convert_gguf(file, folder, form.precision):
        yield Progress(tr("Unpacking the GGUF file"), written.done, written.total)


def _convert_folder(place: Path, out: Path, form: WeightForm, of: Path | None = None) -> Generator[Event]:
    """`of` is the file that the folder was made of, which is told of in its place."""
    yield Progress(tr("Loading the model"), 0, 4)
    form = form.resolved({})
    _check_room(place, out, form)
    opened = ModelCache().open(place)
    yield Progress(tr("Reading with it as it is"), 1, 4)
    before, rows = _reading(opened)
    yield Progress(tr("Converting"), 2, 4)
    described = _put_into(opened.module, form)
    config = _config(read_config(place), described, form)
    with whole_folder(out) as folder:
        save_model(folder, opened.module)
        (folder / "config.json").write_text(as_json(config, indent=2) + "\n", encoding="utf-8")
        copy_companions(place, folder)
        (folder / "README.md").write_text(_card(of or place, form), encoding="utf-8")
        yield Progress(tr("Reading it back"), 3, 4)
        after = _read_back(folder, opened.module, rows)
    apart = Reference(rows, before, 0.0).likeness_of(after).difference
    yield _told(of or place, out, loss_of(before, rows), loss_of(after, rows), apart)


def _told(source: Path, out: Path, before: float, after: float, apart: float) -> ModelConverted:
    worse = (phrase("convert.worse", before=before, after=after),) if after > before + _WORSE else ()
    old, new = facts_of(source), facts_of(out)
    sizes = old.size, new.size, old.bits, new.bits
    lacks = remarks_on(source, old.source) if source.is_file() else ()
    return ModelConverted(str(out), str(source), *sizes, before, after, apart, (*lacks, *worse))


def _reading(opened: OpenModel) -> tuple[mx.array, TokenRows]:
    """The logits of ordinary text, [tokens, vocabulary], and its tokens."""
    renderer = renderer_for(Recipe(model=str(opened.folder)), opened)
    rows = tuple(tuple(tokens.ids) for tokens in general_text(renderer, PROBE))
    opened.module.eval()
    return logits(opened.module, rows), rows


def _read_back(folder: Path, written: nn.Module, rows: TokenRows) -> mx.array:
    """What the folder's model says to the text. Raises ModelError where that is not what was written."""
    again = ModelCache().open(folder).module
    again.eval()
    mine, theirs = (arrays.named(each.parameters()) for each in (written, again))
    if mine.keys() != theirs.keys() or not all(_same(mine[name], theirs[name]) for name in mine):
        raise ModelError("convert.other_weights", folder=folder)
    few = (rows[0][:_FEW],)
    Reference(few, logits(written, few), 0.0).checked(again)
    return logits(again, rows)


def _same(mine: mx.array, theirs: mx.array) -> bool:
    return mine.dtype == theirs.dtype and bool(mx.array_equal(mine, theirs, equal_nan=True).item())


def _card(source: Path, form: WeightForm) -> str:
    """What the new folder says of itself: the licence of what it was made of, and how it was made."""
    facts = facts_of(source)
    front, _ = card_of(source if source.is_dir() else source.parent)
    kept = {key: front[key] for key in _TERMS if key in front} or {"license": facts.license}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in kept.items() if value]
    how = (
        f"quantized to {form.bits} bits ({form.mode}, groups of {form.group_size})" if form.bits else "plain"
    )
    name = facts.name if "/" in facts.name else source.name
    text = (
        f"# {source.name}, {how}\n\nMade of {name} by Tuning Studio, weight by weight: nothing was trained.\n"
    )
    return "\n".join(["---", *lines, "---", text]) if lines else text


def _put_into(model: nn.Module, form: WeightForm) -> dict[str, Any]:
    """Bring a model into the form, whatever it has now; what config.json says of it, if it is quantized."""
    dequantize_model(model)
    described = put_into(model, form)
    mx.eval(model.parameters())
    return described


def _config(config: dict[str, Any], described: dict[str, Any], form: WeightForm) -> dict[str, Any]:
    """The model's config with what is so of the weights that are written."""
    for part in (config, config.get("text_config") or {}):
        for key in ("quantization", "quantization_config"):
            part.pop(key, None)
        for key in ("dtype", "torch_dtype"):
            if key in part and form.precision != KEPT:
                part[key] = form.precision
    return {**config, "quantization": described, "quantization_config": described} if described else config


def _check_room(place: Path, out: Path, form: WeightForm) -> None:
    """Raise ModelError where nothing would change, DiskError where the disk has no room, before any work."""
    described = describe(place)
    model, config = load_lazily(described)
    if not form.bits and form.precision == KEPT and not is_quantized(config):
        raise ModelError("convert.same", folder=place)
    dequantize_model(model)
    put_into(model, form)
    needed = _SPARE + sum(array.nbytes for array in arrays.named(model.parameters()).values())
    free = free_bytes(out)
    if free < needed:
        raise DiskError("convert.no_room", path=out, needed=megabytes(needed), free=megabytes(free))


def loss_of(found: mx.array, rows: TokenRows) -> float:
    """The mean loss in nats of each token of the rows but the first, from logits [tokens, vocabulary]."""
    total, place, count = 0.0, 0, 0
    for row in rows:
        said = found[place : place + len(row) - 1]
        wanted = mx.array([*row[1:]])
        total += arrays.number((mx.logsumexp(said, axis=-1) - said[mx.arange(len(row) - 1), wanted]).sum())
        place, count = place + len(row), count + len(row) - 1
    return total / max(1, count)
