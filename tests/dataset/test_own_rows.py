"""Every answer that the recipe asks for is trained, whatever a template makes of what came before it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import phrase
from studio.cli.data import example as shown_example
from studio.cli.results import of_dataset
from studio.dataset.checks.registry import check_all
from studio.dataset.dataset import Dataset
from studio.dataset.record import Call, Message, Record
from studio.dataset.render import chat_template
from studio.dataset.render.render import ExampleError, Renderer, Rendering, Tokens
from studio.events import finished
from studio.jobs.forecast import Examples
from studio.recipe.fields import Data
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from tests.conftest import refused
from tests.dataset.conftest import wrap
from tests.dataset.test_render import talk
from tests.dataset.test_render_templates import tokenizer_of

CHATML_END = "<|im_end|>"

STRIPPED = (  # as DeepSeek-R1's: thoughts are never shown, and the prompt opens them
    "{% for m in messages %}<|{{ m.role }}|>"
    "{% set said = m.content %}{% if m.role == 'assistant' and '</think>' in said %}"
    "{% set said = said.split('</think>')[-1] %}{% endif %}{{ said }}"
    "{% if m.role == 'assistant' %}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>OPEN{% endif %}"
)
PROMPTED = (  # as QwQ's: thoughts are shown in the last answer, and the prompt opens them
    "{% for m in messages %}<|{{ m.role }}|>\n"
    "{% if m.role == 'assistant' and not loop.last and '</think>' in m.content %}"
    "{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% else %}{{ m.content }}{% endif %}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n<think>\n{% endif %}"
)
SYSTEM_LAST = (  # as Mistral 7B v0.3's: what the system says stands before the last question
    "{% set said = messages[0].content if messages[0].role == 'system' else '' %}"
    "{% for m in messages if m.role != 'system' %}{% if m.role == 'user' %}<|user|>"
    "{% if loop.last and said %}{{ said }}\n\n{% endif %}{{ m.content }}<|assistant|>"
    "{% else %} {{ m.content }}<|end|>{% endif %}{% endfor %}"
)
SYSTEM_IN_LAST_QUESTION = (  # as its relatives: before the last question, though an answer follows it
    "{% set said = messages[0].content if messages[0].role == 'system' else '' %}"
    "{% set last = (messages | selectattr('role', 'equalto', 'user') | list)[-1] %}"
    "{% for m in messages if m.role != 'system' %}{% if m.role == 'user' %}<|user|>"
    "{% if m == last and said %}{{ said }}\n\n{% endif %}{{ m.content }}<|assistant|>"
    "{% else %} {{ m.content }}<|end|>{% endif %}{% endfor %}"
)
TEMPLATES = {
    "stripped": STRIPPED.replace("OPEN", ""),
    "stripped, opened": STRIPPED.replace("OPEN", "<think>\n"),
    "stripped, opened in line": STRIPPED.replace("OPEN", "<think>"),
    "prompted": PROMPTED,
    "system last": SYSTEM_LAST,
    "system in last question": SYSTEM_IN_LAST_QUESTION,
}
THOUGHTS = talk(
    "One?", "<think>\nfirst\n</think>\n\n1", "Two?", "<think>\nsecond\n</think>\n\n2", "Three?", "3"
)
SYSTEM = replace(talk("One?", "1", "Two?", "2", "Three?", "3"))
SYSTEM = replace(SYSTEM, messages=(Message("system", "Be brief."), *SYSTEM.messages))
CASES = [(name, record) for name in TEMPLATES for record in (THOUGHTS, SYSTEM)]


@pytest.fixture
def renderer_of(core: Any) -> Callable[..., Renderer]:
    def renderer_of(template: str, **rendering: Any) -> Renderer:
        return Renderer(wrap(core, template, "<|end|>"), Rendering(**rendering))

    return renderer_of


def answers_of(record: Record) -> Iterator[tuple[tuple[Message, ...], str]]:
    """Each answer with all that stands before it."""
    for index, message in enumerate(record.messages):
        if message.role == "assistant":
            yield record.messages[:index], message.content


def trained_parts(tokenizer: Any, tokens: Tokens) -> list[tuple[int, str]]:
    """Where each trained stretch begins, and its text."""
    parts: list[tuple[int, list[int]]] = []
    for place, (token, on) in enumerate(zip(tokens.ids, tokens.trained, strict=True)):
        if on and not tokens.trained[place - 1]:
            parts.append((place, []))
        if on:
            parts[-1][1].append(token)
    return [(place, str(tokenizer.decode(ids))) for place, ids in parts]


@pytest.mark.parametrize(("name", "record"), CASES)
def test_every_answer_is_trained_once_behind_the_prompt_that_the_model_would_see(
    name: str, record: Record, core: Any, renderer_of: Callable[..., Renderer]
) -> None:
    tokenizer, renderer = wrap(core, TEMPLATES[name], "<|end|>"), renderer_of(TEMPLATES[name])
    found = {}
    for example in renderer.render(record):
        for place, text in trained_parts(tokenizer, example.tokens):
            found[tokenizer.decode(example.tokens.ids[:place])] = text
    wanted = {}
    for before, answer in answers_of(record):
        prompt = str(tokenizer.decode(renderer.prompt_ids(before)))
        opened = "<think>" if prompt.rstrip().endswith("<think>") else ""
        if opened and opened not in answer:
            answer = f"<think>\n\n</think>\n\n{answer}"
        answer = answer.removeprefix(opened)
        answer = answer.removeprefix("\n") if opened and prompt.endswith("\n") else answer
        wanted[prompt] = f"{answer}<|end|>"
    assert {prompt: text.lstrip(" ") for prompt, text in found.items()} == wanted


def test_answers_that_one_row_can_show_stay_in_it(renderer_of: Callable[..., Renderer]) -> None:
    renderer = renderer_of(TEMPLATES["stripped"])
    assert len(renderer.render(talk("a", "b", "c", "d", "e", "f"))) == 1
    assert len(renderer.render(THOUGHTS)) == 3  # the whole conversation for the last, the others apart


def test_the_last_answer_alone_is_one_row(renderer_of: Callable[..., Renderer]) -> None:
    for template in TEMPLATES.values():
        renderer = renderer_of(template, train_on="last_answer")
        (example,) = renderer.render(SYSTEM)
        (with_all) = renderer_of(template).render(SYSTEM)
        last = [t for t, on in zip(example.tokens.ids, example.tokens.trained, strict=True) if on]
        every = with_all[-1].tokens
        assert last == [t for t, on in zip(every.ids, every.trained, strict=True) if on][-len(last) :]


def test_an_answer_that_is_only_context_has_no_row(renderer_of: Callable[..., Renderer]) -> None:
    first, answer, *rest = THOUGHTS.messages
    record = replace(THOUGHTS, messages=(first, replace(answer, trained=False), *rest))
    assert len(renderer_of(PROMPTED).render(record)) == 2


def test_qwen3_trains_both_answers_of_a_conversation_with_thoughts(write: Callable[..., Path]) -> None:
    thoughts = [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "<think>\none\n</think>\n\n4"},
        {"role": "user", "content": "3+3?"},
        {"role": "assistant", "content": "<think>\ntwo\n</think>\n\n6"},
    ]
    plain = [{**turn, "content": turn["content"].rpartition("\n")[2]} for turn in thoughts]
    others = [
        [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}."}] for n in range(4)
    ]
    path = write("d.jsonl", [{"messages": turns} for turns in (plain, thoughts, *others)])
    tokenizer = tokenizer_of("qwen3")
    dataset = Dataset.load(path, Renderer(tokenizer), Data(), 0)
    rows = [e for e in (*dataset.train, *dataset.validation, *dataset.test) if e.record.line == 2]
    texts = [text for example in rows for _, text in trained_parts(tokenizer, example.tokens)]
    assert texts == [
        f"<think>\none\n</think>\n\n4{CHATML_END}",
        f"<think>\ntwo\n</think>\n\n6{CHATML_END}",
    ]

    # On one side of the split, and counted as what they are.
    parts = [{e.record.line for e in part} for part in (dataset.train, dataset.validation, dataset.test)]
    assert sum(2 in part for part in parts) == 1
    read = dataset.read_event("m")
    lengths = tuple(len(e.tokens.ids) for e in rows)
    assert {row.line: row.rows for row in read.rows if row.rows} == {2: lengths}
    told = of_dataset(read)
    assert (told.document["examples"], told.document["rows"]) == (6, 7)
    assert "1 conversation in 2 rows: once a conversation goes on" in told.text
    assert "Every row can train" not in told.text
    examples = Examples.of([replace(row, split="train") for row in read.rows])
    assert (examples.count, len(examples.tokens)) == (6, 7)
    findings = {finding.check: finding for finding in finished(check_all(dataset.checked()))}
    assert findings["own rows"].lines == (2,)
    assert findings["own rows"].summary == "1 row trains as 2 rows."

    # And shown as they are.
    shown = dataset.rendered(2)
    assert shown.rows == lengths
    assert [piece.trained for piece in shown.pieces] == [on for e in rows for on in e.tokens.trained]


def test_a_conversation_that_keeps_thoughts_twice_shows_them_once(write: Callable[..., Path]) -> None:
    said = {"role": "assistant", "content": "<think>\nadd\n</think>\n\n4", "reasoning_content": "add"}
    path = write("d.jsonl", [{"messages": [{"role": "user", "content": "2+2?"}, said]}])
    tokenizer = tokenizer_of("qwen3")
    dataset = Dataset.load(path, Renderer(tokenizer), Data(), 0)
    (example,) = dataset.train
    assert tokenizer.decode(example.tokens.ids).count("<think>") == 1


def test_rows_too_long_are_left_out_one_by_one_and_told(
    write: Callable[..., Path], renderer_of: Callable[..., Renderer]
) -> None:
    turns = [{"role": m.role, "content": m.content} for m in THOUGHTS.messages]
    path = write("d.jsonl", [{"messages": turns}])
    lengths = [len(e.tokens.ids) for e in renderer_of(PROMPTED).render(THOUGHTS)]
    dataset = Dataset.load(path, renderer_of(PROMPTED, max_length=lengths[1]), Data(), 0)
    assert [len(e.tokens.ids) for e in dataset.train] == lengths[:2]
    assert dataset.left_out == (lengths[2],)
    assert [p.code for p in dataset.problems if p.line] == ["row.rows_left_out"]
    with refused("row.no_example", ExampleError, line=1, reason="row.too_long"):
        renderer_of(PROMPTED, max_length=lengths[0] - 1).render(THOUGHTS)


def test_all_of_the_text_is_trained_once_and_of_further_rows_the_answer(
    renderer_of: Callable[..., Renderer],
) -> None:
    *further, whole = (e.tokens for e in renderer_of(PROMPTED, train_on="all").render(THOUGHTS))
    answers = [e.tokens for e in renderer_of(PROMPTED).render(THOUGHTS)]
    assert whole.trained == (False, *[True] * (len(whole.ids) - 1))
    assert further == answers[:-1]


def test_runs_of_the_first_release_render_as_it_did(renderer_of: Callable[..., Renderer]) -> None:
    stripping = TEMPLATES["stripped"]
    (example,) = renderer_of(stripping, every_answer=False).render(THOUGHTS)
    assert len(renderer_of(stripping).render(THOUGHTS)) == 3
    assert sum(example.tokens.trained) < sum(
        sum(e.tokens.trained) for e in renderer_of(stripping).render(THOUGHTS)
    )
    with refused("row.no_example", ExampleError, reason="template.no_answer"):
        renderer_of(PROMPTED, every_answer=False).render(talk("Hi", "yes"))


def test_a_template_that_leaves_out_the_system_is_refused_with_that_reason(
    renderer_of: Callable[..., Renderer],
) -> None:
    silent = PROMPTED.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")
    why = phrase("template.no_system", template=phrase("template.of_model"))
    with refused("row.no_example", ExampleError, reason=why):
        renderer_of(silent).render(SYSTEM)


def test_pairs_train_behind_a_prompt_that_opens_thoughts(renderer_of: Callable[..., Renderer]) -> None:
    record = replace(talk("Hi", "good"), rejected="bad")
    renderer = renderer_of(TEMPLATES["stripped, opened"], objective="dpo")
    (example,) = renderer.render(record)
    prompt = renderer.prompt_ids(record.messages[:1])
    assert example.rejected is not None
    for side in (example.tokens, example.rejected):
        assert list(side.ids[: len(prompt)]) == prompt
        assert side.trained.index(True) == len(prompt)


def test_a_template_that_adds_the_arguments_of_a_call_to_a_text_is_given_a_text(core: Any) -> None:
    template = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
        "{% for c in m.tool_calls or [] %}{{ c.function.name + ' ' + c.function.arguments }}{% endfor %}"
        "<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    tokenizer = wrap(core, template, "<|end|>")
    call = Message("assistant", "", calls=(Call("weather", '{"city": "Bern"}'),))
    (example,) = Renderer(tokenizer).render(Record(1, (Message("user", "Hi"), call)))
    assert trained_parts(tokenizer, example.tokens)[0][1] == 'weather {"city": "Bern"}<|end|>'


def test_a_conversation_of_too_many_rows_is_refused_in_words(
    renderer_of: Callable[..., Renderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_template, "MOST_ROWS", 2)
    why = phrase("template.too_many_rows", template=phrase("template.of_model"), limit=2)
    with refused("row.no_example", ExampleError, reason=why):
        renderer_of(TEMPLATES["stripped, opened"]).render(THOUGHTS)


def test_the_command_line_shows_each_row_under_its_number(
    write: Callable[..., Path], tiny_model: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "prompted"))
    config = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    config["chat_template"] = PROMPTED.replace("<|end|>", CHATML_END)
    (model / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    turns = [{"role": m.role, "content": m.content} for m in THOUGHTS.messages]
    path = write("d.jsonl", [{"messages": turns}])
    recipe = Recipe().with_values({"model": str(model), "data.path": str(path)})
    text = shown_example(recipe, DatasetCache(), 1).text
    assert [line for line in text.splitlines() if line.startswith("Row ")] == [
        "Row 1 of 3",
        "Row 2 of 3",
        "Row 3 of 3",
    ]
    assert "⟦first\n</think>\n\n1<|im_end|>⟧" in text
