"""The families of models that are made from GGUF files: their names there, and what llama.cpp changes."""

from __future__ import annotations

from dataclasses import dataclass

import gguf

from studio.errors import ModelError
from studio.models.gguf.header import GgufHeader
from studio.models.gguf.splits import SPLITS


@dataclass(frozen=True)
class GgufFamily:
    """A family as config.json names it, and how its weights differ in GGUF.

    `interleaved`: the two halves of each head of queries and keys alternate there, as rotations pair them.
    `adds_one`: the weights of its norms are stored with the 1 that the family adds to them.
    """

    arch: gguf.MODEL_ARCH
    model_type: str
    builds: str  # transformers' class
    interleaved: bool = False
    adds_one: bool = False


GGUF_FAMILIES = {
    gguf.MODEL_ARCH_NAMES[family.arch]: family
    for family in (
        # Mistral's and SmolLM's models are written as Llama's, which they are in all that matters.
        GgufFamily(gguf.MODEL_ARCH.LLAMA, "llama", "LlamaForCausalLM", interleaved=True),
        GgufFamily(gguf.MODEL_ARCH.QWEN2, "qwen2", "Qwen2ForCausalLM"),
        GgufFamily(gguf.MODEL_ARCH.QWEN3, "qwen3", "Qwen3ForCausalLM"),
        GgufFamily(gguf.MODEL_ARCH.GEMMA2, "gemma2", "Gemma2ForCausalLM", adds_one=True),
        GgufFamily(gguf.MODEL_ARCH.GEMMA3, "gemma3_text", "Gemma3ForCausalLM", adds_one=True),
        GgufFamily(gguf.MODEL_ARCH.PHI3, "phi3", "Phi3ForCausalLM"),
    )
}
"""By what a file says as general.architecture."""
FAMILY_NAMES = "Llama, Mistral, SmolLM, Qwen 2, Qwen 3, Gemma 2, Gemma 3, Phi-3"
_PROJECTORS = ("clip", "mmproj")
_NO_MODELS = ("adapter", "imatrix", "vocab")


def family_in(header: GgufHeader) -> GgufFamily:
    """The family of the model in a file. Raises ModelError where no folder can be made of it."""
    arch, file = header.text("general.architecture"), header.file
    kind = header.text("general.type")
    if arch in _PROJECTORS or kind == "mmproj":
        raise ModelError("gguf.projector", file=file)
    if kind in _NO_MODELS or not header.tensors:
        raise ModelError("gguf.no_model", file=file, kind=kind or "vocab")
    family = GGUF_FAMILIES.get(arch)
    if family is None:
        raise ModelError("gguf.family", file=file, kind=arch or "?", names=FAMILY_NAMES)
    if experts := header.number(f"{arch}.expert_count"):
        raise ModelError("gguf.experts", file=file, count=experts, names=FAMILY_NAMES)
    return family


def check_kinds(header: GgufHeader) -> None:
    """Raise ModelError where a tensor is quantized in a way that cannot be undone here."""
    for tensor in header.tensors:
        if tensor.known is None or not _can_be_read(tensor.known):
            kind = f"type {tensor.kind}" if tensor.known is None else tensor.known.name
            raise ModelError("gguf.kind", file=header.file, name=tensor.name, kind=kind)
        block, _ = gguf.GGML_QUANT_SIZES[tensor.known]
        if not tensor.shape or tensor.shape[-1] % block or not tensor.numbers:
            raise ModelError("gguf.damaged", file=header.file)


def check_tokenizer_kind(header: GgufHeader) -> None:
    """Raise ModelError where the file's tokenizer is of a kind that is not made into a tokenizer.json."""
    kind, split = header.text("tokenizer.ggml.model"), header.text("tokenizer.ggml.pre")
    if kind not in ("gpt2", "llama") or not header.counts.get("tokenizer.ggml.tokens"):
        raise ModelError("gguf.tokenizer", file=header.file, kind=kind or "none")
    if kind == "gpt2" and split not in SPLITS:
        raise ModelError("gguf.split_text", file=header.file, kind=split or "none")


def _can_be_read(kind: gguf.GGMLQuantizationType) -> bool:
    plain = (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16)
    return kind in plain or kind in gguf.quants._type_traits
