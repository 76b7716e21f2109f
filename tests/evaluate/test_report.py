"""A report says the same in every form, carries what is needed to judge it, and lets nothing in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from huggingface_hub import parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results
from lxml import html as lxml_html
from pypdf import PdfReader

from studio.evaluate.report.content import report_of
from studio.evaluate.report.html import as_html
from studio.evaluate.report.markdown import as_markdown
from studio.evaluate.report.pdf import as_pdf
from studio.evaluate.report.pictures import ROWS, intervals, picture_of
from studio.evaluate.report.published import comparator, eval_results, model_index
from studio.evaluate.scoring import scored
from studio.events import NOT_RUN, Answered, Evaluated, Figure, GivenAnswer, Score
from studio.recipe.recipe import Recipe
from studio.runs.evaluations import EvaluationStored

HOSTILE = (
    '<script>alert("x")</script> [link](javascript:alert(1)) `code` | #heading $x$ \\ "quoted" \u0007 日本'
)
MANIFEST = {
    "recipe": Recipe().with_values({"lora.rank": 4}).model_dump(mode="json"),
    "versions": {"mlx": "0.32"},
}


@pytest.fixture(scope="module")
def stored() -> EvaluationStored:
    exact = scored("golden_exact", {"base": [0.0] * 30, "tuned": [1.0] * 28 + [0.0] * 2})
    loss = scored(
        "validation_loss", {"base": [2.0, 2.2] * 10, "tuned": [1.0, 1.5] * 10}, unit="nats", better="lower"
    )
    scores = (exact, loss, Score("general_text", state=NOT_RUN, reason="There is no general text."))
    answers = tuple(
        Answered(
            "golden",
            str(number),
            f"{number}: {HOSTILE}",
            HOSTILE,
            (GivenAnswer("base", HOSTILE, right=number > 6), GivenAnswer("tuned", HOSTILE, right=number < 7)),
        )
        for number in range(9)
    )
    figures = (
        Figure(
            "x",
            "heat",
            "heat",
            HOSTILE,
            {"x": ["1", "2"], "y": [HOSTILE], "values": [[None, 0.9]], "unit": ""},
        ),
        Figure("x", "bars", "bars", "Bars", {"x": ["a"], "series": [{"name": HOSTILE, "values": [-1.0]}]}),
        Figure("x", "dots", "dots", "Dots", {"points": [{"x": 1, "y": 2, "label": HOSTILE, "series": "s"}]}),
        Figure("x", "lines", "lines", "Lines", {"series": [{"name": "l", "x": [0, 1], "y": [1, 1]}]}),
        Figure(
            "x",
            "tokens",
            "tokens",
            "Tokens",
            {"texts": ["\x07", HOSTILE, "asked\n"], "series": [{"name": "t", "values": [1, -1, None]}]},
        ),
        Figure("x", "table", "table", "Table", {"heads": ["h"], "rows": [[HOSTILE], [0.123456]]}),
    )
    result = Evaluated(
        "capitals",
        "30 golden prompts",
        "Better",
        ("Exact match rose.",),
        scores,
        "golden_exact",
        (("base", "Base"), ("tuned", "Tuned")),
        3.0,
    )
    plan = {"options": {"suite": "quick", "seed": 3}, "contestants": [{"key": "base", "fingerprint": "abc"}]}
    folder = Path("/runs/capitals/evaluations/20261127-101010-000001")
    return EvaluationStored(folder, plan, (*answers, *figures), result)


def test_the_page_holds_what_a_model_wrote_as_text_and_loads_nothing(stored: EvaluationStored) -> None:
    page = as_html(report_of(MANIFEST, stored))
    tree = lxml_html.fromstring(page)
    assert tree.xpath("//script | //link | //iframe | //img | //a") == []
    assert not re.search(r"""(src|href|url\()\s*=?\s*["']?(http|//)""", page)
    shown = " ".join(tree.text_content().split())
    assert " ".join(HOSTILE.split()) in shown
    assert "chosen before the start" in shown
    assert len(tree.xpath("//h3")) > 3
    assert len(tree.xpath("//figure//*[local-name()='svg']")) == 6


def test_bars_of_shares_are_drawn_in_per_cent_as_in_the_window() -> None:
    data = {"x": ["a"], "series": [{"name": "Base", "values": [0.0435]}]}
    drawn = [
        picture_of(Figure("x", "bars", "bars", "Bars", {**data, "unit": unit})) for unit in ("share", "nats")
    ]
    shares, nats = (picture.svg if picture else "" for picture in drawn)
    assert ("4 %" in shares, "0.0435" in shares, "0.0435" in nats) == (True, False, True)


def test_a_report_says_how_much_and_how_sure_and_what_was_not_measured(stored: EvaluationStored) -> None:
    text = as_markdown(report_of(MANIFEST, stored))
    for said in ("+93", "95 % interval", "Can show", "lora.rank", "not run", "chosen before the start"):
        assert said in text.replace("\\", "")
    assert "There is no general text." in text
    assert "studio evaluate capitals \\-\\-suite" not in text
    assert "studio evaluate capitals --suite quick --seed 3" in text
    examples = [line for line in text.splitlines() if line.startswith("- **")]
    assert len(examples) == 5 + 2  # five that training put right, both that it broke
    assert "<script>" not in text.replace("\\<", "")


def test_the_document_holds_the_same_words_and_figures(stored: EvaluationStored) -> None:
    pages = PdfReader(BytesIO(as_pdf(report_of(MANIFEST, stored)))).pages
    text = " ".join(page.extract_text() for page in pages)
    for said in ("Evaluation of capitals", "Better", "Exact match rose.", "93 %", 'alert("x")', "#heading"):
        assert said in text


def test_the_hub_and_the_comparator_read_what_is_written_for_them(stored: EvaluationStored) -> None:
    entries = parse_eval_result_entries(yaml.safe_load(eval_results(stored)))
    assert {entry.task_id: entry.value for entry in entries} == {
        "golden_exact": pytest.approx(28 / 30, abs=1e-6),
        "validation_loss": pytest.approx(1.25),
    }
    assert entries[0].date == "2026-11-27"
    name, found = model_index_to_eval_results(yaml.safe_load(model_index(stored, "capitals"))["model-index"])
    assert name == "capitals"
    assert {each.metric_type: each.metric_value for each in found}["golden_exact"] == pytest.approx(0.933333)
    document = json.loads(json.dumps(comparator(stored)))
    assert [model["name"] for model in document["models"]] == ["Base", "Tuned"]
    assert [example["score"] for example in document["examples"]] == [-1.0] * 7 + [1.0] * 2
    assert document["examples"][0]["output_text_b"] == HOSTILE


def test_a_contestant_of_a_single_measure_is_named_in_its_table(stored: EvaluationStored) -> None:
    right = {"base": [0.0] * 30, "base+few_shot": [1.0] * 30, "tuned": [1.0] * 28 + [0.0] * 2}
    scores = (*stored.result.scores, scored("approaches", right))
    told = as_markdown(report_of(MANIFEST, replace(stored, result=replace(stored.result, scores=scores))))
    assert "| Other approaches | Base, few shot | 30 |" in told
    assert "| Other approaches | Tuned | 30 |" in told
    assert "| Exact match | 30 |" in told  # where two compete, nobody need be named


def test_many_differences_are_divided_so_that_each_figure_fits_on_a_page() -> None:
    score = scored("golden_exact", {"base": [0.0] * 30, "tuned": [1.0] * 30})
    rows = [(f"Row {number}", score, score.differences[0]) for number in range(ROWS)]
    height = float(intervals(rows).svg.split('viewBox="0 0 680 ')[1].split('"')[0])
    assert height < 1.25 * 680
