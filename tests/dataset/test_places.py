"""Where tokens stand in their text: by its bytes as by the tokenizer's offsets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from studio.dataset.render.encoder import Encoder
from studio.dataset.render.places import ByBytes, ByOffsets, Span
from studio.models.tokenizer import load_tokenizer
from studio.paths import resource

ROUNDS = 400
PIECES = (
    *("<|im_start|>", "assistant\n", "<|im_end|>", "\n", "\n\n", " ", "  ", "Paris", " is the capital", "."),
    *("ü", "日本語", "👩‍🚀", "\u00a0", "\u00ad", "\ufdd3", "\0", "\r\n", "Ġ", "Ċ", "½", "</s>", "▁"),
)
CHANGED = ("e\u0301", "\u212b", "a\u0301")
"""What a tokenizer that composes letters (NFC) reads as other bytes."""


def texts_and_spans() -> tuple[list[str], list[list[Span]]]:
    """Texts of many kinds of character, and parts of each that ascend."""
    chance = random.Random(3)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(1, 12))) for _ in range(ROUNDS)]
    texts += [f"{text}{chance.choice(CHANGED)} there" for text in texts[:40]]
    spans = []
    for text in texts:
        places = sorted(chance.choices(range(len(text) + 1), k=2 * chance.randrange(4)))
        spans.append([*zip(places[::2], places[1::2], strict=True)])
    return texts, spans


def placed_alike(encoder: Encoder, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[Any]:
    """What is told without offsets, where it is what they tell, too."""
    placed, told = encoder.placed(texts), encoder.encode(texts)
    for text, span, one, other in zip(texts, spans, placed, told, strict=True):
        assert list(one.ids) == list(other.ids), text
        assert one.trained(span) == other.trained(span), (text, span)
    return placed


@pytest.mark.parametrize("name", ["chatml", "llama3"])
def test_bytes_tell_where_tokens_stand_as_offsets_do(tokenizers_by_name: dict[str, Any], name: str) -> None:
    texts, spans = texts_and_spans()
    placed = placed_alike(Encoder(tokenizers_by_name[name]), texts, spans)
    assert {type(each) for each in placed[:ROUNDS]} == {ByBytes}
    assert {type(each) for each in placed[ROUNDS:]} == {ByOffsets}


def test_the_starters_tokens_are_told_by_their_bytes_whatever_is_written() -> None:
    placed = placed_alike(Encoder(load_tokenizer(resource("starter/model"))), *texts_and_spans())
    assert {type(each) for each in placed} == {ByBytes}


def test_a_tokenizer_of_other_pieces_than_bytes_is_asked_for_offsets(
    tokenizers_by_name: dict[str, Any],
) -> None:
    placed = placed_alike(Encoder(tokenizers_by_name["llama2"]), *texts_and_spans())
    assert {type(each) for each in placed} == {ByOffsets}
