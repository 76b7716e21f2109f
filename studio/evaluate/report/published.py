"""What other places read of an evaluation: the Hub's result files, and the LLM Comparator's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.evaluate.registry import BY_KEY, title_of
from studio.events import MEASURED, Score
from studio.runs.evaluations import EvaluationStored

_TASK = "text-generation"


def eval_results(stored: EvaluationStored) -> str:
    """The Hub's `.eval_results/*.yaml`: one entry for each score of the last contestant."""
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    who = stored.result.contestants[-1][0]
    day = _date(stored)
    entries = [
        EvalResultEntry(
            dataset_id=_dataset(stored),
            task_id=_task(score),
            value=round(value, 6),
            date=day or None,
            notes=_notes(score),
        )
        for score, value in _measured(stored, who)
    ]
    return str(yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True))


def model_index(stored: EvaluationStored, model_name: str) -> str:
    """The `model-index` of a model card's head, the older form of the same."""
    import yaml
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    who = stored.result.contestants[-1][0]
    found = [
        EvalResult(
            task_type=_TASK,
            dataset_type=_dataset(stored),
            dataset_name=stored.result.golden or _dataset(stored),
            metric_type=_task(score),
            metric_name=title_of(score.measure, score.part),
            metric_value=round(value, 6),
        )
        for score, value in _measured(stored, who)
    ]
    index = {"model-index": eval_results_to_model_index(model_name, found)}
    return str(yaml.safe_dump(index, sort_keys=False, allow_unicode=True))


def comparator(stored: EvaluationStored) -> dict[str, Any]:
    """The JSON that the LLM Comparator opens: the baseline as A, the last contestant as B.

    A score above 0 says that A is better; without a judge it is that of right and wrong.
    """
    result = stored.result
    first, last = result.contestants[0], result.contestants[-1]
    examples: list[dict[str, Any]] = []
    for answer in stored.answers:
        given = {each.contestant: each for each in answer.answers}
        if first[0] not in given or last[0] not in given:
            continue
        a, b = given[first[0]], given[last[0]]
        examples.append(
            {
                "index": len(examples),
                "input_text": answer.prompt,
                "tags": [answer.category] if answer.category else [],
                "output_text_a": a.text,
                "output_text_b": b.text,
                "score": float(a.right or False) - float(b.right or False),
                "individual_rater_scores": [],
                "custom_fields": {"ideal": answer.ideal, "change": answer.change},
            }
        )
    return {
        "metadata": {"source_path": result.run, "custom_fields_schema": _SCHEMA},
        "models": [{"name": first[1]}, {"name": last[1]}],
        "examples": examples,
    }


_SCHEMA = [{"name": "ideal", "type": "text"}, {"name": "change", "type": "category"}]


def as_data(manifest: Mapping[str, Any], stored: EvaluationStored) -> dict[str, Any]:
    """Everything, for programs."""
    from dataclasses import asdict

    result = stored.result
    return {
        "format": 1,
        "run": result.run,
        "headline": str(result.headline),
        "verdict": [str(sentence) for sentence in result.verdict],
        "primary": result.primary,
        "contestants": [{"key": key, "title": title} for key, title in result.contestants],
        "golden": result.golden,
        "seconds": result.seconds,
        "measures": {
            key: {"title": BY_KEY[key].title, "help": BY_KEY[key].help}
            for key in dict.fromkeys(score.measure for score in result.scores)
            if key in BY_KEY
        },
        "scores": [{**asdict(score), "reason": str(score.reason)} for score in result.scores],
        "figures": [{**asdict(figure), "title": str(figure.title)} for figure in stored.figures],
        "answers": [asdict(answer) for answer in stored.answers],
        "plan": dict(stored.plan),
        "recipe": manifest["recipe"],
        "versions": manifest.get("versions", {}),
        "machine": manifest.get("machine", {}),
    }


def _measured(stored: EvaluationStored, who: str) -> list[tuple[Score, float]]:
    found = [(each, each.of(who)) for each in stored.result.scores if each.state == MEASURED]
    return [(score, value) for score, value in found if value is not None]


def _task(score: Score) -> str:
    return f"{score.measure}/{score.part}" if score.part else score.measure


def _dataset(stored: EvaluationStored) -> str:
    return f"local/{stored.result.run}"


def _notes(score: Score) -> str:
    return f"{title_of(score.measure, score.part)}; n = {score.count}; unit: {score.unit}"


def _date(stored: EvaluationStored) -> str:
    name = stored.folder.name
    return f"{name[:4]}-{name[4:6]}-{name[6:8]}" if name[:8].isdigit() else ""
