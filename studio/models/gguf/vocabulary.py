"""A file's tokenizer, as the tokenizer.json and tokenizer_config.json that the same model has on the Hub.

Built with `tokenizers` from what the file says, so that it gives the tokens that llama.cpp gives: either
byte-level BPE with merges, or SentencePiece's, whose pieces have scores instead. tokenizer.json knows no
scores, but merges in an order: the pair whose joint piece scores highest comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.errors import ModelError
from studio.models.gguf.header import GgufHeader
from studio.models.gguf.splits import SPLITS, TextSplit

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers

NORMAL, UNKNOWN, CONTROL, OWN, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""GGUF's kinds of tokens: of the vocabulary; for what it lacks; never typed; added by a person; without a
text; for a byte of what has no piece."""
SPACE = "▁"
_KEY = "tokenizer.ggml."
_ENDS = ("eos", "eot", "eom")
_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>")
"""What ends a turn, where the file names only what ends a text. llama.cpp knows them by their texts, too."""
_KEEPING = ("<unk>", "<s>", "<|endoftext|>")
"""Phi-3's tokens that leave alone the spaces that follow; the others take them."""


@dataclass(frozen=True)
class TokenTable:
    """The tokens by number, with the kind of each, and either merges or scores."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    scores: tuple[float, ...]
    merges: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, header: GgufHeader) -> TokenTable:
        """Raises ModelError where the lists are not those of one vocabulary."""
        tokens, kinds, scores, merges = (
            header.values.get(_KEY + name) or [] for name in ("tokens", "token_type", "scores", "merges")
        )
        whole = (
            _all_of(tokens, str) and _all_of(kinds, int) and _all_of(scores, float) and _all_of(merges, str)
        )
        kinds, scores = kinds or [NORMAL] * len(tokens), scores or [0.0] * len(tokens)
        if not whole or not tokens or not len(tokens) <= min(len(kinds), len(scores)):
            raise _damaged(header, "its lists are not equally long")
        pairs = tuple(tuple(each.split(" ", 1)) for each in merges)
        if any(len(pair) != 2 for pair in pairs):
            raise _damaged(header, "a merge that is no pair")
        return cls(tuple(tokens), tuple(kinds), tuple(scores), pairs)

    @property
    def vocabulary(self) -> dict[str, int]:
        """The numbers by text. What is there only to fill the table up is left out."""
        return {text: number for number, text in enumerate(self.tokens) if self.kinds[number] != UNUSED}


def tokenizer_of(header: GgufHeader) -> Tokenizer:
    """The tokenizer of a file whose lists were read. Raises ModelError for one that cannot be built."""
    table = TokenTable.of(header)
    try:
        if header.text(_KEY + "model") == "llama":
            made = _of_pieces(header, table)
        else:
            made = _of_bytes(table, SPLITS[header.text(_KEY + "pre")])
        _add_whole(made, header, table)
        _add_ends(made, header, table)
    except ModelError:
        raise
    except Exception as error:  # tokenizers raises bare Exception
        raise _damaged(header, str(error)) from error
    return made


def tokenizer_settings(header: GgufHeader) -> dict[str, Any]:
    """What tokenizer_config.json says."""
    named = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
    tokens = header.values.get(_KEY + "tokens") or []
    numbers = {name: _number(header, key) for name, key in named.items()}
    found: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": header.number(f"{header.text('general.architecture')}.context_length"),
        **{name: tokens[number] for name, number in numbers.items() if number is not None},
    }
    if template := header.text("tokenizer.chat_template"):
        found["chat_template"] = template
    return found


def special_ids(header: GgufHeader) -> dict[str, Any]:
    """What config.json and generation_config.json say of the tokens that begin, end and pad a text."""
    ends = end_ids(header)
    found = {
        "bos_token_id": _number(header, "bos"),
        "eos_token_id": ends if len(ends) > 1 else ends[0] if ends else None,
        "pad_token_id": _number(header, "padding"),
    }
    return {name: value for name, value in found.items() if value is not None}


def end_ids(header: GgufHeader) -> list[int]:
    """The tokens that end a text or a turn, the file's own first."""
    tokens = header.values.get(_KEY + "tokens") or []
    found = [_number(header, f"{name}") for name in _ENDS]
    found += [tokens.index(text) for text in _TURN_ENDS if text in tokens]
    return list(dict.fromkeys(number for number in found if number is not None))


def _number(header: GgufHeader, name: str) -> int | None:
    """The number of a special token, where it is one of the vocabulary."""
    found = header.number(f"{_KEY}{name}_token_id", -1)
    return found if 0 <= found < header.counts.get(_KEY + "tokens", 0) else None


def _of_bytes(table: TokenTable, split: TextSplit) -> Tokenizer:
    """Byte-level BPE that splits text so."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    made = Tokenizer(
        models.BPE(vocab=table.vocabulary, merges=[*table.merges], ignore_merges=split.whole_words)
    )
    if split.composed:
        made.normalizer = normalizers.NFC()
    made.pre_tokenizer = _splitter(split)
    made.decoder = decoders.ByteLevel()
    return made


def _splitter(split: TextSplit) -> pre_tokenizers.PreTokenizer:
    from tokenizers import Regex, pre_tokenizers

    if split.pattern:
        first = pre_tokenizers.Split(Regex(split.pattern), behavior="isolated")
        last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        return pre_tokenizers.Sequence([first, last])
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if split.digits:
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), last])
    return last


def _of_pieces(header: GgufHeader, table: TokenTable) -> Tokenizer:
    """SentencePiece's BPE, with bytes for what has no piece."""
    from tokenizers import Tokenizer, decoders, models

    unknown = _number(header, "unknown")
    if unknown is None:
        unknown = next((number for number, kind in enumerate(table.kinds) if kind == UNKNOWN), None)
    made = Tokenizer(
        models.BPE(
            vocab=table.vocabulary,
            merges=[*(table.merges or merges_by_score(table))],
            unk_token=None if unknown is None else table.tokens[unknown],
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    spaced = header.values.get(_KEY + "add_space_prefix", True) is not False
    made.normalizer = _spaces(spaced)
    strip = [decoders.Strip(" ", 1, 0)] if spaced else []
    made.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    return made


def _spaces(spaced: bool) -> normalizers.Normalizer:
    """Spaces as pieces have them; where `spaced`, one more before each text and after each whole token."""
    from tokenizers import normalizers

    replace = normalizers.Replace(" ", SPACE)
    return normalizers.Sequence([normalizers.Prepend(SPACE), replace]) if spaced else replace


def merges_by_score(table: TokenTable) -> Iterator[tuple[str, str]]:
    """All pairs of pieces whose joint text is a piece: those of the highest score first."""
    numbers = {text: number for number, text in enumerate(table.tokens) if table.kinds[number] == NORMAL}
    for text, _ in sorted(numbers.items(), key=lambda item: (-table.scores[item[1]], item[1])):
        halves = ((text[:at], text[at:]) for at in range(1, len(text)))
        pairs = [(left, right) for left, right in halves if left in numbers and right in numbers]
        yield from sorted(pairs, key=lambda pair: (numbers[pair[0]], numbers[pair[1]]))


def _add_whole(made: Tokenizer, header: GgufHeader, table: TokenTable) -> None:
    """The tokens that are found whole in a text before it is split: control tokens, and a person's own."""
    whole = [number for number, kind in enumerate(table.kinds[: len(table.tokens)]) if kind in (CONTROL, OWN)]
    if header.text(_KEY + "model") == "llama":
        whole = sorted({*whole, *(number for number, kind in enumerate(table.kinds) if kind == UNKNOWN)})
    stripping = any(name in header.text("general.name").lower() for name in ("phi-3", "phi3"))
    added = [_whole_token(table, number, stripping) for number in whole]
    made.add_special_tokens([each for each in added if each.special])
    made.add_tokens([each for each in added if not each.special])


def _whole_token(table: TokenTable, number: int, stripping: bool) -> AddedToken:
    from tokenizers import AddedToken

    text, special = table.tokens[number], table.kinds[number] != OWN
    strips = stripping and text not in _KEEPING
    return AddedToken(text, normalized=False, special=special, rstrip=strips)


def _add_ends(made: Tokenizer, header: GgufHeader, table: TokenTable) -> None:
    """The token before every text, and the one after, where the file or its kind has it so."""
    from tokenizers import processors

    is_pieces = header.text(_KEY + "model") == "llama"
    begins = is_pieces or SPLITS[header.text(_KEY + "pre")].begins
    wanted = {"bos": header.values.get(_KEY + "add_bos_token", begins)}
    wanted["eos"] = header.values.get(_KEY + "add_eos_token", False)
    numbers = {name: _number(header, name) for name, is_wanted in wanted.items() if is_wanted is True}
    texts = {name: table.tokens[number] for name, number in numbers.items() if number is not None}
    if not texts:
        return
    before, after = (f"{texts[name]} " if name in texts else "" for name in ("bos", "eos"))
    made.post_processor = processors.TemplateProcessing(
        single=f"{before}$A {after}".split(),
        pair=f"{before}$A {after}{before}$B:1 {after}".split(),
        special_tokens=[(text, numbers[name]) for name, text in texts.items()],
    )


def _all_of(found: Sequence[Any], kind: type) -> bool:
    return isinstance(found, list) and all(isinstance(each, kind) for each in found)


def _damaged(header: GgufHeader, fault: str) -> ModelError:
    return ModelError("gguf.tokens", file=header.file, fault=fault)
