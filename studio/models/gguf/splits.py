"""How a byte-level vocabulary splits text before it is encoded, by the name that GGUF has for it.

The patterns are those that the families publish in their tokenizer.json; llama.cpp's source gives them in
comments beside its own. A name that is not here is refused: with another pattern the same text has other
tokens, and answers are subtly worse.
"""

from __future__ import annotations

from dataclasses import dataclass

_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_SIGNS = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SLASHED = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASED = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+", rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"


@dataclass(frozen=True)
class TextSplit:
    """A way of splitting text.

    A `pattern`, each match of which is a part; without one that of GPT-2, which byte-level encoding brings,
    after each digit stands alone where `digits` is set. `whole_words` are looked up before any merge;
    `begins` says that a text begins with the first token where the file does not; `composed`, that letters
    and their marks are joined first (NFC).
    """

    pattern: str = ""
    digits: bool = False
    whole_words: bool = False
    begins: bool = False
    composed: bool = False


GPT2 = TextSplit()
EACH_DIGIT = TextSplit(digits=True)
LLAMA3 = TextSplit(rf"{_ENDINGS}|{_WORD}|\p{{N}}{{1,3}}|{_SIGNS}", whole_words=True, begins=True)
CL100K = TextSplit(LLAMA3.pattern)
QWEN2 = TextSplit(rf"{_ENDINGS}|{_WORD}|\p{{N}}|{_SIGNS}", composed=True)
QWEN2_AS_IT_IS = TextSplit(QWEN2.pattern)
TEKKEN = TextSplit(rf"{_CASED[0]}|{_CASED[1]}|\p{{N}}|{_SLASHED}", whole_words=True, begins=True)
GPT4O = TextSplit(rf"{_CASED[0]}{_ENDINGS}?|{_CASED[1]}{_ENDINGS}?|\p{{N}}{{1,3}}|{_SLASHED}")

SPLITS: dict[str, TextSplit] = {
    **dict.fromkeys(("gpt-2", "phi-2", "mpt", "mellum"), GPT2),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r", "codeshell", "minerva-7b"), EACH_DIGIT),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "midm-2.0"), LLAMA3),
    **dict.fromkeys(("dbrx", "smaug-bpe"), CL100K),
    "qwen2": QWEN2,
    **dict.fromkeys(("deepseek-r1-qwen", "megrez"), QWEN2_AS_IT_IS),
    "tekken": TEKKEN,
    **dict.fromkeys(("gpt-4o", "kanana2"), GPT4O),
}
"""By tokenizer.ggml.pre."""
