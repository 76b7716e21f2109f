"""What looking for models, bringing them here, and turning one into another announces."""

from __future__ import annotations

from dataclasses import dataclass

from studio.catalogue import Said
from studio.events.event import Event

FITS, TIGHT, TOO_LARGE, UNKNOWN = "fits", "tight", "too_large", "unknown"
"""Whether what a model is meant for fits into this machine's memory."""


@dataclass(frozen=True)
class ModelUse:
    """What a model may be used for: chat, lora, qlora or full. `size` is the memory foreseen, in bytes."""

    use: str
    fits: str
    size: int = 0


@dataclass(frozen=True)
class ModelFacts:
    """A model on this machine or on the Hub, known without loading it.

    `place` is its folder, or its file where it is GGUF; nothing where it is not here. What is 0 or empty is
    not known. `problem` says why it cannot be used as it is.
    """

    name: str  # owner/name as on the Hub, or its folder's
    place: str
    source: str  # starter, own, hub, lm_studio, ollama, folder; online where it is not here
    form: str  # safetensors, gguf
    architecture: str = ""  # as config.json names its type: llama, qwen3 …
    parameters: int = 0
    bits: float = 0.0  # per weight
    size: int = 0  # bytes on disk, or to download
    context: int = 0  # tokens
    license: str = ""
    is_chat: bool = False  # it has a chat template
    uses: tuple[ModelUse, ...] = ()
    problem: Said | None = None


@dataclass(frozen=True)
class ModelsFound(Event, kind="ModelsFound"):
    """The models on this machine; `remarks` name places that could not be looked into."""

    models: tuple[ModelFacts, ...]
    remarks: tuple[Said, ...] = ()


@dataclass(frozen=True)
class ModelFile:
    """A file of a model, its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class ModelShown(Event, kind="ModelShown"):
    """One model with what its folder says: card (Markdown), config and generation config (JSON), template.

    Of one on the Hub `files` are those that a download brings, and `gated` says that access is missing.
    """

    facts: ModelFacts
    card: str = ""
    config: str = ""
    generation: str = ""
    template: str = ""
    license_page: str = ""
    files: tuple[ModelFile, ...] = ()
    revision: str = ""
    gated: bool = False


@dataclass(frozen=True)
class OnlineModel:
    """A model on the Hub as a search lists it."""

    facts: ModelFacts
    revision: str = ""
    downloads: int = 0
    likes: int = 0
    changed: str = ""  # when, as ISO 8601
    gated: bool = False
    is_base: bool = False
    here: str = ""  # its place on this machine, where it is here already


@dataclass(frozen=True)
class ModelsListed(Event, kind="ModelsListed"):
    """What a search of the Hub found, a page of it."""

    query: str
    models: tuple[OnlineModel, ...]
    more: bool = False


@dataclass(frozen=True)
class FileArrived(Event, kind="FileArrived"):
    """How far the download of one file of a model is, in bytes."""

    model: str
    file: str
    done: int
    total: int


@dataclass(frozen=True)
class ModelDownloaded(Event, kind="ModelDownloaded"):
    """A model of the Hub is here, every file with its checksum compared.

    `folder` is where it lies, or its file where it is GGUF.
    """

    name: str
    revision: str
    folder: str
    files: int
    size: int


@dataclass(frozen=True)
class ModelDeleted(Event, kind="ModelDeleted"):
    """A model is no longer on this machine; `freed` bytes are free again."""

    name: str
    freed: int


@dataclass(frozen=True)
class ModelConverted(Event, kind="ModelConverted"):
    """A model stands in a folder in another form, read back there.

    Sizes are bytes. The losses are nats per token of the same text, before and after; `difference` is that of
    the logits as a share of their norm.
    """

    folder: str
    source: str
    size_before: int
    size_after: int
    bits_before: float
    bits_after: float
    loss_before: float
    loss_after: float
    difference: float
    remarks: tuple[Said, ...] = ()
