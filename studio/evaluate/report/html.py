"""A report as one HTML page that loads nothing, reads well in light and dark, and prints well."""

from __future__ import annotations

from markupsafe import Markup

from studio.evaluate.report.blocks import EvaluationReport, Picture
from studio.paths import resource


def as_html(report: EvaluationReport) -> str:
    """The page. Whatever a model or a dataset wrote is escaped; only our own figures are markup."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(resource("report/report.html").read_text(encoding="utf-8"))
    return template.render(report=report, kind_of=lambda block: type(block).__name__, drawing=_drawing)


def _drawing(picture: Picture) -> Markup:
    return Markup(picture.svg)
