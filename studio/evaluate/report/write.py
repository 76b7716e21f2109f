"""Writing a report: every form of it in one folder, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from studio.files import as_json, whole_folder, write_text
from studio.recipe.files import write_recipe
from studio.recipe.recipe import Recipe
from studio.runs.evaluations import EvaluationStored
from studio.runs.folder import RunFolder
from studio.runs.store import look

HTML, MARKDOWN, PDF, DATA = "report.html", "report.md", "report.pdf", "report.json"
FIGURES, RECIPE = "figures", "recipe.toml"
_OWN_PLACES = {"data.path": "", "data.history": ""}  # that mean nothing on another machine


def write_report(run: RunFolder, stored: EvaluationStored, folder: Path, template: str = "") -> Path:
    """Write all forms of the report of an evaluation into `folder`, in place of an earlier report there.

    Raises DiskError where it cannot be written.
    """
    from studio.evaluate.report.content import report_of
    from studio.evaluate.report.html import as_html
    from studio.evaluate.report.markdown import as_markdown
    from studio.evaluate.report.pdf import as_pdf
    from studio.evaluate.report.published import as_data, comparator, eval_results, model_index

    manifest = run.manifest()
    summary = look(run)
    learned = {"Steps": f"{summary.step:,}"}
    if summary.learning_rate is not None:
        learned["Highest learning rate"] = f"{summary.learning_rate:.3g}"
    report = report_of(manifest, stored, template, learned)
    with whole_folder(folder) as inside:
        (inside / FIGURES).mkdir()
        for picture in report.pictures:
            write_text(inside / FIGURES / f"{picture.name}.svg", picture.svg)
        write_text(inside / HTML, as_html(report))
        write_text(inside / MARKDOWN, as_markdown(report, FIGURES))
        (inside / PDF).write_bytes(as_pdf(report))
        write_text(inside / DATA, as_json(as_data(manifest, stored), indent=2) + "\n")
        write_recipe(inside / RECIPE, Recipe.kept(manifest["recipe"]).with_values(_OWN_PLACES))
        results = inside / ".eval_results"
        results.mkdir()
        write_text(results / f"{run.name}.yaml", eval_results(stored))
        write_text(inside / "model-index.yaml", model_index(stored, run.name))
        write_text(inside / "llm_comparator.json", as_json(comparator(stored), indent=2) + "\n")
    return folder
