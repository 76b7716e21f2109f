"""What can be done about a failure: what the window offers as a button, and the command line as a hint.

A fix is found by the code of what is said, so it is offered for a run that failed long ago as well.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from studio import words
from studio.catalogue import Phrase, Said, Value, listed, phrase
from studio.errors import StudioError
from studio.recipe.recipe import Recipe, fields

DOWNLOADS, MODELS, DATASET, SIGN_IN = "downloads", "models", "dataset", "sign in"
RESUME, LOG, CHECKPOINTS = "resume", "log", "checkpoints"
"""What a fix does that changes no recipe."""

MOST = 3
"""So many are offered."""
LEAST_TOKENS, LEAST_LENGTH = 128, 128
_SOME_TOKENS = 2048  # computed at once, where the machine chose how many


@dataclass(frozen=True)
class Remedy:
    """Fields of the recipe to be set, or a thing to do; `title` stands on the button."""

    title: Phrase
    values: tuple[tuple[str, Value], ...] = ()
    does: str = ""
    command: str = ""  # the same on the command line
    about: str = ""  # the model that it is for


@dataclass(frozen=True)
class _Asked:
    """What a fix is made for: the recipe, its learning rate, and the values of what is said."""

    recipe: Recipe
    rate: float | None
    said: Mapping[str, Value] = field(default_factory=dict)


type _Make = Callable[[_Asked], Remedy | None]


def remedies_for(said: Said, recipe: Recipe | None = None, rate: float | None = None) -> tuple[Remedy, ...]:
    """What helps against a failure, the likeliest first. Those that change a recipe need one.

    `rate` is the learning rate that was trained with, where the recipe leaves it open.
    """
    found: dict[Phrase, Remedy] = {}
    for code, values in _codes(said):
        asked = _Asked(recipe or Recipe(), rate, values)
        for make in REMEDIES.get(code, ()):
            fix = make(asked)
            if fix is not None and (recipe is not None or not fix.values) and _changes(fix, asked.recipe):
                found.setdefault(fix.title, fix)
    return tuple(found.values())[:MOST]


def hints_for(said: Said, recipe: Recipe | None = None, run: str = "") -> Phrase | None:
    """The same for the command line, where `run` is at work; None where there is nothing to be typed."""
    hints = [
        phrase("fix.hint", title=fix.title, command=command)
        for fix in remedies_for(said, recipe)
        if (command := _command(fix, run))
    ]
    return phrase("fix.hints", hints=listed(hints)) if hints else None


def _command(fix: Remedy, run: str) -> str:
    if fix.does == RESUME:
        return f"studio resume {shlex.quote(run)}" if run else ""
    return fix.command or _sets(fix)


def _sets(fix: Remedy) -> str:
    return " ".join(f"--set {name}={shlex.quote(_typed(value))}" for name, value in fix.values)


def _typed(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _codes(said: Said) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """The codes of what is said and of what stands inside, the outermost first."""
    if isinstance(said, Phrase):
        yield said.code, dict(said.values)
        for _, value in said.values:
            yield from _codes(value if isinstance(value, Phrase) else "")


def _changes(fix: Remedy, recipe: Recipe) -> bool:
    """Whether it makes another recipe, and one that can be carried out."""
    if not fix.values:
        return True
    try:
        changed = recipe.with_values(dict(fix.values))
    except StudioError:
        return False
    return changed != recipe and len(changed.problems()) <= len(recipe.problems())


def _set(code: str, **values: Value) -> _Make:
    """A fix that sets fields: `loop__checkpointing=True`."""
    named = tuple((name.replace("__", "."), value) for name, value in values.items())
    return lambda asked: Remedy(phrase(code), named)


def _do(does: str, command: str = "") -> _Make:
    return lambda asked: Remedy(phrase(_DOING[does]), does=does, command=command)


_DOING = {
    DOWNLOADS: "fix.downloads",
    MODELS: "fix.models",
    DATASET: "fix.dataset",
    RESUME: "fix.resume",
    LOG: "fix.log",
    CHECKPOINTS: "fix.checkpoints",
}


def _smaller_portions(asked: _Asked) -> Remedy | None:
    """Half the tokens computed at once: it learns the same."""
    loop, data = asked.recipe.loop, asked.recipe.data
    now = loop.tokens_at_once or min(loop.batch_size * data.max_length, _SOME_TOKENS)
    tokens = max(now // 2, LEAST_TOKENS)
    if loop.tokens_at_once and tokens >= loop.tokens_at_once:
        return None
    return Remedy(phrase("fix.smaller_portions", tokens=tokens), (("loop.tokens_at_once", tokens),))


def _halve_batch(asked: _Asked) -> Remedy | None:
    """Half the batch, and twice the batches before a step, so that it learns the same."""
    loop = asked.recipe.loop
    if loop.batch_size < 2:
        return None
    batch = loop.batch_size // 2
    values = (("loop.batch_size", batch), ("loop.accumulation", min(loop.accumulation * 2, 1024)))
    return Remedy(phrase("fix.halve_batch", batch=batch), values)


def _four_bits(asked: _Asked) -> Remedy | None:
    if not asked.recipe.adapts or asked.recipe.base.quantize == "4-bit":
        return None
    return Remedy(phrase("fix.four_bits"), (("base.quantize", "4-bit"), ("base.mode", "affine")))


def _shorten(asked: _Asked) -> Remedy | None:
    tokens = asked.recipe.data.max_length // 2
    if tokens < LEAST_LENGTH:
        return None
    return Remedy(phrase("fix.shorten", tokens=tokens), (("data.max_length", tokens),))


def _lengthen(asked: _Asked) -> Remedy | None:
    """Room for an example that was left out for its length."""
    tokens = asked.said.get("tokens")
    if not isinstance(tokens, int):
        return None
    room = -(-tokens // 256) * 256
    return Remedy(phrase("fix.lengthen", tokens=room), (("data.max_length", room),))


def _lower_rate(asked: _Asked) -> Remedy | None:
    rate = asked.recipe.optimizer.learning_rate or asked.rate or asked.said.get("rate")
    if not isinstance(rate, float | int) or rate <= 0:
        return None
    lower = float(f"{rate / 3:.2g}")
    return Remedy(phrase("fix.lower_rate", rate=words.rate(lower)), (("optimizer.learning_rate", lower),))


def _groups(asked: _Asked) -> Remedy | None:
    base = asked.recipe.base
    if base.mode != "affine" or base.group_size == "32":
        return None
    return Remedy(phrase("fix.groups", size=32), (("base.group_size", "32"),))


def _foreseen(asked: _Asked) -> Remedy | None:
    """What the forecast found to fit, as it stands in its advice."""
    wanted = {entry.title: entry.path for entry in fields()}
    changes = asked.said.get("changes", "")
    values = {
        wanted[str(said["title"])]: _foreseen_value(said["value"])
        for code, said in _codes(changes if isinstance(changes, Phrase) else "")
        if code == "forecast.change" and said.get("title") in wanted
    }
    return Remedy(phrase("fix.foreseen", changes=changes), tuple(values.items())) if values else None


def _foreseen_value(value: Value) -> Value:
    return True if isinstance(value, Phrase) else value


def _sign_in(asked: _Asked) -> Remedy:
    """Where a token is asked for: beside the model that is wanted, else in the dialog for datasets."""
    page, name = str(asked.said.get("page", "")), str(asked.said.get("name", ""))
    is_model = bool(page) and "/datasets/" not in page
    return _signing_in(name if is_model else "")


def _sign_in_for_model(asked: _Asked) -> Remedy:
    return _signing_in(str(asked.said.get("name", "")))


def _signing_in(model: str) -> Remedy:
    return Remedy(phrase("fix.sign_in"), does=SIGN_IN, command="HF_TOKEN=YOUR-TOKEN", about=model)


def _chatml(asked: _Asked) -> Remedy | None:
    return Remedy(phrase("fix.chatml"), (("data.template", "chatml"),))


_checkpointing = _set("fix.checkpointing", loop__checkpointing=True)
_bfloat16 = _set("fix.bfloat16", base__precision="bfloat16")
_float32 = _set("fix.float32", base__precision="float32")
_no_quantize = _set("fix.no_quantize", base__quantize="no")
_lora = _set("fix.lora", method="lora")
_no_packing = _set("fix.no_packing", data__packing=False)
_no_prefix = _set("fix.no_prefix_cache", loop__prefix_cache="off")
_no_embeddings = _set("fix.no_embeddings", scope__embeddings=False, scope__head=False)
_no_wandb = _set("fix.no_wandb", watch__wandb="")
_no_tensorboard = _set("fix.no_tensorboard", watch__tensorboard=False)
_no_parent = _set("fix.no_parent", base__adapter="")
_hold_out = _set("fix.hold_out", data__validation_share=0.1)
_cut_end = _set("fix.cut_end", data__too_long="cut_end")

_models = _do(MODELS, "studio models list")
_downloads = _do(DOWNLOADS, "studio models list")
_dataset = _do(DATASET)
_resume = _do(RESUME)
_checkpoints = _do(CHECKPOINTS, "studio checkpoints --delete")
_log = _do(LOG)

_MEMORY: tuple[_Make, ...] = (_checkpointing, _smaller_portions, _four_bits, _halve_batch, _shorten)
_PORTIONS: tuple[_Make, ...] = (_smaller_portions, _halve_batch, _shorten)
_TEMPLATE: tuple[_Make, ...] = (_chatml, _models)

REMEDIES: Mapping[str, tuple[_Make, ...]] = {
    # Memory and the GPU.
    "engine.out_of_memory": _MEMORY,
    "engine.killed": _MEMORY,
    "engine.stopped_by_macos": (_resume, *_PORTIONS),
    "engine.metal": (_resume, _smaller_portions),
    "engine.crashed": (_resume, _log),
    "failure.array_too_large": (_shorten, _smaller_portions, _halve_batch),
    "failure.too_many_arrays": _PORTIONS,
    "failure.gpu_hang": (_resume, _smaller_portions),
    "failure.gpu_disturbed": (_resume,),
    "failure.no_memory": _MEMORY,
    "forecast.set": (_foreseen,),
    "forecast.smaller_model": (_models,),
    # What training runs into.
    "train.lower_rate": (_lower_rate,),
    "train.lower_rate_for": (_lower_rate,),
    "train.lower_rate_or_bfloat16": (_lower_rate, _bfloat16),
    "train.beyond_float16": (_bfloat16, _float32),
    "train.weights_not_finite": (_models,),
    "train.not_finite": (_float32, _models),
    "train.experts_on_cpu": (_float32,),
    "train.no_packing": (_no_packing,),
    "train.other_layers": (_no_prefix, _no_packing),
    "train.prefix_changed": (_resume, _no_prefix),
    "train.other_loss": (_resume,),
    "ranks.lost": (_resume,),
    "recipe.prefix_layers": (_no_prefix,),
    "recipe.prefix_noise": (_no_prefix,),
    "recipe.prefix_embeddings": (_no_prefix,),
    "layers.no_embeddings": (_no_embeddings,),
    "adapter.quantized": (_lora, _no_quantize),
    "adapter.dora_experts": (_lora,),
    "adapter.dora_joined": (_lora,),
    "adapter.full_on_quantized": (_no_quantize,),
    "parent.missing": (_no_parent,),
    "parent.no_adapter": (_no_parent,),
    "sweep.nothing_held_out": (_hold_out,),
    "tracker.no_package": (_no_wandb, _no_tensorboard),
    "tracker.not_in_application": (_no_wandb,),
    "tracker.fault": (_no_wandb,),
    "tracker.signed_out": (_no_wandb,),
    "failure.wandb": (_no_wandb,),
    "failure.wandb_signed_out": (_no_wandb,),
    # Models.
    "model.missing": (_models,),
    "model.not_built": (_models,),
    "model.not_loaded": (_models,),
    "weights.missing": (_models,),
    "weights.other_format": (_models,),
    "weights.damaged": (_models,),
    "weights.cut_short": (_models,),
    "weights.empty": (_models,),
    "weights.pointer": (_models,),
    "weights.incomplete": (_models,),
    "weights.one_missing": (_models,),
    "weights.more_missing": (_models,),
    "weights.index": (_models,),
    "weights.packed": (_models,),
    "weights.floats8": (_models,),
    "weights.other_kind": (_models,),
    "tokenizer.missing": (_models,),
    "tokenizer.unreadable": (_models,),
    "tokenizer.slow": (_models,),
    "tokenizer.own_code": (_models,),
    "quantize.impossible": (_no_quantize,),
    "quantize.groups": (_groups, _no_quantize),
    "failure.quantize_groups": (_groups, _no_quantize),
    "failure.unsupported_model": (_models,),
    "failure.no_model_type": (_models,),
    "failure.own_code": (_models,),
    "failure.no_tokenizer": (_models,),
    "failure.tokenizer_damaged": (_models,),
    "failure.weights_cut_short": (_models,),
    "failure.weights_damaged": (_models,),
    "failure.weights_missing": (_models,),
    "failure.weights_kind": (_models,),
    "failure.other_weights": (_models,),
    "failure.no_chat_template": _TEMPLATE,
    "failure.roles_alternate": _TEMPLATE,
    "failure.no_system_role": _TEMPLATE,
    "failure.template_unsafe": _TEMPLATE,
    "failure.template_faulty": _TEMPLATE,
    # Data.
    "row.too_long": (_lengthen, _cut_end),
    "row.answer_too_long": (_lengthen, _dataset),
    "row.prompt_too_long": (_lengthen, _dataset),
    "dataset.changed_since_opened": (_dataset,),
    "failure.not_parquet": (_dataset,),
    "failure.not_text": (_dataset,),
    "failure.not_json": (_dataset,),
    # The disk, the Hub, keys.
    "disk.full": (_downloads, _checkpoints, _resume),
    "disk.low": (_downloads, _checkpoints, _resume),
    "disk.paused": (_downloads, _checkpoints, _resume),
    "disk.no_room": (_downloads, _checkpoints),
    "failure.disk_full": (_downloads, _checkpoints, _resume),
    "convert.no_room": (_downloads,),
    "hub.no_space": (_downloads,),
    "hub.gated": (_sign_in,),
    "hub.not_given": (_sign_in,),
    "hub.token_refused": (_sign_in,),
    "hub.no_model": (_sign_in_for_model, _models),
    "hub.no_dataset": (_sign_in,),
    "failure.unknown": (_log,),
}
"""By the code of what is said."""
