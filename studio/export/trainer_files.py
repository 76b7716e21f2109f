"""What transformers' Trainer leaves beside an adapter, from a run's journal: arguments and state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.events import Event, Prepared, Step, Validated
from studio.files import as_json
from studio.recipe.recipe import Recipe
from studio.runs.training_log import entries

_OPTIMIZERS = {"adamw": "adamw_torch", "adamw8bit": "adamw_bnb_8bit", "lion": "lion_32bit"}
"""Trainer's names for ours; the others are called the same."""


def training_args(recipe: Recipe, events: Sequence[Event]) -> dict[str, Any]:
    """The recipe by the names of transformers' TrainingArguments, as far as those have them."""
    loop, optimizer = recipe.loop, recipe.optimizer
    prepared = _prepared(events)
    return {
        "per_device_train_batch_size": loop.batch_size,
        "gradient_accumulation_steps": loop.accumulation,
        "num_train_epochs": loop.epochs,
        "max_steps": loop.steps or -1,
        "learning_rate": prepared.learning_rate if prepared else optimizer.learning_rate,
        "lr_scheduler_type": optimizer.schedule,
        "warmup_ratio": 0.0 if optimizer.warmup_steps else optimizer.warmup,
        "warmup_steps": optimizer.warmup_steps,
        "weight_decay": optimizer.weight_decay,
        "max_grad_norm": optimizer.clip,
        "optim": _OPTIMIZERS.get(optimizer.name, optimizer.name),
        "neftune_noise_alpha": loop.neftune or None,
        "gradient_checkpointing": loop.checkpointing,
        "eval_steps": loop.validate_every,
        "save_steps": loop.save_every,
        "save_total_limit": loop.keep,
        "seed": loop.seed,
        "data_seed": loop.seed,
    }


def trainer_state(events: Sequence[Event], step: int) -> dict[str, Any]:
    """`trainer_state.json` as of a step: where the run stood, and the log until then."""
    prepared, steps = _prepared(events), [e for e in events if isinstance(e, Step) and e.step <= step]
    validated = [e for e in events if isinstance(e, Validated) and e.step <= step]
    best = min(validated, key=lambda e: e.loss, default=None)
    epochs = {each.step: each.epoch for each in steps}
    log = list(entries(e for e in events if isinstance(e, Step | Validated) and e.step <= step))
    return {
        "global_step": step,
        "max_steps": prepared.steps if prepared else step,
        "epoch": epochs.get(step, 0.0),
        "best_metric": best.loss if best else None,
        "best_global_step": best.step if best else None,
        "best_model_checkpoint": None,
        "is_local_process_zero": True,
        "is_world_process_zero": True,
        "log_history": log,
    }


def write_json(file: Path, value: object) -> None:
    """Write it as those files are written."""
    file.write_text(as_json(value, indent=2) + "\n", encoding="utf-8")


def _prepared(events: Sequence[Event]) -> Prepared | None:
    return next((event for event in reversed(events) if isinstance(event, Prepared)), None)
