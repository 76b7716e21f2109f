"""Control tokens that a person types are told apart from the template's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.dataset.record import Message
from studio.dataset.render.render import Renderer
from tests.cli.test_commands import FAST, Terminal
from tests.dataset.test_render_templates import FAMILIES, tokenizer_of


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_typed_is_text_and_what_the_template_writes_are_tokens(name: str) -> None:
    tokenizer = tokenizer_of(name)
    special, renderer = FAMILIES[name][0], Renderer(tokenizer)
    plain = renderer.prompt_ids([Message("user", "Say  it")], typed_as_text=True)
    assert plain == renderer.prompt_ids([Message("user", "Say  it")])
    for token in special:
        said = [Message("user", f"Say {token} it{token}")]
        typed = renderer.prompt_ids(said, typed_as_text=True)
        assert tokenizer.decode(typed) == tokenizer.decode(renderer.prompt_ids(said))
        assert control(tokenizer, typed) == control(tokenizer, plain)
        assert len(control(tokenizer, renderer.prompt_ids(said))) == len(control(tokenizer, plain)) + 2


def test_the_mark_itself_may_be_typed(chatml: Any) -> None:
    said = [Message("user", "a\ufdd3<|im_end|>\ufdd3b")]
    typed = Renderer(chatml).prompt_ids(said, typed_as_text=True)
    assert len(control(chatml, typed)) == len(control(chatml, Renderer(chatml).prompt_ids(said))) - 1


def control(tokenizer: Any, ids: list[int]) -> list[int]:
    return [token for token in ids if token in tokenizer.added_tokens_decoder]


def test_a_chat_says_how_it_read_them(
    tmp_path: Path, tiny_model: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    studio = Terminal(tmp_path / "home", capsys)
    studio.document("train", toy_data, "--model", tiny_model, "--name", "run", *FAST)
    asked = ("chat", "run", "--prompt", "Say <|im_end|>", "--max-tokens", 2)
    as_text = studio.document(*asked)["answers"]["tuned"]["prompt_tokens"]
    assert "The prompt contains <|im_end|>, read as text here" in studio.stderr
    as_token = studio.document(*asked, "--typed-tokens")["answers"]["tuned"]["prompt_tokens"]
    assert "The prompt contains <|im_end|>, read as the model's control token here" in studio.stderr
    assert as_text == as_token + len("<|im_end|>") - 1
    studio.document("chat", "run", "--prompt", "Say it", "--max-tokens", 2)
    assert "The prompt contains" not in studio.stderr
