"""A model's tokenizer in GGUF's form: its tokens with their kinds, its merges, how it splits, its template.

llama.cpp knows how a vocabulary splits text by a name only (`tokenizer.ggml.pre`). A wrong name gives other
tokens for the same text, and answers that are subtly worse; so a way of splitting that is not known here by
its own settings is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import ModelError
from studio.files import read_object

if TYPE_CHECKING:
    from gguf import GGUFWriter

_NORMAL, _CONTROL, _OWN, _UNUSED = 1, 3, 4, 5
"""Kinds of tokens: of the vocabulary; never typed; added by a person; without a text."""
_LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_PATTERNS = {
    _LETTERS + r"\p{N}{1,3}" + _REST: "llama-bpe",
    _LETTERS + r"\p{N}" + _REST: "qwen2",
}
"""What splits the text of Llama 3 and of Qwen 2 to 3, as their tokenizer.json has it."""
_GENERATION = re.compile(r"\{%(-?)\s*(end)?generation\s*(-?)%\}")


@dataclass(frozen=True)
class GgufVocabulary:
    """The tokens by number, the kind of each, the merges, and the name of how text is split."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[str, ...]
    splits: str
    adds_bos: bool

    def add_to(self, writer: GGUFWriter) -> None:
        """Put it among the values of a file."""
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(self.splits)
        writer.add_token_list(list(self.tokens))
        writer.add_token_types(list(self.kinds))
        writer.add_token_merges(list(self.merges))
        writer.add_add_bos_token(self.adds_bos)


def vocabulary_in(folder: Path, rows: int) -> GgufVocabulary:
    """The tokenizer of a model whose embeddings have so many rows; those without a token are named so.

    Raises ModelError for a tokenizer that is no byte-level BPE, or that splits text in an unknown way.
    """
    described = read_object(folder / "tokenizer.json", ModelError, _unknown(folder, "tokenizer.json"))
    model, added = described.get("model") or {}, described.get("added_tokens") or []
    if model.get("type") != "BPE" or model.get("byte_fallback") or not model.get("merges"):
        raise _unknown(folder, str(model.get("type") or "tokenizer"))
    tokens, kinds = [f"[PAD{number}]" for number in range(rows)], [_UNUSED] * rows
    for text, number in model["vocab"].items():
        tokens[number], kinds[number] = text, _NORMAL
    for each in added:
        tokens[each["id"]], kinds[each["id"]] = each["content"], _CONTROL if each["special"] else _OWN
    merges = tuple(each if isinstance(each, str) else " ".join(each) for each in model["merges"])
    return GgufVocabulary(
        tuple(tokens), tuple(kinds), merges, _splits(folder, described), _adds_bos(described)
    )


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
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    if template:
        writer.add_chat_template(plain_template(template))


def starts_with(folder: Path, tokenizer: Any) -> str:
    """The token that readers of the file put before every text, or nothing."""
    described = read_object(folder / "tokenizer.json", ModelError, _unknown(folder, "tokenizer.json"))
    return str(tokenizer.bos_token or "") if _adds_bos(described) else ""


def plain_template(template: str) -> str:
    """A chat template without transformers' own block {% generation %}, which no other reader knows."""

    def conditional(found: re.Match[str]) -> str:
        return f"{{%{found[1]} {'endif' if found[2] else 'if true'} {found[3]}%}}"

    return _GENERATION.sub(conditional, template)


def _splits(folder: Path, described: dict[str, Any]) -> str:
    """llama.cpp's name of the way in which text is split before it is encoded."""
    steps = described.get("pre_tokenizer") or {}
    steps = steps.get("pretokenizers", [steps])
    kinds = [step.get("type") for step in steps]
    spaced = any(step.get("add_prefix_space") for step in steps)
    normalizer = (described.get("normalizer") or {}).get("type")
    if kinds == ["Split", "ByteLevel"] and not spaced and not steps[1].get("use_regex", True):
        found = _PATTERNS.get((steps[0].get("pattern") or {}).get("Regex", ""))
        if found and steps[0].get("behavior") == "Isolated" and normalizer in (None, "NFC"):
            return found
    by_rule = not spaced and normalizer is None and steps[-1].get("use_regex", True)
    if kinds == ["ByteLevel"] and by_rule:
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and by_rule and steps[0].get("individual_digits"):
        return "smollm"
    raise _unknown(folder, " + ".join(map(str, kinds)))


def _adds_bos(described: dict[str, Any]) -> bool:
    """Whether the tokenizer puts its first token before every text."""
    after = described.get("post_processor") or {}
    for each in after.get("processors", [after]):
        single = each.get("single") or []
        if each.get("type") == "TemplateProcessing" and single and "SpecialToken" in single[0]:
            return True
    return False


def _unknown(folder: Path, kind: str) -> ModelError:
    return ModelError("export.gguf_tokenizer", folder=folder, kind=kind)
