"""Templates that run for ever, or fill the memory, are stopped; others are not slowed down."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio import child_process
from studio.catalogue import phrase
from studio.dataset.dataset import Dataset
from studio.dataset.render import isolated as apart
from studio.dataset.render import writer
from studio.dataset.render.chat_template import ChatTemplate
from studio.dataset.render.isolated import Apart, guarded
from studio.dataset.render.render import ExampleError, Renderer, Rendering
from studio.dataset.render.trust import is_harmless
from studio.errors import DataError
from studio.recipe.fields import Data
from tests.conftest import refused, write_rows
from tests.dataset.conftest import CHATML, wrap
from tests.dataset.test_own_rows import TEMPLATES as REWRITING
from tests.dataset.test_render import talk
from tests.dataset.test_render_templates import FAMILIES, TEMPLATES

LOOPS = {
    "range": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "messages": "{% for m in messages + [1] * 50 %}" * 9 + "{% endfor %}" * 9,
    "macro": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "doubling": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}"
    "{% endfor %}",
    "sharing": "{% set n = namespace(x=['ab']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}"
    "{% endfor %}"
    "{{ n.x }}",
    "times": "{{ 'a' * 10**10 }}",
    "center": "{{ 'a'.center(10**10) }}",
    "percent": "{{ '%010000000000d' % 1 }}",
    "format": "{{ '{:>10000000000}'.format(1) }}",
    "power": "{{ 9 ** (9 ** 9) }}",
    "list": "{{ [1] * 10**10 }}",
    "indent": "{{ 'a\nb' | indent(10**10) }}",
    "output": "{% for i in range(99999) %}{{ messages }}{{ 'a' * 100000 }}{% endfor %}",
}
SLIPPERY = {
    "a loop over a loop over all": "{% for m in messages %}{% for n in messages %}{% endfor %}{% endfor %}",
    "a loop that names what is kept": "{% set n = namespace(x='ab') %}"
    + "{% for t in [n.x] %}{% set n.x = t ~ t %}{% endfor %}" * 40,
    "marks that double": "{% set n = namespace(x='\"') %}"
    "{% for m in messages %}{% set n.x = n.x | tojson %}{% endfor %}",
    "replacing by more": "{{ messages[0].content | replace('a', 'aaaa') | replace('a', 'aaaa') }}",
    "a block that is kept": "{% set x %}{{ x }}{{ x }}{% endset %}",
    "a format": "{% set f = '%0999999999d' %}{{ f % 1 }}",
    "a date": "{{ strftime_now('%0999999999d') }}",
    "all added in a loop": "{% set n = namespace(x='') %}"
    "{% for m in messages %}{% set n.x = n.x ~ messages[0].content %}{% endfor %}",
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of computing is too much."""
    monkeypatch.setattr(apart, "SECONDS", 1.0)
    monkeypatch.setattr(apart, "TRIAL_SECONDS", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", LOOPS)
def test_what_runs_for_ever_or_fills_the_memory_is_stopped_and_told(name: str, core: Any) -> None:
    assert not is_harmless(LOOPS[name] + CHATML)
    renderer = Renderer(wrap(core, LOOPS[name] + CHATML, "<|im_end|>"))
    with pytest.raises(ExampleError) as stopped:
        renderer.render(talk("Hi", "yes"))
    assert stopped.value.why.code in ("template.beyond", "template.refuses")
    assert renderer.stops == {2}
    with refused("template.not_shown", DataError, reason=stopped.value.why.code):
        renderer.prompt_ids(talk("Hi").messages)


@pytest.mark.usefixtures("impatient")
def test_a_file_of_ones_own_that_loops_is_refused(base: Any, write: Callable[..., Path]) -> None:
    path = write("own.jinja", LOOPS["range"] + CHATML)
    own = phrase("template.of_file", file="own.jinja")
    why = phrase("template.beyond", template=own, seconds="1")
    with refused("template.not_written", DataError, reason=why):
        Renderer(base, Rendering(str(path)))
    for name in ("times", "percent"):  # not while it is looked over, either
        with refused("template.not_written", DataError):
            Renderer(base, Rendering(str(write("own.jinja", LOOPS[name] + CHATML))))


def test_reading_a_dataset_can_be_stopped_while_a_template_loops(core: Any, tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    renderer = Renderer(wrap(core, LOOPS["range"] + CHATML, "<|im_end|>"))
    path = write_rows(tmp_path / "d.jsonl", 10)
    steps = Dataset.loading(path, renderer, Data(), 0)
    progress = [next(steps)]
    while progress[-1].what != "examples rendered":
        progress.append(next(steps))
    (child,) = set(psutil.Process().children()) - before
    steps.close()
    assert not child.is_running()


@pytest.mark.usefixtures("impatient")
def test_a_row_that_makes_a_template_loop_is_left_out_and_the_others_train(core: Any) -> None:
    slow = "{% if 'slow' in messages[0].content %}" + LOOPS["range"] + "{% endif %}" + CHATML
    renderer, plain = Renderer(wrap(core, slow, "<|im_end|>")), Renderer(wrap(core, CHATML, "<|im_end|>"))
    records = [talk("one", "yes"), talk("slow", "no"), talk("two", "yes")]
    first, second, third = renderer.render_all(records)
    assert isinstance(second, ExampleError)
    assert second.why.code == "template.beyond"
    assert [first, third] == [plain.render(records[0]), plain.render(records[2])]


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
def test_a_template_that_loops_again_and_again_is_given_up(core: Any) -> None:
    slow = "{% if messages[0].content != '?' %}" + LOOPS["range"] + "{% endif %}" + CHATML
    template = guarded(ChatTemplate.of(wrap(core, slow, "<|im_end|>"), ("<|im_end|>",)))
    assert isinstance(template, Apart)
    began = psutil.Process().children()
    found = Renderer(wrap(core, slow, "<|im_end|>")).render_all([talk(str(n), "yes") for n in range(30)])
    assert all(isinstance(each, ExampleError) and each.why.code == "template.beyond" for each in found)
    assert not set(psutil.Process().children()) - set(began)


CONVERSATIONS = [
    talk("Hi", "yes"),
    talk("Hi", "<think>\nx\n</think>\n\nyes", "Ré \ud800 a\u2028b", "<think>\ny\n</think>\n\nno", "c", "d"),
]


@pytest.mark.parametrize("name", [*REWRITING, *FAMILIES])
def test_a_process_of_its_own_writes_the_same(name: str, core: Any) -> None:
    source = REWRITING.get(name) or (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    here = ChatTemplate.of(wrap(core, source, "<|end|>", "<|begin|>"), ("<|end|>", "<|im_end|>"))
    there = Apart(here)
    for record in CONVERSATIONS:
        assert there.rows(record.messages) == here.rows(record.messages)
        assert there.rows(record.messages, last=True) == here.rows(record.messages, last=True)
        assert there.prompt(record.messages[:1]) == here.prompt(record.messages[:1])


def test_a_refusal_comes_with_its_line(base: Any, write: Callable[..., Path]) -> None:
    source = "{% for i in range(1) %}{% endfor %}\n{{ raise_exception('No') if messages[0].content == 'x' }}"
    renderer = Renderer(base, Rendering(str(write("own.jinja", source + CHATML))))
    own = phrase("template.of_file", file="own.jinja")
    why = phrase("template.refuses_in_line", template=own, line=2, fault="No")
    with refused("row.no_example", ExampleError, reason=why):
        renderer.render(talk("x", "yes"))
    assert renderer.render(talk("y", "yes"))


@pytest.mark.parametrize("name", SLIPPERY)
def test_what_could_grow_beyond_its_text_is_not_taken_for_harmless(name: str) -> None:
    assert not is_harmless(SLIPPERY[name] + CHATML)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.jinja")), ids=lambda path: path.stem)
def test_ordinary_templates_run_in_this_process(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert is_harmless(source) == (path.stem != "mistral")  # which counts in a way of its own


def test_our_own_template_runs_in_this_process(base: Any) -> None:
    assert is_harmless(writer.chatml_source("<s>", "</s>"))
    assert is_harmless(CHATML)


def test_the_process_has_no_modules_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')", encoding="utf-8")
    command = [*child_process._command(), child_process.WRITE]
    done = subprocess.run(command, cwd=tmp_path, input=b"", capture_output=True, check=False)
    assert b"taken over" not in done.stderr
    assert command[0] == sys.executable
