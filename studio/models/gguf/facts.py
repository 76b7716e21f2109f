"""What a list of models says of a GGUF file, read from its first bytes alone."""

from __future__ import annotations

from pathlib import Path

from studio.catalogue import Said, phrase
from studio.errors import ModelError
from studio.events.models import ModelFacts
from studio.models.gguf.families import GGUF_FAMILIES, check_kinds, check_tokenizer_kind, family_in
from studio.models.gguf.header import GgufHeader
from studio.models.gguf.source import parts_of, read_source

OLLAMA = "ollama"
"""The source of a file that Ollama keeps."""
_WHOLE = 15.0
"""Bits a weight from which on nothing was rounded for the file."""


def read_gguf_facts(file: Path, source: str = "folder", name: str = "") -> ModelFacts:
    """What is known of the model in a GGUF file; `problem` says why no folder can be made of it.

    `file` may be any part of a split model, and need not end in .gguf (Ollama's do not). Never raises for
    what the file holds. Called `name`, or as its file is, or, where that is a checksum, as it says itself.
    """
    size = sum(part.stat().st_size for part in parts_of(file).files if part.is_file())
    called = name or parts_of(file).stem
    try:
        header = read_source(file)
    except ModelError as error:
        return ModelFacts(called, str(file), source, "gguf", size=size, problem=error.said)
    if not name and file.suffix.lower() != ".gguf":
        called = header.text("general.name") or called
    weights = [tensor for tensor in header.tensors if not tensor.name.startswith("rope_")]
    numbers, stored = sum(each.numbers for each in weights), sum(each.size for each in weights)
    arch = header.text("general.architecture")
    family = GGUF_FAMILIES.get(arch)
    return ModelFacts(
        called,
        str(header.file),
        source,
        "gguf",
        architecture=family.model_type if family else arch,
        parameters=numbers,
        bits=round(8 * stored / numbers, 2) if numbers else 0.0,
        size=size,
        context=header.number(f"{arch}.context_length"),
        license=header.text("general.license"),
        is_chat=bool(header.text("tokenizer.chat_template")),
        problem=_problem(header),
    )


def remarks_on(file: Path, source: str = "folder") -> tuple[Said, ...]:
    """What a folder made of a file lacks beside what the model once was; `source` is whose the file is.

    Raises ModelError as `read_source` does.
    """
    header = read_source(file)
    found: list[Said] = []
    if not header.text("tokenizer.chat_template"):
        said = phrase("gguf.go_template") if source == OLLAMA else phrase("gguf.no_template")
        found.append(said)
    facts = read_gguf_facts(file)
    if facts.bits < _WHOLE:
        found.append(phrase("gguf.rounded", bits=facts.bits))
    return tuple(found)


def _problem(header: GgufHeader) -> Said | None:
    try:
        family_in(header)
        check_kinds(header)
        check_tokenizer_kind(header)
    except ModelError as error:
        return error.said
    return None
