"""What a run starts from: model and parents, written down as it begins, looked at before they are used."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from studio.catalogue import listed, phrase
from studio.errors import RunError
from studio.events import BaseChanged, Event, Log
from studio.language import tr
from studio.models.folder import model_fingerprint, text_fingerprint
from studio.paths import model_folder
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.parents import adapters_of, keep_parents, named_parent, run_of

_PARTS = {
    "config": "base.config",
    "weights": "base.weights",
    "tokenizer": "base.tokenizer",
    "template": "base.template",
}


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


def with_parent(recipe: Recipe, runs: Path) -> Recipe:
    """The recipe with the folder of what it goes on from, where it gives that as a run's name.

    Raises RunMissing where there is no such run, and no such folder.
    """
    if not recipe.base.adapter:
        return recipe
    return recipe.with_values({"base.adapter": str(named_parent(recipe.base.adapter, runs))})


def parents_in_words(recipe: Recipe) -> dict[str, Any]:
    """What `run.json` says of what a run goes on from: the name, and the fingerprint of each adapter."""
    from studio.train.prepare import parents_of

    if not (parents := parents_of(recipe)):
        return {}
    folder = Path(recipe.base.adapter)
    parent = run_of(folder)
    name = parent.name if parent else str(folder)
    return {"parent": name, "parents": [adapter.fingerprint for adapter in parents]}


def remarks_on_parent(recipe: Recipe) -> Iterator[Log]:
    """That a recipe's parent was trained on other weights than the recipe names, or in another form."""
    parent = run_of(Path(recipe.base.adapter)) if recipe.base.adapter else None
    if parent is None:
        return
    manifest = parent.manifest()
    was, base = manifest["recipe"].get("base", {}), manifest.get("base")
    ours = recipe.base.model_dump()
    if isinstance(base, dict) and base.get("weights") != base_of(recipe)["weights"]:
        yield Log(
            tr("{name} was trained on another model than {model}.", name=parent.name, model=recipe.model),
            "warning",
        )
    elif any(was.get(name, ours[name]) != ours[name] for name in ("quantize", "group_size", "mode")):
        form = was.get("quantize", "no")
        shown = (
            tr("as they were saved") if form == "no" else tr("in {replace}", replace=form.replace("-", " "))
        )
        yield Log(
            tr(
                "{name} was trained on weights {shown}, and this run holds them otherwise.",
                name=parent.name,
                shown=shown,
            ),
            "warning",
        )


def keep_start(recipe: Recipe, run: RunFolder) -> Recipe:
    """Keep in the run what it must be able to go on without: a template of the person's own, and its parents.

    Returns the recipe that goes on from what was kept. Raises RunError where that has changed meanwhile.
    """
    if (template := own_template(recipe)) is not None:
        run.keep_template(_text(template))
    if recipe.base.adapter:
        keep_parents(run, adapters_of(Path(recipe.base.adapter)))
    return from_kept_parents(recipe, run, run.manifest())


def from_kept_parents(recipe: Recipe, run: RunFolder, manifest: dict[str, Any]) -> Recipe:
    """The recipe, going on from what the run keeps. Raises RunError where that is missing or has changed."""
    from studio.models.folder import adapter_fingerprint

    known = manifest.get("parents", [])
    if not known:
        return recipe
    for number, fingerprint in enumerate(known, 1):
        folder = run.path / "parents" / f"{number:02}"
        if not folder.is_dir():
            raise RunError("parent.gone", name=run.name, folder=folder)
        if adapter_fingerprint(folder) != fingerprint:
            raise RunError("parent.changed", name=run.name, folder=folder)
    return recipe.with_values({"base.adapter": str(run.parents()[-1])})


def same_base(
    run: RunFolder, manifest: dict[str, Any], recipe: Recipe, *, changed_base: bool
) -> Generator[Event, None, Recipe]:
    """The recipe, with what the run kept: its parents, and its template where the file of that is gone.

    Raises RunError where parents are missing or others by now; and, after the event that says so, when model,
    tokenizer or template are others than those the run was made with. With `changed_base` that is only said.
    """
    recipe = from_kept_parents(recipe, run, manifest)
    template = own_template(recipe)
    if template is not None and not template.is_file() and run.template.is_file():
        recipe = recipe.with_values({"data.template": str(run.template)})
    known = manifest.get("base")
    if not model_folder(recipe.model).is_dir():
        return recipe  # told of where it is loaded
    if not isinstance(known, dict):
        yield Log(
            tr(
                "An earlier version made {name}: nothing proves that its model is still the same.",
                name=run.name,
            )
        )
        return recipe
    now = base_of(recipe)
    changed = [key for key in _PARTS if known.get(key, "") != now.get(key, "")]
    if not changed:
        return recipe
    code = "base.have_changed" if len(changed) > 1 or changed == ["weights"] else "base.has_changed"
    what = listed([phrase(_PARTS[key]) for key in changed])
    said = phrase(code, what=what, folder=str(model_folder(recipe.model)), run=run.name)
    if changed_base:
        yield Log(str(phrase("base.used", changed=said)), "warning")
        return recipe
    yield BaseChanged(run.name, phrase("base.other", changed=said))
    raise RunError("base.refused", changed=said)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
