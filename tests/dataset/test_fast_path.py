"""Rows written in the plainest way are read as every row is, only quicker."""

from __future__ import annotations

import random
from typing import Any

from studio.dataset.read import formats
from studio.dataset.read.fast_path import plain_record
from studio.dataset.read.names import FIELDS
from studio.dataset.rows import BadRow

_TEXTS = (
    *(
        "Why?",
        "Because.",
        " spaced ",
        "",
        "  ",
        "a\0b",
        "\ud800",
        "é",
        "<image>",
        "a < b",
        "Q: x\nA:",
        "null",
    ),
    *(
        "User: a\nAssistant:",
        "Human: a\nAssistant: b",
        '[{"role": "user", "content": "a"}]',
        ' {"a": 1}',
        "[1",
    ),
    *("\u3000[", "https://x.org/a.pdf", "talk_12", "<think>a</think>b", "no", "0", "\u2028x"),
)
_ROLES = ("user", "assistant", "system", "tool", "human", "gpt", "function_call", " User", "nobody", None)
_OTHERS = (
    *FIELDS,
    "Meta",
    "conversation-id",
    "Conv ID",
    "page_id",
    "file",
    "odd",
    "Prompt",
    " output ",
    "stem",
)
_SETS = (
    *(("prompt", "completion"), ("question", "answer"), ("input", "output"), ("instruction", "output")),
    *(("instruction", "input", "output"), ("prompt", "chosen", "rejected"), ("messages",)),
    *(("conversations",), ("conversation",), ("query", "response_j", "response_k"), ("problem", "solution")),
)


def _turn(dice: random.Random) -> Any:
    keys = dice.choice((("role", "content"), ("role", "content"), ("from", "value"), ("role", "value")))
    turn = dict(zip(keys, (dice.choice(_ROLES[:6]), dice.choice(_TEXTS[:3])), strict=True))
    if dice.random() < 0.1:
        turn[dice.choice(("weight", "name", "role", "from", "reasoning", "content"))] = dice.choice(
            (0, "x", None, *_ROLES)
        )
    return turn


def _value(dice: random.Random, name: str) -> Any:
    if name in ("messages", "conversations", "conversation") and dice.random() < 0.9:
        return [_turn(dice) for _ in range(dice.randrange(5))]
    if dice.random() < 0.1:
        return dice.choice((None, 0, 1.5, True, [], {}, ["a", "b"], {"id": "a_1", "source": "a.pdf"}))
    return dice.choice(_TEXTS[:2] if dice.random() < 0.6 else _TEXTS)


def _row(dice: random.Random) -> dict[str, Any]:
    names = [*dice.choice(_SETS)]
    if dice.random() < 0.5:
        names += dice.choices(_OTHERS, k=dice.randrange(1, 3))
    if dice.random() < 0.2:
        dice.shuffle(names)
    return {name: _value(dice, name.strip().lower()) for name in names}


def _closely(format: str, fields: dict[str, Any]) -> Any:
    try:
        built = formats._record(1, format, fields)
    except BadRow as error:
        return str(error.phrase)
    return built, built.left_out


def _quickly(format: str, fields: dict[str, Any]) -> Any:
    try:
        built = plain_record(1, format, fields)
    except BadRow as error:
        return str(error.phrase)
    return (built, built.left_out) if built else None


def test_plain_rows_are_read_as_all_others_are() -> None:
    dice = random.Random(4)
    found = 0
    for _ in range(12_000):
        fields = _row(dice)
        for format in dice.sample(sorted(formats._OF_FORMAT), 2):
            quick = _quickly(format, fields)
            assert quick is None or quick == _closely(format, fields), (format, fields)
            found += quick is not None
    assert found > 3_000
    for format, fields in (
        ("preference", {"prompt": "a", "chosen": "b", "rejected": "c"}),
        ("chat", {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}),
        ("text", {"prompt": "a", "completion": "b"}),
    ):
        assert (_quickly(format, fields) is None) == (format == "text")


def test_rows_that_all_have_other_keys_are_forgotten_again() -> None:
    from studio.dataset.read import fast_path as plain

    for number in range(1_000):
        plain_record(1, "prompt/completion", {"prompt": "a", "completion": "b", f"note{number}": 1})
    assert len(plain._PLANS) <= plain._MOST_KEYS
    plain_record(1, "prompt/completion", {"prompt": "a", "completion": "b", "n" * 9_000: 1})
    assert not any(len(key) > 8_000 for keys in plain._PLANS for key in keys)
