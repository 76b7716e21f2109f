"""The words of a model's facts: how large it is, where it lies, and what it may be used for here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath

from studio.events import FITS, TIGHT, TOO_LARGE, UNKNOWN, ModelFacts, ModelUse
from studio.language import tr
from studio.paths import STARTER_MODEL
from studio.ui.form.model_picker import model_title
from studio.words import file_size, memory

NONE = "—"
USES = {"chat": tr("Chat"), "lora": "LoRA", "qlora": "QLoRA", "full": tr("Full")}
"""What a model may be meant for, in the order in which that is said."""

FIT_WORDS = {FITS: tr("Fits"), TIGHT: tr("Tight"), TOO_LARGE: tr("Too large"), UNKNOWN: tr("Not known")}
FIT_TONES = {FITS: "good", TIGHT: "warn", TOO_LARGE: "bad", UNKNOWN: "dim"}
_MEANT = {
    "chat": tr("to talk to it"),
    "lora": tr("to train an adapter on it"),
    "qlora": tr("to train an adapter on its quantized weights"),
    "full": tr("to train all of its weights"),
}
SOURCES = {
    "starter": tr("Built in"),
    "own": tr("Made here"),
    "hub": tr("Hugging Face"),
    "lm_studio": tr("LM Studio"),
    "ollama": tr("Ollama"),
    "folder": tr("Folder"),
    "online": tr("On the Hub"),
}
_RANK = {FITS: 3, TIGHT: 2, UNKNOWN: 1, TOO_LARGE: 0}

Pill = tuple[str, str, bool]
"""A word, its tone, and whether it is struck through."""


def short_name(facts: ModelFacts) -> str:
    """A model's name without its owner."""
    if facts.source == "starter":
        return model_title(STARTER_MODEL)
    return PurePath(facts.name).name or facts.name


def owner(facts: ModelFacts) -> str:
    """Who a model of the Hub is by, or nothing."""
    before, _, after = facts.name.partition("/")
    return before if after and before else ""


def source(facts: ModelFacts) -> str:
    """Where a model lies."""
    return SOURCES.get(facts.source, facts.source)


def billions(count: int) -> str:
    """A count of parameters as models are named by it: 3.1 M, 596 M, 1.54 B, 70.6 B."""
    for unit, size in (("B", 10**9), ("M", 10**6)):
        if count >= size:
            return f"{count / size:.{2 if count < 10 * size else 1 if count < 100 * size else 0}f} {unit}"
    return f"{count:,}" if count else NONE


def bits(facts: ModelFacts) -> str:
    """Bits per weight: 16, 4.5."""
    return f"{facts.bits:.3g}" if facts.bits else NONE


def size(facts: ModelFacts) -> str:
    return file_size(facts.size) if facts.size else NONE


def context(facts: ModelFacts) -> str:
    """How many tokens a model reads."""
    return f"{facts.context:,}" if facts.context else NONE


def uses_of(facts: ModelFacts) -> list[ModelUse]:
    """What is known of a model's uses, in the order in which that is said."""
    known = {use.use: use for use in facts.uses}
    return [known[key] for key in USES if key in known]


def pills(facts: ModelFacts) -> list[Pill]:
    """What a model may be used for: a tight use has a tilde, one that is too large is struck through."""
    if facts.problem is not None:
        return [(tr("Cannot be used"), "warn", False)]
    return [
        (
            f"{USES[use.use]} ~" if use.fits == TIGHT else USES[use.use],
            FIT_TONES.get(use.fits, "dim"),
            use.fits == TOO_LARGE,
        )
        for use in uses_of(facts)
    ]


def use_words(use: ModelUse) -> str:
    """LoRA: fits, 2.1 GB."""
    needs = f", {memory(use.size)}" if use.size else ""
    return f"{USES[use.use]}: {FIT_WORDS.get(use.fits, use.fits).lower()}{needs}"


def use_tip(use: ModelUse) -> str:
    """What a use is, and what it would take."""
    needs = (
        tr("About {memory} of memory {MEANT}.", memory=memory(use.size), MEANT=_MEANT[use.use])
        if use.size
        else ""
    )
    return needs or tr("How much memory it takes {MEANT} is not known.", MEANT=_MEANT[use.use])


def uses_words(facts: ModelFacts) -> str:
    """All uses, a line each; or why there are none."""
    if facts.problem is not None:
        return str(facts.problem)
    return "\n".join(map(use_words, uses_of(facts))) or tr("What fits is not known.")


def fit_rank(facts: ModelFacts) -> int:
    """What models are ordered by that fit better or worse; those that cannot be used come last."""
    ranks = [_RANK.get(use.fits, 0) for use in uses_of(facts)] if facts.problem is None else []
    return sum(rank * 4**place for place, rank in enumerate(reversed(ranks))) if ranks else -1


def fits_any(facts: ModelFacts, uses: Sequence[str] = ("lora", "qlora")) -> bool:
    """Whether a model can be trained here."""
    return any(use.fits in (FITS, TIGHT) for use in facts.uses if use.use in uses)


def changed(moment: str) -> str:
    """A day as a table shows it, of a moment as ISO 8601: 21 Nov 2026."""
    try:
        then = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        return NONE
    return f"{then.day} {then:%b %Y}"
