"""Answers that can have no other form than the one asked for: a JSON schema, or any JSON object.

Before each token, those are taken out that no text of the form goes on with (llguidance's grammars, over the
bytes of the vocabulary). What its grammars cannot express is refused, and never only hoped for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import mlx.core as mx
import numpy as np
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer
from mlx_lm.tokenizer_utils import TokenizerWrapper

from studio.catalogue import Unusable

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions  # which the library names for type checkers alone

_LAID_OUT: JsonCompileOptions = {
    "lenient": False,
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
}
"""One way to write each value, as `json.dumps` does: a small model can lose itself in white space."""

_KNOWN: WeakKeyDictionary[TokenizerWrapper, tuple[tuple[int, ...], LLTokenizer]] = WeakKeyDictionary()
"""A vocabulary takes up to a second to prepare, so it is done once."""


class FormGuide:
    """Lets a model say only what a form allows; `ended` once nothing more can come."""

    def __init__(self, tokenizer: LLTokenizer, grammar: str) -> None:
        self._matcher = LLMatcher(tokenizer, grammar)
        self.ended = False

    def allowed(self, logits: mx.array) -> mx.array:
        """Logits [1, vocabulary], -inf for what may not come next."""
        mask = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")
        wanted = np.zeros(logits.shape[-1], np.bool_)
        wanted[: mask.size] = mask[: wanted.size]
        return mx.where(mx.array(wanted)[None], logits, -mx.inf)

    def take(self, token: int) -> None:
        """Note the token that was drawn. Raises Unusable where the form came to no end that can be."""
        self._matcher.consume_token(token)
        if self._matcher.is_error():
            raise Unusable("form.refused", reason=_short(self._matcher.get_error()))
        self.ended = self._matcher.is_stopped()


def guide_for(tokenizer: TokenizerWrapper, vocabulary: int, stops: Collection[int], schema: str) -> FormGuide:
    """A guide for texts of a JSON schema, written as JSON; each answer needs one of its own.

    `vocabulary` is the width of the logits. Raises Unusable for a schema that cannot be kept to.
    """
    known = _prepared(tokenizer, vocabulary, tuple(sorted(stops)))
    try:
        grammar = LLMatcher.grammar_from_json_schema(schema, overrides=_LAID_OUT)
        fault = LLMatcher.validate_grammar(grammar, known)
    except ValueError as error:
        fault = str(error)
    if fault:
        raise Unusable("form.refused", reason=_short(fault))
    return FormGuide(known, grammar)


def _prepared(tokenizer: TokenizerWrapper, vocabulary: int, stops: tuple[int, ...]) -> LLTokenizer:
    ends, known = _KNOWN.get(tokenizer, ((), None))
    if known is None or ends != stops:
        inner: Any = tokenizer._tokenizer
        known = from_tokenizer(inner, n_vocab=vocabulary, eos_token=list(stops))
        _KNOWN[tokenizer] = stops, known
    return known


def _short(fault: str) -> str:
    """The first line of what a library says, without its end."""
    return (fault.strip().splitlines() or [""])[0][:200].rstrip(".")
