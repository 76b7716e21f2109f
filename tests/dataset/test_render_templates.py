"""Published chat formats: the tokens are transformers' own, and exactly the answers are trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from studio.catalogue import Phrase, phrase
from studio.dataset.read import formats
from studio.dataset.record import Record
from studio.dataset.render.render import ExampleError, Renderer, Rendering, Tokens
from studio.models.tokenizer import load_tokenizer
from studio.paths import resource
from tests.conftest import refused
from tests.dataset.conftest import wrap

TEMPLATES = Path(__file__).parent / "templates"
QWEN = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
LLAMA = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>")
CALLING = ("[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]")
FAMILIES: dict[str, tuple[tuple[str, ...], str, str | None, str]] = {
    "qwen2.5": (QWEN, "<|im_end|>", None, "<|im_end|>"),
    "qwen3": (QWEN, "<|im_end|>", None, "<|im_end|>"),
    "qwen3-marked": (QWEN, "<|im_end|>", None, "<|im_end|>"),
    "llama3": (LLAMA, "<|eot_id|>", "<|begin_of_text|>", "<|eot_id|>"),
    "llama3-marked": (LLAMA, "<|eot_id|>", "<|begin_of_text|>", "<|eot_id|>"),
    "llama3.1": (LLAMA, "<|eot_id|>", "<|begin_of_text|>", "<|eot_id|>"),
    "mistral": (("<s>", "</s>", "[INST]", "[/INST]", *CALLING), "</s>", "<s>", "</s>"),
    "gemma": (("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), "<eos>", "<bos>", "<end_of_turn>"),
    "phi3": (
        ("<s>", "<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        "<|endoftext|>",
        "<s>",
        "<|end|>",
    ),
}
"""For each template the special tokens, the eos and bos tokens, and the one that closes an answer."""

ADDED = {"qwen2.5": ("<tool_call>", "</tool_call>"), "qwen3": ("<tool_call>", "</tool_call>", "<think>")}
"""Tokens that are added but not special."""

MARKED = ("qwen3-marked", "llama3-marked", "starter")


def tokenizer_of(name: str) -> Any:
    if name == "starter":
        return load_tokenizer(resource("starter/model"))
    special, eos, bos, _ = FAMILIES[name]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    core.add_tokens([AddedToken(token, normalized=False) for token in ADDED.get(name, ())])
    return wrap(core, (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8"), eos, bos)


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, Any]:
    return {name: tokenizer_of(name) for name in (*FAMILIES, "starter")}


def said(role: str, content: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def call(name: str, id: str, /, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def function(name: str, about: str) -> dict[str, Any]:
    numbers = {
        "days": {"type": "integer"},
        "exact": {"type": "boolean"},
        "scale": {"type": ["string", "null"]},
    }
    properties = {"city": {"type": "string"}, **numbers}
    place = {"type": "object", "properties": properties, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": about, "parameters": place}}


WEATHER = [function("weather", 'The weather "now", é.'), function("time", "The hour.")]
ASKED = call("weather", "abcdef123", city="Zürich", days=2, exact=True, scale=None)
TALKS: dict[str, list[dict[str, Any]]] = {
    "single": [said("user", "Hi 😀"), said("assistant", "Good day.")],
    "several": [
        said("user", " What is it?\n"),
        said("assistant", "A naïve\n\n  test"),
        said("user", "Really?"),
        said("assistant", "yes"),
        said("user", "Sure?"),
        said("assistant", "yes"),
    ],
    "system": [
        said("system", "Be brief."),
        said("user", "One?"),
        said("assistant", "1"),
        said("user", "Two?"),
        said("assistant", "2"),
    ],
    "thinking": [
        said("user", "One?"),
        said("assistant", "<think>\nHm.\n</think>\n\n1"),
        said("user", "Two?"),
        said("assistant", "<think>\nSo.\n</think>\n\n2"),
    ],
    "calls": [
        said("system", "Use tools."),
        said("user", "The weather in Zürich?"),
        said("assistant", "", tool_calls=[ASKED]),
        said("tool", '{"degrees": 21}', tool_call_id="abcdef123"),
        said("assistant", "21 degrees."),
    ],
    "calls twice": [
        said("user", "Weather?"),
        said("assistant", "", tool_calls=[ASKED]),
        said("tool", "21", tool_call_id="abcdef123"),
        said("assistant", "21."),
        said("user", "And tomorrow?"),
        said("assistant", "", tool_calls=[call("time", "abcdef124", city="Bern")]),
        said("tool", "noon", tool_call_id="abcdef124"),
        said("assistant", "", tool_calls=[ASKED]),
        said("tool", "22", tool_call_id="abcdef123"),
        said("assistant", "22."),
    ],
    "parallel": [
        said("user", "Both?"),
        said("assistant", "Wait.", tool_calls=[ASKED, call("time", "abcdef124", city="Bern")]),
        said("tool", "21", tool_call_id="abcdef123"),
        said("tool", "noon", tool_call_id="abcdef124"),
        said("assistant", "21 at noon."),
    ],
}
WITH_TOOLS = ("calls", "calls twice", "parallel")
PLAIN = tuple(talk for talk in TALKS if talk not in WITH_TOOLS)
MODELS_OWN = phrase("template.of_model")


def refusal(fault: str) -> Phrase:
    return phrase("template.refuses", template=MODELS_OWN, fault=fault)


REFUSED = {
    ("gemma", "system"): refusal("System role not supported"),
    ("llama3.1", "parallel"): refusal("This model only supports single tool-calls at once!"),
    **{
        (name, talk): phrase("template.no_tools", template=MODELS_OWN)
        for name in ("llama3", "gemma", "phi3")
        for talk in WITH_TOOLS
    },
}
REWRITTEN = {("qwen3", "thinking"): [[0], [1]], ("mistral", "calls twice"): [[0, 1], [2, 3, 4]]}
"""Which answers are trained in which row where the template changes what comes before some, or them."""

CASES = [
    (name, talk)
    for name in FAMILIES
    for talk in TALKS
    if name not in ("qwen3-marked", "llama3-marked") and (name, talk) not in REFUSED
]


def record_of(talk: str) -> Record:
    fields = {"messages": TALKS[talk], **({"tools": json.dumps(WEATHER)} if talk in WITH_TOOLS else {})}
    return formats.record(1, "chat", fields)


def rendered(tokenizer: Any, talk: str) -> Tokens:
    (example,) = Renderer(tokenizer, Rendering(max_length=4096)).render(record_of(talk))
    return example.tokens


def applied(tokenizer: Any, messages: list[dict[str, Any]], talk: str, **options: Any) -> Any:
    tools = WEATHER if talk in WITH_TOOLS else None
    return tokenizer.apply_chat_template(messages, tools=tools, tokenize=True, return_dict=True, **options)


@pytest.mark.parametrize(("name", "talk"), CASES)
def test_the_tokens_are_those_of_transformers_and_the_answers_are_trained(
    tokenizers: dict[str, Any], name: str, talk: str
) -> None:
    tokenizer, messages = tokenizers[name], TALKS[talk]
    close = tokenizer.convert_tokens_to_ids(FAMILIES[name][3])
    answers = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    rows = REWRITTEN.get((name, talk), [list(range(len(answers)))])
    examples = Renderer(tokenizer, Rendering(max_length=4096)).render(record_of(talk))
    for numbers, tokens in zip(rows, (example.tokens for example in examples), strict=True):
        upto = None if numbers is rows[-1] else answers[numbers[-1]] + 1
        ids = applied(tokenizer, messages[:upto], talk)["input_ids"]
        assert list(tokens.ids) == ids
        expected = [False] * len(ids)
        for number in numbers:
            before = messages[: answers[number]]
            asked = applied(tokenizer, before, talk, add_generation_prompt=True)["input_ids"]
            assert ids[: len(asked)] == asked
            end = ids.index(close, len(asked))
            expected[len(asked) : end + 1] = [True] * (end + 1 - len(asked))
        assert list(tokens.trained) == expected


@pytest.mark.parametrize(
    ("name", "talk"),
    [(name, talk) for name in MARKED for talk in TALKS if talk in PLAIN or name == "qwen3-marked"],
)
def test_where_a_template_marks_what_is_generated_exactly_that_is_trained(
    tokenizers: dict[str, Any], name: str, talk: str
) -> None:
    tokens = rendered(tokenizers[name], talk)
    encoded = applied(tokenizers[name], TALKS[talk], talk, return_assistant_tokens_mask=True)
    assert list(tokens.ids) == encoded["input_ids"]
    assert [int(on) for on in tokens.trained] == encoded["assistant_masks"]
    assert any(tokens.trained)


@pytest.mark.parametrize(("name", "talk"), REFUSED)
def test_what_a_template_refuses_is_refused_here_in_words(
    tokenizers: dict[str, Any], name: str, talk: str
) -> None:
    with refused("row.no_example", ExampleError, line=1, reason=REFUSED[name, talk]):
        rendered(tokenizers[name], talk)


@pytest.mark.parametrize("name", ["gemma", "mistral"])
def test_turns_out_of_order_are_refused(tokenizers: dict[str, Any], name: str) -> None:
    turns = [said("user", "a"), said("user", "b"), said("assistant", "c")]
    why = "onversation roles must alternate user/assistant/user/assistant/..."
    why = {"gemma": f"C{why}", "mistral": f"After the optional system message, c{why}"}[name]
    with refused("row.no_example", ExampleError, line=1, reason=refusal(why)):
        Renderer(tokenizers[name]).render(formats.record(1, "chat", {"messages": turns}))


def test_a_template_that_shows_the_system_turn_in_prompts_only_trains_behind_them() -> None:
    tokenizer = tokenizer_of("mistral")  # an earlier version, as Mistral Nemo's still is
    tokenizer.chat_template = tokenizer.chat_template.replace("loop.first and system", "loop.last and system")
    renderer = Renderer(tokenizer, Rendering(max_length=4096))
    record = record_of("system")
    for number, example in zip((2, 4), renderer.render(record), strict=True):
        prompt = renderer.prompt_ids(record.messages[:number])
        assert "Be brief." in tokenizer.decode(prompt)
        assert list(example.tokens.ids[: len(prompt)]) == prompt
        assert example.tokens.trained.index(True) == len(prompt)
    assert list(rendered(tokenizer, "several").ids) == list(rendered(tokenizer_of("mistral"), "several").ids)


def test_the_characters_that_show_where_an_answer_stands_may_be_in_a_text(tokenizers: dict[str, Any]) -> None:
    messages = [said("user", "a\ufdd0b"), said("assistant", "c\ufdd1\ufdd0d")]
    (example,) = Renderer(tokenizers["starter"]).render(formats.record(1, "chat", {"messages": messages}))
    encoded = applied(tokenizers["starter"], messages, "single", return_assistant_tokens_mask=True)
    assert list(example.tokens.ids) == encoded["input_ids"]
    assert [int(on) for on in example.tokens.trained] == encoded["assistant_masks"]


def test_reasoning_kept_beside_an_answer_is_written_as_transformers_writes_it(
    tokenizers: dict[str, Any],
) -> None:
    turns = [said("user", "1 + 1?"), said("assistant", "2", reasoning_content="One and one\nare two.")]
    tokenizer = tokenizers["qwen3"]
    record = formats.record(1, "chat", {"messages": turns})
    (example,) = Renderer(tokenizer, Rendering(max_length=4096)).render(record)
    assert list(example.tokens.ids) == applied(tokenizer, turns, "")["input_ids"]
    written = zip(example.tokens.ids, example.tokens.trained, strict=True)
    learned = tokenizer.decode([id for id, trained in written if trained])
    assert learned == "<think>\nOne and one\nare two.\n</think>\n\n2<|im_end|>"
