"""The base that a run was made with: written down when it begins, and looked at before it is used again."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from studio.errors import RunError
from studio.events import BaseChanged, Event, Log
from studio.models.folder import model_fingerprint, text_fingerprint
from studio.paths import model_folder
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

_WORDS = {"config": "config.json", "weights": "weights", "tokenizer": "tokenizer", "template": "template"}


def base_of(recipe: Recipe) -> dict[str, str]:
    """The fingerprints of the recipe's model, its tokenizer, and a template of the person's own."""
    found = model_fingerprint(model_folder(recipe.model))
    if (template := own_template(recipe)) is not None and template.is_file():
        found["template"] = text_fingerprint(_text(template))
    return found


def own_template(recipe: Recipe) -> Path | None:
    """The file of a chat template of the person's own, where the recipe names one."""
    name = recipe.data.template
    return None if name in ("auto", "chat", "alpaca", "chatml") else Path(name).expanduser()


def keep_template(recipe: Recipe, run: RunFolder) -> None:
    """Keep the person's own template in the run, which must be able to go on without its file."""
    if (template := own_template(recipe)) is not None:
        run.keep_template(_text(template))


def same_base(
    run: RunFolder, manifest: dict[str, Any], recipe: Recipe, *, changed_base: bool
) -> Generator[Event, None, Recipe]:
    """The recipe, with the template that the run kept where its file is gone.

    Raises RunError, after the event that says so, when model, tokenizer or template are others than those the
    run was made with; with `changed_base` that is only said.
    """
    template = own_template(recipe)
    if template is not None and not template.is_file() and run.template.is_file():
        recipe = recipe.with_values({"data.template": str(run.template)})
    known = manifest.get("base")
    if not model_folder(recipe.model).is_dir():
        return recipe  # told of where it is loaded
    if not isinstance(known, dict):
        yield Log(f"An earlier version made {run.name}: nothing proves that its model is still the same.")
        return recipe
    now = base_of(recipe)
    changed = [word for key, word in _WORDS.items() if known.get(key, "") != now.get(key, "")]
    if not changed:
        return recipe
    what = " and ".join(filter(None, (", ".join(changed[:-1]), changed[-1])))
    verb = "have" if len(changed) > 1 or changed == ["weights"] else "has"
    sentence = (
        f"The {what} of the model in {model_folder(recipe.model)} {verb} changed since {run.name} began"
    )
    if changed_base:
        yield Log(f"{sentence}; used all the same, as asked.", "warning")
        return recipe
    yield BaseChanged(run.name, f"{sentence}, so the run would not be what it was.")
    raise RunError(
        f"{sentence}. Put the earlier files back, or use what is there now all the same (--changed-base)."
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
