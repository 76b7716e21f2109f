"""A tokenizer's fast core: texts to tokens and their places in the text, adding and cutting nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from studio.dataset.render.places import ByOffsets, PlacedTokens, TokenBytes
from studio.errors import DataError

_TYPED = "\ufdd3"
"""A character that no text may hold: it stands on both sides of what somebody typed."""


class Encoder:
    """Encodes for one transformers fast tokenizer; `start` and `end` are what it puts around a text, and
    from the token `before` the first one of a text without a beginning is predicted.

    Raises DataError for a text with a token that is not among the first `vocabulary` (0: any may be): the
    model would read memory that is not its own.
    """

    def __init__(self, tokenizer: Any, vocabulary: int = 0) -> None:
        self._core = tokenizer.backend_tokenizer
        self._vocabulary = vocabulary
        added = tokenizer.added_tokens_decoder
        special = {token for token, entry in added.items() if entry.special}
        self.special_ids = frozenset(special | set(tokenizer.all_special_ids))
        self.end: str = tokenizer.eos_token or ""
        self.special_texts = {added[token].content for token in special} | {self.end} - {""}
        self.start = _start(tokenizer)
        ends = (tokenizer.bos_token_id, tokenizer.eos_token_id)
        self.before: int | None = next((token for token in ends if token is not None), None)

    def ids(self, text: str) -> list[int]:
        """The text's tokens."""
        return list(self._known(self._whole(self._core).encode(text, add_special_tokens=False)).ids)

    def begun(self, text: str) -> list[int]:
        """The text's tokens behind what the tokenizer itself puts before every text, but never twice."""
        add = not (self.start and text.startswith(self.start))
        return list(self._known(self._whole(self._core).encode(text, add_special_tokens=add)).ids)

    def marked(self, text: str) -> str:
        """The text with each control token that is typed in it between marks, which `ids` reads."""
        text = text.replace(_TYPED, "\ufffd")
        if not any(token in text for token in self.special_texts):
            return text
        known = "|".join(map(re.escape, sorted(self.special_texts, key=len, reverse=True)))
        return re.sub(known, lambda found: f"{_TYPED}{found[0]}{_TYPED}", text)

    def ids_apart(self, text: str) -> list[int]:
        """The text's tokens; what stands between marks is text, whatever it looks like."""
        found: list[int] = []
        for place, part in enumerate(text.split(_TYPED)):
            found += self._as_text(part) if place % 2 else self.ids(part) if part else []
        return found

    def _as_text(self, text: str) -> list[int]:
        core = self._whole(self._core)
        core.encode_special_tokens = True
        try:
            return list(self._known(core.encode(text, add_special_tokens=False)).ids)
        finally:
            core.encode_special_tokens = False

    def encode(self, texts: Sequence[str]) -> list[ByOffsets]:
        """For each text its tokens; offsets cover the spaces that belong to a token."""
        found = self._whole(self._exact).encode_batch(list(texts), add_special_tokens=False)
        return [ByOffsets(self._known(each).ids, each.offsets) for each in found]

    def placed(self, texts: Sequence[str]) -> list[PlacedTokens]:
        """`encode` for many texts: where their bytes tell as much it is done without offsets, and quicker."""
        if self._bytes is None:
            return [*self.encode(texts)]
        found = self._whole(self._exact).encode_batch_fast(list(texts), add_special_tokens=False)
        ids = [self._known(each).ids for each in found]
        by_bytes = [*map(self._bytes.placed, ids, texts)]
        changed = [text for text, each in zip(texts, by_bytes, strict=True) if each is None]
        others = iter(self.encode(changed) if changed else ())
        return [each or next(others) for each in by_bytes]

    def _known(self, encoding: Any) -> Any:
        """The encoding, when the model has all of its tokens."""
        highest = max(encoding.ids, default=0) if self._vocabulary else 0
        if not self._vocabulary or highest < self._vocabulary:
            return encoding
        token, tokens = self._core.id_to_token(highest), self._core.get_vocab_size()
        raise DataError(
            "model.token_beyond", token=token, id=highest, vocabulary=self._vocabulary, tokens=tokens
        )

    @cached_property
    def _bytes(self) -> TokenBytes | None:
        """The bytes of its tokens, where those are what it parts a text into."""
        decoder = self._core.decoder
        if decoder is None or b'"ByteLevel"' not in decoder.__getstate__():
            return None
        added = {token.content: number for number, token in self._core.get_added_tokens_decoder().items()}
        return TokenBytes(self._core.get_vocab(with_added_tokens=False), added)

    @cached_property
    def _exact(self) -> Any:
        """The core, or a copy of it where its offsets would leave out spaces (Llama 3, GPT-2)."""
        post_processor = self._core.post_processor
        if post_processor is None or b'"trim_offsets":true' not in post_processor.__getstate__():
            return self._core
        from tokenizers import Tokenizer

        return Tokenizer.from_str(json.dumps({**json.loads(self._core.to_str()), "post_processor": None}))

    def _whole(self, core: Any) -> Any:
        """The core without cutting and padding, which another user of the tokenizer may have left on."""
        if core.truncation is not None:
            core.no_truncation()
        if core.padding is not None:
            core.no_padding()
        return core


def _start(tokenizer: Any) -> str:
    """The bos token's text when the tokenizer itself puts it before a text, else nothing."""
    bos = tokenizer.bos_token
    return bos if bos and tokenizer("").input_ids[:1] == [tokenizer.bos_token_id] else ""
