"""Templates that a person chooses: ChatML for every tokenizer, and files of their own, checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.dataset.read import formats
from studio.dataset.render.render import ExampleError, Renderer, Rendering
from studio.errors import DataError
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


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("\n\n{% for m in messages %}{{ m.content }", "own.jinja, line 3: .*'}'"),
        ("{% for m in messages %}\n{{ m.content }}", "own.jinja, line 2: unexpected end of template"),
        ("{{ messages | tojsn }}", "own.jinja, line 1: no filter named 'tojsn'"),
        (
            "{% for m in messages %}\n{{ mesage.content }}{% endfor %}",
            "line 2: mesage is not defined. Did",
        ),
        (
            "{{ messages }}\n\n{{ zzzzzz }}",
            "line 3: zzzzzz is not defined. It is given",
        ),
        (
            "{% for m in messages %}\n{{ m.a.b }}{% endfor %}",
            "refuses it in line 2: 'dict object' has no",
        ),
        ("{#\n#}{{ raise_exception('Not today.') }}", "refuses it in line 2: Not today"),
        ("{% for m in messages %}{{ m.role }}{% endfor %}", "own.jinja leaves out what the user says"),
        (" \n", "own.jinja is empty"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deeply"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "refuses it in line 1: .*recursion"),
        ("\n{{ 1 // 0 }}", "refuses it in line 2: .*zero"),
        ("{% for n in range(10**9) %}{% endfor %}", "refuses it in line 1: Range too big"),
        (b"\xff\xfe{", "not UTF-8"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_its_line(
    source: str, told: str, base: Any, write: Callable[..., Path]
) -> None:
    with pytest.raises(DataError, match=told):
        Renderer(base, Rendering(str(write("own.jinja", source))))


def test_a_missing_template_is_named(base: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no template at .*gone\.jinja"):
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
    with pytest.raises(ExampleError, match=r"Line 1: the template own.jinja refuses it in line 3: No\."):
        renderer.render(talk("bad", "yes"))
