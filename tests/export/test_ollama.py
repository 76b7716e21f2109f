"""Ollama is told a conversation's form only where it gives what the model's own template gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import gguf
import pytest

from studio.events import Exported
from studio.export.ollama import ChatForm, form_of, modelfile
from studio.jobs.export import RunExportJob
from studio.models.cache import ModelCache
from studio.models.tokenizer import load_tokenizer
from studio.runs.folder import RunFolder
from tests.conftest import refused

TEMPLATES = Path(__file__).parents[1] / "dataset" / "templates"
FILLED_IN_BY_GO = json.loads(
    (Path(__file__).parents[1] / "oracles" / "fixtures" / "go_templates.json").read_text()
)
QWEN = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nYou help.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA = (
    "<|begin|>{% for m in messages %}<|head|>{{ m.role }}<|end|>\n\n{{ m.content }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|head|>assistant<|end|>\n\n{% endif %}"
)
THINKING = (
    "{% for m in messages %}[{{ m.role }}]"
    "{% if m.role == 'assistant' and loop.last %}<think></think>{% endif %}"
    "{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}{% endfor %}"
)


@pytest.fixture
def tokenizer(starter: Path) -> Any:
    return load_tokenizer(starter / "model")


def test_a_run_gets_a_modelfile_with_its_template_and_its_ends(starter_run: Path, tmp_path: Path) -> None:
    job = RunExportJob(RunFolder(starter_run), "ollama", tmp_path / "out", precision="q8_0")
    event = next(e for e in job.run_events(ModelCache()) if isinstance(e, Exported))

    assert event.files == ("Modelfile", "short-q8_0.gguf")
    assert (tmp_path / "out" / "Modelfile").read_text() == (
        "FROM ./short-q8_0.gguf\n"
        'TEMPLATE """{{ range .Messages }}'
        '{{ if eq .Role "system" }}<|im_start|>system\n{{ .Content }}<|im_end|>\n'
        '{{ else if eq .Role "user" }}<|im_start|>user\n{{ .Content }}<|im_end|>\n'
        '{{ else if eq .Role "assistant" }}<|im_start|>assistant\n{{ .Content }}<|im_end|>\n'
        '{{ end }}{{ end }}<|im_start|>assistant\n"""\n'
        'PARAMETER stop "<|endoftext|>"\n'
        'PARAMETER stop "<|im_end|>"\n'
    )


def test_what_a_template_says_by_itself_becomes_the_system_prompt(tokenizer: Any) -> None:
    tokenizer.chat_template = QWEN
    form = form_of(tokenizer)
    assert form.default == "You help."
    assert 'SYSTEM """You help."""' in modelfile("a.gguf", form, ())


def test_the_first_token_is_not_written_twice(tokenizer: Any) -> None:
    tokenizer.chat_template = LLAMA
    assert form_of(tokenizer).start == "<|begin|>"
    assert form_of(tokenizer, "<|begin|>").start == ""
    assert form_of(tokenizer).user == ("<|head|>user<|end|>\n\n", "<|eot|>")


@pytest.mark.parametrize(
    ("name", "system", "inside"),
    [
        ("gemma", None, False),
        ("mistral", ("[INST] ", "\n\n"), True),
        ("phi3", ("<|system|>\n", "<|end|>\n"), False),
        ("llama3", ("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"), False),
    ],
)
def test_published_formats_have_a_form(
    name: str, system: tuple[str, str] | None, inside: bool, tokenizer: Any
) -> None:
    tokenizer.chat_template = (TEMPLATES / f"{name}.jinja").read_text()
    tokenizer.bos_token = "<|endoftext|>"
    found = form_of(tokenizer, bos="<|endoftext|>")
    assert (found.system, found.inside) == (system, inside)
    turns = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}] * 2
    theirs = tokenizer.apply_chat_template(turns[:3], tokenize=False, add_generation_prompt=True)
    said = [(turn["role"], turn["content"]) for turn in turns[:3]]
    assert found.render(said) == theirs.removeprefix("<|endoftext|>")


def test_a_system_prompt_inside_of_the_first_question_begins_it_once(tokenizer: Any) -> None:
    tokenizer.chat_template = (TEMPLATES / "mistral.jinja").read_text()
    assert form_of(tokenizer).as_go() == (
        "{{ $led := false }}{{ range .Messages }}"
        '{{ if eq .Role "system" }}[INST] {{ .Content }}\n\n{{ $led = true }}'
        '{{ else if eq .Role "user" }}{{ if $led }}{{ $led = false }}{{ else }}[INST] {{ end }}'
        "{{ .Content }}[/INST]"
        '{{ else if eq .Role "assistant" }} {{ .Content }}<|im_end|>{{ end }}{{ end }}'
    )


@pytest.mark.parametrize("case", FILLED_IN_BY_GO, ids=lambda case: case["Format"])
def test_go_makes_of_the_form_what_the_models_own_template_makes(
    case: dict[str, Any], tokenizer: Any
) -> None:
    tokenizer.chat_template = (TEMPLATES / f"{case['Format']}.jinja").read_text()
    turns = [{name.lower(): text for name, text in turn.items()} for turn in case["Messages"]]
    assert form_of(tokenizer).as_go() == case["Go"]
    assert case["Text"] == tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)


@pytest.mark.parametrize("template", [THINKING, NO_SYSTEM, "Always the same."])
def test_a_template_that_does_more_is_left_to_ollama_and_said(template: str, tokenizer: Any) -> None:
    tokenizer.chat_template = template
    with refused("export.ollama_form"):
        form_of(tokenizer)
    assert modelfile("a.gguf", None, ()) == "FROM ./a.gguf\n"


def test_go_is_never_given_what_it_would_take_for_its_own() -> None:
    form = ChatForm("{{", ("", ""), ("a", "b"), ("c", "d"), "e")
    with refused("export.ollama_form"):
        form.as_go()


def test_a_template_of_ones_own_goes_where_the_run_goes(starter_run: Path, tmp_path: Path) -> None:
    run = RunFolder(Path(shutil.copytree(starter_run, tmp_path / "own")))
    run.keep_template(LLAMA)
    for target in ("ollama", "fused", "peft"):
        list(RunExportJob(run, target, tmp_path / target).run_events(ModelCache()))

    assert "<|head|>user<|end|>" in (tmp_path / "ollama" / "Modelfile").read_text()
    fields = gguf.GGUFReader(tmp_path / "ollama" / "own-f16.gguf").fields
    assert fields["tokenizer.chat_template"].contents() == LLAMA
    assert load_tokenizer(tmp_path / "fused").chat_template == LLAMA
    assert load_tokenizer(tmp_path / "peft").chat_template == LLAMA
