"""A model's tokenizer in GGUF's form: its tokens with their kinds, how it joins and splits, its template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from studio.errors import ModelError
from studio.export.gguf_pieces import PieceReader, PieceTable, merges_of, named_tokens
from studio.export.gguf_splits import CHECK, split_name

if TYPE_CHECKING:
    from gguf import GGUFWriter

CHATS, TEXTS = "export.gguf_chats", "export.gguf_texts"
"""What is said where conversations in the model's form, or texts without one, are read otherwise."""
_GENERATION = re.compile(r"\{%(-?)\s*(end)?generation\s*(-?)%\}")
_TURNS = (("user", "What is  2+3?"), ("assistant", "5, of course."), ("user", "\nThanks! Grüße, 東京 …"))
"""A conversation that shows how its form is read."""
_PHI = frozenset({"<unk>", "<s>", "<|endoftext|>"})
"""The tokens of Phi-3 that keep what space follows them, when llama.cpp takes a model for one."""


@dataclass(frozen=True)
class GgufVocabulary:
    """The tokens by number with the kind of each, and either merges and the name of how text is split, or
    scores and whether a space is put before a text.

    `strips` says that spaces after a token that is found whole are left out, which llama.cpp knows of a
    model by its name only; `unlike`, what it reads unlike the model's own tokenizer: CHATS, TEXTS or nothing.
    """

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    adds_bos: bool
    merges: tuple[str, ...] = ()
    splits: str = "default"
    scores: tuple[float, ...] = ()
    spaced: bool = False
    strips: bool = False
    unlike: str = ""

    def add_to(self, writer: GGUFWriter) -> None:
        """Put it among the values of a file."""
        writer.add_tokenizer_model("llama" if self.scores else "gpt2")
        writer.add_tokenizer_pre(self.splits)
        writer.add_token_list(list(self.tokens))
        writer.add_token_types(list(self.kinds))
        if self.scores:
            writer.add_token_scores(list(self.scores))
            writer.add_add_space_prefix(self.spaced)
        else:
            writer.add_token_merges(list(self.merges))
        writer.add_add_bos_token(self.adds_bos)

    def name_for(self, name: str) -> str:
        """A file's name for itself, from which llama.cpp takes that spaces are left out."""
        lowered = name.lower()
        if self.strips:
            return name if "phi-3" in lowered else f"phi-3 {name}"
        return re.sub("phi-?3", "phi 3", name, flags=re.IGNORECASE)


def vocabulary_of(tokenizer: Any, rows: int, folder: Path, template: str = "") -> GgufVocabulary:
    """A loaded tokenizer's, for a model whose embeddings have so many rows; those without a token get a name.

    `folder` is where it is from; `template` a chat template in place of its own. Raises ModelError for a
    tokenizer of another kind, or one unlike which llama.cpp would read text.
    """
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    model = described.get("model") or {}
    if model.get("type") != "BPE" or not model.get("merges"):
        raise ModelError("export.gguf_tokenizer", folder=folder, kind=str(model.get("type")))
    make = _of_pieces if model.get("byte_fallback") else _of_bytes
    try:
        return make(tokenizer, described, rows, template)
    except ValueError as error:
        raise ModelError("export.gguf_tokenizer", folder=folder, kind=str(error)) from error


def add_ends(writer: GGUFWriter, tokenizer: Any, ends: tuple[int, ...], template: str | None) -> None:
    """Which tokens begin, end and pad a text, and end a turn; and how a conversation is written."""
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else next(iter(ends), None)
    if end is not None:
        writer.add_eos_token_id(end)
    others = [each for each in ends if each != end]
    if others:
        writer.add_eot_token_id(others[0])
    if tokenizer.unk_token_id is not None:
        writer.add_unk_token_id(tokenizer.unk_token_id)
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    if template:
        writer.add_chat_template(plain_template(template))


def starts_with(tokenizer: Any) -> str:
    """The token that readers of the file put before every text, or nothing."""
    bos, adds_bos = _bos(tokenizer)
    return bos if adds_bos else ""


def plain_template(template: str) -> str:
    """A chat template without transformers' own block {% generation %}, which no other reader knows."""

    def conditional(found: re.Match[str]) -> str:
        return f"{{%{found[1]} {'endif' if found[2] else 'if true'} {found[3]}%}}"

    return _GENERATION.sub(conditional, template)


def _of_bytes(tokenizer: Any, described: dict[str, Any], rows: int, template: str) -> GgufVocabulary:
    """Byte-level BPE. Raises ValueError for a way of splitting text that has no name."""
    tokens, kinds = named_tokens(described, rows)
    splits = split_name(described, tokenizer.encode(CHECK))
    merges = tuple(map(" ".join, merges_of(described)))
    bos, adds_bos = _bos(tokenizer)
    begun = not adds_bos or all(text.startswith(bos) for text in _rendered(tokenizer, template))
    unlike = "" if begun else CHATS
    return GgufVocabulary(tuple(tokens), tuple(kinds), adds_bos, merges, splits, unlike=unlike)


def _of_pieces(tokenizer: Any, described: dict[str, Any], rows: int, template: str) -> GgufVocabulary:
    """The vocabulary with that space before text that gives the model's own tokens, found out by trying.

    Raises ValueError where neither plain text nor conversations are read alike in any way.
    """
    table, stripping = PieceTable.of(described, rows), _stripping(tokenizer)
    bos, adds_bos = _bos(tokenizer)
    chats = [*_rendered(tokenizer, template)]
    found = []
    for spaced in (True, False):
        for strips in (False, True) if stripping else (False,):
            reader = PieceReader(table, spaced, stripping if strips else ())
            plain = reader.ids(CHECK) == _own_ids(tokenizer, CHECK)
            talk = all(_as_read(reader, text, bos, adds_bos) == _own_ids(tokenizer, text) for text in chats)
            found.append((talk, plain, spaced, strips))
    talk, plain, spaced, strips = max(found, key=lambda each: each[:2])
    if not plain and not (talk and chats):
        raise ValueError("SentencePiece with rules of its own")
    made = GgufVocabulary(table.tokens, table.kinds, adds_bos, scores=table.scores, spaced=spaced)
    return replace(made, strips=strips, unlike=TEXTS if talk and not plain else "" if talk else CHATS)


def _as_read(reader: PieceReader, text: str, bos: str, adds_bos: bool) -> list[int]:
    """A conversation's tokens as llama.cpp makes them, which does not put the first token there twice."""
    if not adds_bos:
        return reader.ids(text)
    return [reader.numbers[bos], *reader.ids(text.removeprefix(bos))]


def _stripping(tokenizer: Any) -> frozenset[str]:
    """The tokens after which llama.cpp leaves out spaces where a model's name has it take it for Phi-3."""
    added = {str(each): each for each in tokenizer.added_tokens_decoder.values()}
    if not any(each.rstrip for each in added.values()) or not added.keys() >= _PHI | {"</s>"}:
        return frozenset()
    return frozenset(added.keys() - _PHI)


def _own_ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def _bos(tokenizer: Any) -> tuple[str, bool]:
    """The first token, and whether the tokenizer puts it before every text."""
    bos = tokenizer.bos_token_id
    return str(tokenizer.bos_token or ""), bos is not None and tokenizer.encode("a")[:1] == [bos]


def _rendered(tokenizer: Any, template: str) -> Iterator[str]:
    """Conversations in the model's form, where it has one."""
    if not (template or tokenizer.chat_template):
        return
    turns = [{"role": role, "content": text} for role, text in _TURNS]
    for count in (1, 3):
        try:
            yield tokenizer.apply_chat_template(
                turns[:count],
                tokenize=False,
                add_generation_prompt=True,
                **({"chat_template": template} if template else {}),
            )
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError):
            return
