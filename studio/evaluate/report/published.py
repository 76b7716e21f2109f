"""What other places read of an evaluation: the Hub's result files, and the LLM Comparator's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.evaluate.judging.pairs import LOST, TIED, WON
from studio.evaluate.measures.golden_answers import TASK
from studio.evaluate.measures.judge_pairs import words_on
from studio.evaluate.registry import BY_KEY, title_of
from studio.evaluate.store import EvaluationStore
from studio.events import MEASURED, Score
from studio.generate.contestant import TUNED, is_served
from studio.runs.evaluations import EvaluationStored

_TASK = "text-generation"


def eval_results(stored: EvaluationStored) -> str:
    """The Hub's `.eval_results/*.yaml`: one entry for each score of what is published."""
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    who = _published(stored)[0]
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

    who = _published(stored)[0]
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
    """The JSON that the LLM Comparator opens: the baseline as A, what is published as B.

    A score above 0 says that A is better: by a judge in both orders, or where none was asked by right and
    wrong.
    """
    result, store = stored.result, EvaluationStore(stored.folder)
    first, last = result.contestants[0], _published(stored)
    examples: list[dict[str, Any]] = []
    for answer in stored.answers:
        given = {each.contestant: each for each in answer.answers}
        if first[0] not in given or last[0] not in given:
            continue
        a, b = given[first[0]], given[last[0]]
        raters = _raters(words_on(store, last[0], answer.id)) if answer.task == TASK else []
        right = float(a.right or False) - float(b.right or False)
        examples.append(
            {
                "index": len(examples),
                "input_text": answer.prompt,
                "tags": [answer.category] if answer.category else [],
                "output_text_a": a.text,
                "output_text_b": b.text,
                "score": sum(each["score"] for each in raters) / len(raters) if raters else right,
                "individual_rater_scores": raters,
                "custom_fields": {"ideal": answer.ideal, "change": answer.change},
            }
        )
    return {
        "metadata": {"source_path": result.run, "custom_fields_schema": _SCHEMA},
        "models": [{"name": first[1]}, {"name": last[1]}],
        "examples": examples,
    }


_LABELS = {WON: (-1.0, "B is better"), TIED: (0.0, "A is same as B"), LOST: (1.0, "A is better")}


def _raters(words: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """A judge's verdicts as raters; in the second order the answers changed places."""
    return [
        {
            "score": _LABELS[said][0],
            "rating_label": _LABELS[said][1],
            "is_flipped": place == 1,
            "rationale": reason,
        }
        for place, (said, reason) in enumerate(words)
        if said in _LABELS
    ]


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


def _published(stored: EvaluationStored) -> tuple[str, str]:
    """The key and title of what the run came to; where it did not compete, of the last model that is here."""
    here = [each for each in stored.result.contestants if not is_served(each[0])]
    return next((each for each in here if each[0] == TUNED), here[-1])


def _date(stored: EvaluationStored) -> str:
    name = stored.folder.name
    return f"{name[:4]}-{name[4:6]}-{name[6:8]}" if name[:8].isdigit() else ""
