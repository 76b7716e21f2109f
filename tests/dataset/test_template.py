"""Templates that a person chooses: ChatML for every tokenizer, and files of their own, checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import Phrase, phrase
from studio.dataset.read import formats
from studio.dataset.render.render import ExampleError, Renderer, Rendering
from studio.dataset.render.user_template import SIZE_LIMIT
from studio.errors import DataError
from tests.conftest import refused
from tests.dataset.test_render import talk, tokens_of, trained_text
from tests.dataset.test_render_templates import TALKS, TEMPLATES, WEATHER, rendered, tokenizer_of

PLAIN = (
    "{% for m in messages %}\n<{{ m.role }}>{{ m.content }}{{ eos_token }}\n{% endfor %}\n"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def test_chatml_writes_its_marks_as_tokens_where_the_tokenizer_has_them(chatml: Any) -> None:
    renderer = Renderer(chatml, Rendering("chatml"))
    assert renderer.description == "ChatML"
    assert renderer.render(talk("Hi", "yes", "Sure?", "no")) == Renderer(chatml).render(
        talk("Hi", "yes", "Sure?", "no")
    )
    assert renderer.prompt_ids(talk("Hi").messages) == Renderer(chatml).prompt_ids(talk("Hi").messages)


@pytest.mark.parametrize(("name", "end"), [("llama2", "</s>"), ("mistral", "<|endoftext|>")])
def test_chatml_ends_an_answer_with_the_tokenizers_own_end_where_its_marks_are_text(
    tokenizers_by_name: dict[str, Any], name: str, end: str
) -> None:
    tokenizer = tokenizers_by_name[name]
    if name == "mistral":
        tokenizer = tokenizer_of("mistral")
        end = "</s>"
    renderer = Renderer(tokenizer, Rendering("chatml"))
    tokens = tokens_of(renderer, talk("Hi", "yes", "Sure?", "no"))
    assert trained_text(tokenizer, tokens).replace(" ", "") == f"yes<|im_end|>{end}no<|im_end|>{end}"
    assert tokenizer.eos_token_id in renderer.stops
    prompt = renderer.prompt_ids(talk("Hi").messages)
    assert list(tokens.ids[: len(prompt)]) == prompt
    assert tokens.ids.count(tokenizer.bos_token_id) == (name == "llama2")


def test_chatml_has_a_place_for_tools_as_qwen_writes_them() -> None:
    qwen = tokenizer_of("qwen2.5")
    record = formats.record(1, "chat", {"messages": TALKS["calls"], "tools": WEATHER})
    (example,) = Renderer(qwen, Rendering("chatml", max_length=4096)).render(record)
    assert example.tokens == rendered(qwen, "calls")


@pytest.mark.parametrize("name", ["qwen3", "llama3.1", "mistral"])
def test_a_template_in_a_file_writes_what_it_writes_as_a_models_own(name: str) -> None:
    tokenizer = tokenizer_of(name)
    rendering = Rendering(str(TEMPLATES / f"{name}.jinja"), max_length=4096)
    record = formats.record(1, "chat", {"messages": TALKS["system"]})
    own = Renderer(tokenizer).render(record)
    tokenizer.chat_template = None
    assert Renderer(tokenizer, rendering).render(record) == own
    assert Renderer(tokenizer, rendering).description == f"the template {name}.jinja"


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.jinja")), ids=lambda path: path.stem)
def test_published_templates_pass_the_check(path: Path, base: Any) -> None:
    Renderer(base, Rendering(str(path)))


def test_a_template_for_a_model_without_one_trains_the_answers(base: Any, write: Callable[..., Path]) -> None:
    renderer = Renderer(base, Rendering(str(write("own.jinja", PLAIN))))
    tokens = tokens_of(renderer, talk("Hi", "yes", "No?", "no"))
    assert trained_text(base, tokens) == "yes<|endoftext|>no<|endoftext|>"


OWN = phrase("template.of_file", file="own.jinja")


def refusal(line: int, fault: Phrase | str) -> Phrase:
    return phrase("template.refuses_in_line", template=OWN, line=line, fault=fault)


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("\n\n{% for m in messages %}{{ m.content }", 3, "template.syntax"),
        ("{% for m in messages %}\n{{ m.content }}", 2, "template.syntax"),
        ("{{ messages | tojsn }}", 1, phrase("template.no_filter", name="tojsn")),
        ("{{ messages }}\n{% if 1 is evn %}{% endif %}", 2, phrase("template.no_test", name="evn")),
        (
            "{% for m in messages %}\n{{ mesage.content }}{% endfor %}",
            2,
            phrase("template.near_name", name="mesage", near="messages"),
        ),
        ("{{ messages }}\n\n{{ zzzzzz }}", 3, "template.no_name"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", 1, "template.nested"),
    ],
)
def test_a_template_that_is_none_is_refused_with_its_line(
    source: str, line: int, reason: Phrase | str, base: Any, write: Callable[..., Path]
) -> None:
    with refused("template.damaged", DataError, file="own.jinja", line=line, reason=reason):
        Renderer(base, Rendering(str(write("own.jinja", source))))


@pytest.mark.parametrize(
    ("source", "line", "fault"),
    [
        ("{% for m in messages %}\n{{ m.a.b }}{% endfor %}", 2, "'dict object' has no attribute 'a'"),
        ("{#\n#}{{ raise_exception('Not today.') }}", 2, "Not today."),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "maximum recursion depth exceeded"),
        ("\n{{ 1 // 0 }}", 2, "integer division or modulo by zero"),
        ("{% set n = namespace(__x=1) %}", 1, phrase("template.bad_name", name="__x")),
        (
            "{% for n in range(10**9) %}{% endfor %}",
            1,
            "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_its_line(
    source: str, line: int, fault: Phrase | str, base: Any, write: Callable[..., Path]
) -> None:
    with refused("template.not_written", DataError, reason=refusal(line, fault)):
        Renderer(base, Rendering(str(write("own.jinja", source))))


@pytest.mark.parametrize(
    ("source", "code", "values"),
    [
        (
            "{% for m in messages %}{{ m.role }}{% endfor %}",
            "template.not_written",
            {"reason": phrase("template.leaves_out", template=OWN, role=phrase("role.user"))},
        ),
        (" \n", "template.empty", {"file": "own.jinja"}),
        ("x" * (SIZE_LIMIT + 1), "template.too_long", {"characters": SIZE_LIMIT + 1}),
        (b"\xff\xfe{", "template.no_text", {"file": "own.jinja"}),
    ],
)
def test_a_file_that_is_no_template_is_refused(
    source: str | bytes, code: str, values: dict[str, Any], base: Any, write: Callable[..., Path]
) -> None:
    with refused(code, DataError, **values):
        Renderer(base, Rendering(str(write("own.jinja", source))))


def test_a_missing_template_is_named(base: Any, tmp_path: Path) -> None:
    with refused("template.missing", DataError, file=str(tmp_path / "gone.jinja")):
        Renderer(base, Rendering(str(tmp_path / "gone.jinja")))


def test_names_that_a_template_asks_about_first_may_be_missing(base: Any, write: Callable[..., Path]) -> None:
    source = "{% if date is defined %}{{ date }}{% endif %}{{ mood | default('') }}" + PLAIN
    tokens = tokens_of(Renderer(base, Rendering(str(write("own.jinja", source)))), talk("Hi", "yes"))
    assert trained_text(base, tokens) == "yes<|endoftext|>"


def test_a_row_that_a_template_refuses_names_both_lines(base: Any, write: Callable[..., Path]) -> None:
    refusing = (
        "{% for m in messages %}{% if m.content == 'bad' %}\n\n{{ raise_exception('No') }}{% endif %}\n"
    )
    source = refusing + PLAIN.partition("%}\n")[2]
    renderer = Renderer(base, Rendering(str(write("own.jinja", source))))
    assert renderer.render(talk("Hi", "yes"))
    with refused("row.no_example", ExampleError, line=1, reason=refusal(3, "No")):
        renderer.render(talk("bad", "yes"))
