"""What was made worse in a model, and only that, is named by the measure that looks for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from studio.catalogue import Phrase
from studio.dataset.dataset import Dataset
from studio.evaluate.golden import Golden, read_golden
from studio.evaluate.kept.families import FAMILIES, family_rows, family_texts
from studio.evaluate.measure import Setting
from studio.evaluate.registry import BY_KEY
from studio.evaluate.store import EvaluationStore
from studio.events import INCOMPATIBLE, MEASURED, NOT_RUN, TOO_FEW, Figure, Score
from studio.generate.contestant import OpenContestant
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.train.prepare import general_text
from tests.evaluate.contestants import open_contestant, setting_of

COSTS = ("general_text", "capability_loss", "capability_accuracy")
INSIDE = ("adapter_strength", "attention_change", "state_change", "pushed_words")


@pytest.fixture(scope="module")
def cache() -> ModelCache:
    return ModelCache()


@pytest.fixture(scope="module")
def golden(starter: Path) -> Golden:
    return Golden("a few", read_golden(starter / "golden.jsonl").items[:10])


@pytest.fixture
def setting(starter: Path, cache: ModelCache, golden: Golden, tmp_path: Path) -> Callable[..., Setting]:
    """The starter against one that `harm` was done to."""

    def made(harm: Callable[[nn.Module, OpenContestant], None] | None = None) -> Setting:
        base, tuned = (open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))
        if harm is not None:
            harm(tuned.module, base)
        return setting_of((base, tuned), EvaluationStore(tmp_path), golden=golden)

    return made


def taken(key: str, setting: Setting) -> tuple[dict[str, Score], dict[str, Figure]]:
    """The scores of a measure by their parts, and its figures by their keys."""
    events = list(BY_KEY[key].run(setting))
    scores = {event.part: event for event in events if isinstance(event, Score)}
    return scores, {event.key: event for event in events if isinstance(event, Figure)}


def said(score: Score) -> str:
    assert isinstance(score.reason, Phrase)
    return score.reason.code


def forget_facts(model: nn.Module, base: OpenContestant) -> None:
    """Give the embeddings of tokens that only answers of facts have to one another.

    The logits stay the same numbers in another order, so nothing else changes in the least.
    """
    texts = family_texts()
    counts: Counter[int] = Counter()
    of_facts: set[int] = set()
    for text, row in zip(texts, family_rows(texts, base.renderer, (2, 0)), strict=True):
        counts.update(row.ids)
        of_facts |= {
            t for t, asked in zip(row.ids, row.trained, strict=True) if asked and text.family == "facts"
        }
    counts.update(token for row in general_text(base.renderer) for token in row.ids)
    alone = sorted(token for token in of_facts if counts[token] == 1)
    assert len(alone) >= 10
    order = list(range(model.model.embed_tokens.weight.shape[0]))
    for token, other in zip(alone, [*alone[1:], alone[0]], strict=True):
        order[token] = other
    model.model.embed_tokens.weight = model.model.embed_tokens.weight[mx.array(order)]


def look_elsewhere(model: nn.Module, base: OpenContestant) -> None:
    """Change the queries of the third layer."""
    weight = model.layers[2].self_attn.q_proj.weight
    mx.random.seed(2)
    model.layers[2].self_attn.q_proj.weight = weight + 0.5 * mx.std(weight) * mx.random.normal(weight.shape)


def blunt(model: nn.Module, base: OpenContestant) -> None:
    """Take from every layer what its feed-forward part gives."""
    for layer in model.layers:
        layer.mlp.down_proj.weight = mx.zeros_like(layer.mlp.down_proj.weight)


@pytest.mark.long
def test_facts_that_were_forgotten_are_named_and_of_an_unchanged_model_nothing_is(
    setting: Callable[..., Setting], starter: Path, cache: ModelCache
) -> None:
    harmed = setting(forget_facts)
    same = open_contestant(starter / "model", "parent", cache)
    harmed.contestants = (*harmed.contestants, same)
    found = {key: taken(key, harmed)[0] for key in (*COSTS, "ideal_log_probability")}
    verdicts = {
        (key, part): [score.direction(each) for each in score.differences]
        for key, scores in found.items()
        for part, score in scores.items()
    }
    assert {after for _, after in verdicts.values()} == {"unclear"}
    assert {score.differences[1].value for scores in found.values() for score in scores.values()} == {0}
    worse = {place for place, (before, _) in verdicts.items() if before == "worse"}
    assert worse == {(key, part) for key in COSTS[1:] for part in ("", "facts")}
    loss, right = found["capability_loss"], found["capability_accuracy"]
    assert loss["arithmetic"].state == right["arithmetic"].state == MEASURED
    for score in (loss["arithmetic"], right["arithmetic"], found["general_text"][""]):
        assert score.differences[0].value == pytest.approx(0, abs=1e-6)
    assert list(loss) == list(right) == ["", *FAMILIES]
    unable = {"english", "code", "languages", "formatting"}
    assert {part for part, score in loss.items() if score.state == INCOMPATIBLE} == unable
    assert {said(loss[part]) for part in unable} == {"kept.guesses"}
    assert {part for part, score in right.items() if score.state == TOO_FEW} == unable
    assert {said(right[part]) for part in unable} == {"kept.unable"}
    assert (loss[""].state, loss[""].count) == (MEASURED, loss["facts"].count + loss["arithmetic"].count)


@pytest.mark.long
def test_a_blunted_model_reads_general_text_and_ideal_answers_worse(setting: Callable[..., Setting]) -> None:
    harmed = setting(blunt)
    for key in ("general_text", "ideal_log_probability"):
        score = taken(key, harmed)[0][""]
        assert score.direction(score.differences[0]) == "worse", key


def test_divergence_is_nothing_of_an_unchanged_model_and_names_the_tokens_of_a_blunted_one(
    setting: Callable[..., Setting], golden: Golden
) -> None:
    same, _ = taken("task_divergence", setting())
    assert same[""].of("tuned") == 0
    scores, figures = taken("task_divergence", setting(blunt))
    assert (scores[""].of("tuned") or 0) > 0.01
    assert scores[""].direction(scores[""].differences[0]) == "unclear"  # a change alone is no loss
    data = figures["tuned"].data
    told = "".join(data["texts"]).split("\n\n")[:-1]
    asked = {f"{item.prompt}\n{item.ideal}" for item in golden.items}
    assert len(told) == 8
    assert set(told) <= asked
    for series in data["series"]:
        assert len(series["values"]) == len(data["texts"])
        beside = {text for text, value in zip(data["texts"], series["values"], strict=True) if value is None}
        assert beside == {"\n\n", *(f"{text.partition('\n')[0]}\n" for text in told)}
    json.dumps(data)


@pytest.mark.parametrize("key", INSIDE)
def test_nothing_has_changed_inside_an_unchanged_model(key: str, setting: Callable[..., Setting]) -> None:
    scores, figures = taken(key, setting())
    assert (scores[""].state, scores[""].of("tuned")) == (MEASURED, 0)
    for figure in figures.values():
        if figure.kind_of_figure == "heat":
            assert np.nanmax(np.array(figure.data["values"], float)) == 0


def test_the_layer_whose_queries_were_changed_is_named_by_what_looks_inside(
    setting: Callable[..., Setting],
) -> None:
    harmed = setting(look_elsewhere)
    matrices = taken("adapter_strength", harmed)[1]["tuned"].data
    assert matrices["x"] == ["q_proj"]
    assert [value > 0.1 for (value,) in matrices["values"]] == [False, False, True, False]
    scores, figures = taken("attention_change", harmed)
    assert (scores[""].of("tuned") or 0) > 0.001
    data = figures["tuned"].data
    heads = np.array(data["values"]).mean(axis=1)
    assert heads[:2].max() == 0
    assert heads.argmax() == 2
    first, *more = data["details"]["kept"]
    assert first["y"] == 2
    for kept in (first, *more):
        assert [each["name"] for each in kept["series"]] == ["Base", "Tuned"]
        one, other = (np.array(each["values"]) for each in kept["series"])
        assert one.shape == other.shape == (len(data["details"]["labels"]),) * 2
        assert one.sum(axis=1) == pytest.approx(1, abs=0.02)
        assert np.array_equal(one, other) == (kept["y"] < 2)
    scores, figures = taken("state_change", harmed)
    for key in ("relative", "direction", "lens"):
        values = figures[key].data["series"][0]["y"]
        assert max(values[:2]) == pytest.approx(0, abs=1e-6)
        assert min(values[2:]) > 1e-5


def test_the_word_that_a_layer_was_made_to_say_heads_the_table(setting: Callable[..., Setting]) -> None:
    def push(model: nn.Module, base: OpenContestant) -> None:
        (word,) = base.tokenizer.encode(" Paris", add_special_tokens=False)
        direction = model.model.embed_tokens.weight[word]
        inner = model.layers[1].mlp

        class Pushing(nn.Module):
            def __call__(self, x: mx.array) -> mx.array:
                return inner(x) + 20 * direction

        model.layers[1].mlp = Pushing()

    _, figures = taken("pushed_words", setting(push))
    rows = [row for row in figures["tuned"].data["rows"] if row[1] == 2]
    assert len(rows) == 5
    assert {row[0].split(" · ")[0] for row in rows} == {"Paris"}
    assert min(row[4] for row in rows) > 0.9


@pytest.mark.parametrize("key", [*INSIDE, "task_divergence"])
def test_another_model_cannot_be_laid_over_and_says_so(
    key: str, starter: Path, tiny_model: Path, golden: Golden, tmp_path: Path, cache: ModelCache
) -> None:
    both = open_contestant(starter / "model", "base", cache), open_contestant(tiny_model, "tuned", cache)
    scores, figures = taken(key, setting_of(both, EvaluationStore(tmp_path), golden=golden))
    assert (scores[""].state, said(scores[""]), figures) == (INCOMPATIBLE, "inside.other_vocabulary", {})


@pytest.mark.parametrize("key", [*INSIDE, "task_divergence"])
def test_without_anybody_to_compare_nothing_is_measured(key: str, setting: Callable[..., Setting]) -> None:
    alone = setting()
    alone.contestants = alone.contestants[:1]
    assert (taken(key, alone)[0][""].state, said(taken(key, alone)[0][""])) == (NOT_RUN, "inside.nobody")


def test_a_family_without_attention_says_so_and_the_others_are_measured(
    setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mlx_lm.models.qwen3.scaled_dot_product_attention",
        lambda q, k, v, **_: (
            mx.softmax(q @ mx.repeat(k, 2, 1).swapaxes(-1, -2), axis=-1) @ mx.repeat(v, 2, 1)
        ),
    )
    score = taken("attention_change", setting())[0][""]
    assert (score.state, said(score)) == (INCOMPATIBLE, "inside.attention_unseen")
    assert taken("state_change", setting())[0][""].state == MEASURED


def test_every_text_of_a_family_counts_what_is_to_be_known(starter: Path, cache: ModelCache) -> None:
    base = open_contestant(starter / "model", "base", cache)
    texts = family_texts()
    rows = family_rows(texts, base.renderer, base.tokenizer.eos_token_ids)
    assert set(Counter(text.family for text in texts).values()) == {24}
    for text, row in zip(texts, rows, strict=True):
        counted = [token for token, asked in zip(row.ids, row.trained, strict=True) if asked]
        assert counted
        written = base.tokenizer.decode(counted)
        if text.asked:
            assert text.text.endswith(written)
            assert text.text[text.asked :].strip() in written
    assert "¦" not in "".join(text.text for text in texts)


@pytest.mark.long
def test_without_a_golden_set_held_out_examples_are_read_and_long_ones_no_further_than_is_asked(
    setting: Callable[..., Setting], golden: Golden, tmp_path: Path
) -> None:
    """As of a run that kept no test examples; attention is read only so far, divergence as a whole."""
    harmed = setting(look_elsewhere)
    harmed.golden = Golden("", ())
    assert said(taken("task_divergence", harmed)[0][""]) == "inside.no_texts"
    rows = [{"prompt": item.prompt, "completion": item.ideal} for item in golden.items]
    rows += [{"prompt": f"{number} " + "frog " * 200, "completion": "A frog."} for number in range(10)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = Recipe().with_values({"data.path": str(file), "data.validation_share": 0.5}).data
    harmed.data = Dataset.load(file, harmed.contestants[0].renderer, fields, seed=1)
    held_out = [len(example.tokens.ids) for example in harmed.data.validation]
    assert min(held_out) < 160 < max(held_out)
    for key in ("task_divergence", "attention_change"):
        score = taken(key, harmed)[0][""]
        assert (score.state, score.count) == (MEASURED, len(held_out)), key
