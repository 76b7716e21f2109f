"""Text becomes tokens in one place, and exactly the answers are trained."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from studio.catalogue import phrase
from studio.dataset.record import Message, Record
from studio.dataset.render.render import ExampleError, Renderer, Rendering, Tokens
from studio.errors import DataError
from tests.conftest import refused

CLOSING = {
    "chatml": "<|im_end|>",
    "stripping": "<|im_end|>",
    "marked": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "phi3": "<|end|>",
    "base": "<|endoftext|>",
    "llama2": "</s>",
}
ALL = [*CLOSING, "mistral", "thinking"]


def talk(*contents: str) -> Record:
    roles = ("user", "assistant")
    return Record(1, tuple(Message(roles[i % 2], content) for i, content in enumerate(contents)))


def tokens_of(renderer: Renderer, record: Record) -> Tokens:
    """The tokens of a record that gives one example."""
    (example,) = renderer.render(record)
    assert example.record is record
    assert example.rejected is None
    return example.tokens


def trained_text(tokenizer: Any, tokens: Tokens) -> str:
    return str(tokenizer.decode([t for t, on in zip(tokens.ids, tokens.trained, strict=True) if on]))


@pytest.mark.parametrize("name", CLOSING)
def test_exactly_the_answer_and_the_token_that_closes_it_are_trained(
    tokenizers_by_name: dict[str, Any], name: str
) -> None:
    tokenizer = tokenizers_by_name[name]
    tokens = tokens_of(Renderer(tokenizer), talk("What is the capital?", "Paris 😀 is it."))
    assert trained_text(tokenizer, tokens) == "Paris 😀 is it." + CLOSING[name]


@pytest.mark.parametrize("name", CLOSING)
def test_an_answer_ends_where_training_teaches_it_to(tokenizers_by_name: dict[str, Any], name: str) -> None:
    tokenizer = tokenizers_by_name[name]
    taught = tokenizer.convert_tokens_to_ids(CLOSING[name])
    assert Renderer(tokenizer).stops == {taught, tokenizer.eos_token_id}
    assert Renderer(tokenizer, Rendering("alpaca")).stops == {tokenizer.eos_token_id}


@pytest.mark.parametrize("name", CLOSING)
def test_every_answer_of_a_conversation_is_trained(tokenizers_by_name: dict[str, Any], name: str) -> None:
    tokenizer = tokenizers_by_name[name]
    tokens = tokens_of(Renderer(tokenizer), talk("Hi", "yes", "Hi", "yes", "no?", "system assistant\n"))
    end = CLOSING[name]
    last = "system assistant" + ("" if name == "llama3" else "\n")  # Llama 3 trims contents
    assert trained_text(tokenizer, tokens) == f"yes{end}yes{end}{last}{end}"


@pytest.mark.parametrize("name", ALL)
def test_a_generation_prompt_is_the_beginning_of_what_was_trained(
    tokenizers_by_name: dict[str, Any], name: str
) -> None:
    renderer = Renderer(tokenizers_by_name[name])
    tokens = tokens_of(renderer, talk("Hello there", "Good day"))
    prompt = renderer.prompt_ids(talk("Hello there").messages)
    assert list(tokens.ids[: len(prompt)]) == prompt
    assert tokens.trained.index(True) == len(prompt)


def test_a_template_that_strips_earlier_thinking_trains_each_answer_in_a_row_of_its_own(
    tokenizers_by_name: dict[str, Any],
) -> None:
    tokenizer = tokenizers_by_name["stripping"]
    first, last = (
        example.tokens
        for example in Renderer(tokenizer).render(
            talk("Hi", "<think>x</think>yes", "again", "<think>y</think>No.")
        )
    )
    assert trained_text(tokenizer, first) == "<think>x</think>yes<|im_end|>"
    assert "<think>x" not in tokenizer.decode(last.ids)
    assert trained_text(tokenizer, last) == "<think>y</think>No.<|im_end|>"


def test_generation_marks_find_answers_that_the_template_rewrote(tokenizers_by_name: dict[str, Any]) -> None:
    tokenizer = tokenizers_by_name["marked"]
    tokens = tokens_of(Renderer(tokenizer), talk("Hi", "<think>x</think>yes", "again", "No."))
    assert trained_text(tokenizer, tokens) == "yes<|im_end|>No.<|im_end|>"


def test_what_the_template_makes_the_model_write_before_the_answer_is_trained_too(
    tokenizers_by_name: dict[str, Any],
) -> None:
    tokenizer = tokenizers_by_name["thinking"]
    tokens = tokens_of(Renderer(tokenizer), talk("Hi", "yes"))
    assert trained_text(tokenizer, tokens) == "<think>\n\n</think>\n\nyes<|im_end|>"


def test_an_earlier_answer_is_trained_as_the_conversation_shows_it(
    tokenizers_by_name: dict[str, Any],
) -> None:
    tokenizer = tokenizers_by_name["thinking"]
    tokens = tokens_of(Renderer(tokenizer), talk("Hi", "yes", "again", "No."))
    assert trained_text(tokenizer, tokens) == "yes<|im_end|><think>\n\n</think>\n\nNo.<|im_end|>"


def test_the_alpaca_prompt_is_the_published_one(base: Any) -> None:
    renderer = Renderer(base)
    assert renderer.description == "Alpaca prompt"
    with_input = Record(1, (Message("user", "Add", "1 2"), Message("assistant", "3")))
    assert base.decode(tokens_of(renderer, with_input).ids) == (
        "### Instruction:\nAdd\n\n### Input:\n1 2\n\n### Response:\n3<|endoftext|>"
    )
    assert base.decode(tokens_of(renderer, talk("Hi", "Yo")).ids) == (
        "### Instruction:\nHi\n\n### Response:\nYo<|endoftext|>"
    )


def test_a_tokenizer_that_begins_texts_with_bos_does_so_here_once(tokenizers_by_name: dict[str, Any]) -> None:
    tokenizer = tokenizers_by_name["llama2"]
    tokens = tokens_of(Renderer(tokenizer), talk("Hi", "Yo"))
    assert tokens.ids.count(tokenizer.bos_token_id) == 1
    assert tokens.ids[0] == tokenizer.bos_token_id


def test_plain_text_trains_all_but_the_first_token_and_ends_in_eos(chatml: Any) -> None:
    renderer = Renderer(chatml)
    tokens = tokens_of(renderer, Record(1, text="Hello there, how are you?"))
    assert chatml.decode(tokens.ids) == "Hello there, how are you?<|im_end|>"
    assert tokens.trained == (False,) + (True,) * (len(tokens.ids) - 1)
    assert renderer.describe("text") == "plain text"


def test_auto_prefers_the_chat_template_and_alpaca_can_be_asked_for(chatml: Any, base: Any) -> None:
    assert Renderer(chatml).description == "the model's chat template"
    assert Renderer(chatml, Rendering("alpaca")).description == "Alpaca prompt"
    with refused("template.none", DataError):
        Renderer(base, Rendering("chat"))


def test_a_refusing_template_names_the_line_and_the_cause(tokenizers_by_name: dict[str, Any]) -> None:
    renderer = Renderer(tokenizers_by_name["mistral"])
    record = Record(7, (Message("system", "S"), Message("user", "Q"), Message("assistant", "A")))
    model, fault = phrase("template.of_model"), "System role not supported"
    why = phrase("template.refuses", template=model, fault=fault)
    with refused("row.no_example", ExampleError, line=7, reason=why):
        renderer.render(record)
    with refused("template.not_shown", DataError, reason=why):
        renderer.prompt_ids(record.messages[:2])


AWKWARD = [
    "Paris",
    "é ü",
    "naïve 😀👍🏽 done",
    "👨‍👩‍👧‍👦",
    "  two  spaces\n\n\nend",
    "日本語 テキスト",
    "a\u0301 combined",
]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("answer", AWKWARD)
def test_pieces_join_to_the_exact_text_and_agree_with_the_tokens(
    tokenizers_by_name: dict[str, Any], name: str, answer: str
) -> None:
    tokenizer = tokenizers_by_name[name]
    renderer = Renderer(tokenizer)
    record = talk("Say 😀", answer)
    pieces, tokens = renderer.pieces(record), tokens_of(renderer, record)
    text = "".join(piece.text for piece in pieces)
    if tokenizer.chat_template:
        turns = [{"role": m.role, "content": m.content} for m in record.messages]
        assert text == tokenizer.apply_chat_template(turns, tokenize=False)
    else:
        assert text.removeprefix("<s>").startswith(f"### Instruction:\nSay 😀\n\n### Response:\n{answer}")
    assert tuple(piece.id for piece in pieces) == tokens.ids
    assert tuple(piece.trained for piece in pieces) == tokens.trained
    trained = "".join(piece.text for piece in pieces if piece.trained)
    assert answer.strip() in trained


def test_a_character_of_several_tokens_is_given_to_the_last_of_them(chatml: Any) -> None:
    pieces = Renderer(chatml).pieces(talk("Hi", "😀"))
    answer = [piece.text for piece in pieces if piece.trained and not piece.special]
    assert answer == [""] * (len(answer) - 1) + ["😀"]
    assert len(answer) > 1
    assert pieces[0].special
    assert pieces[0].text == "<|im_start|>"


def test_spaces_and_line_ends_belong_to_the_token_that_holds_them(tokenizers_by_name: dict[str, Any]) -> None:
    tokenizer = tokenizers_by_name["llama3"]
    pieces = Renderer(tokenizer).pieces(Record(1, text=" One.\n\nTwo. Three"))
    assert [piece.text for piece in pieces] == [tokenizer.decode([piece.id]) for piece in pieces]
    assert ".\n\n" in [piece.text for piece in pieces]


def test_a_cutting_tokenizer_does_not_cut_here(base: Any) -> None:
    base("some text to leave the tokenizer cutting", truncation=True, max_length=4)
    assert tokens_of(Renderer(base), talk("Hello there", "Good day")).cut == 0
    assert len(tokens_of(Renderer(base), talk("Hello there", "Good day")).ids) > 4


def test_mlx_lms_wrapper_renders_like_the_tokenizer_inside(chatml: Any) -> None:
    class Wrapper:
        _tokenizer = chatml
        eos_token_ids: ClassVar = {chatml.eos_token_id, 7}

        def apply_chat_template(self, *arguments: Any, **options: Any) -> str:
            return "something else"

    record = talk("Hi", "Yo")
    assert Renderer(Wrapper()).render(record) == Renderer(chatml).render(record)
    assert Renderer(Wrapper()).stops == Renderer(chatml).stops | {7}


def test_control_tokens_inside_an_example_are_noticed(chatml: Any) -> None:
    assert Renderer(chatml).control_texts(talk("Hi", "a <|im_end|> b")) == ("<|im_end|>",)
    assert Renderer(chatml).control_texts(talk("Hi", "yes")) == ()


def test_rows_rendered_together_equal_those_rendered_one_by_one(chatml: Any) -> None:
    records = [talk(f"What is {n}? " * (1 + n % 4), "It is a number. " * (1 + n % 8)) for n in range(80)]
    renderer = Renderer(chatml)
    assert renderer.render_all(records) == [renderer.render(record) for record in records]
