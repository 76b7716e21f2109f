"""The model card of a run's result: what it is made of, how it was trained, how good it is, how to use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from studio.events import Exported
from studio.export.hub import BaseModel
from studio.words import counted, duration, markdown, visible

FORMS = {
    "mlx": ("an adapter for mlx-lm", "mlx", "adapter"),
    "peft": ("an adapter for PEFT", "peft", "adapter"),
    "fused": ("a whole model for MLX", "mlx", "finetune"),
    "gguf": ("a whole model as GGUF", "gguf", "finetune"),
}
"""What a form is in words, the library that reads it, and how it relates to its base, by the Hub's names."""

_USE = {
    "mlx": "hf download {here} --local-dir adapter\n"
    'mlx_lm.generate --model {base} --adapter-path adapter --prompt "TEXT"',
    "peft": "from peft import AutoPeftModelForCausalLM\n\n"
    'model = AutoPeftModelForCausalLM.from_pretrained("{here}")',
    "fused": 'mlx_lm.generate --model {here} --prompt "TEXT"',
    "gguf": "llama-cli -hf {here}",
}


@dataclass(frozen=True)
class CardFacts:
    """What a card says. Texts are Markdown where they are called so; what is empty is left out."""

    name: str
    repository: str
    base: BaseModel
    exported: Exported
    method: str  # lora, dora, full …
    objective: str
    data: Sequence[tuple[str, str]]
    training: Sequence[tuple[str, str]]
    recipe: Sequence[tuple[str, str]]
    evaluation_markdown: str = ""
    model_index: str = ""  # YAML
    version: str = ""

    @property
    def form(self) -> str:
        """The form that the result was written in."""
        return self.exported.target


def model_card(facts: CardFacts) -> str:
    """The whole text of the card."""
    return "\n".join((*_front(facts), "", *_body(facts), ""))


def _front(facts: CardFacts) -> Iterator[str]:
    import yaml

    _, library, relation = FORMS[facts.form]
    described: dict[str, Any] = {"license": facts.base.license} if facts.base.license else {}
    if facts.base.name:
        described |= {"base_model": facts.base.name, "base_model_relation": relation}
    tags = dict.fromkeys(("tuning-studio", library, facts.method, facts.objective))
    described |= {"library_name": library, "pipeline_tag": "text-generation", "tags": list(tags)}
    yield "---"
    yield yaml.safe_dump(described, sort_keys=False, allow_unicode=True).rstrip()
    if facts.model_index:
        yield facts.model_index.rstrip()
    yield "---"


def _body(facts: CardFacts) -> Iterator[str]:
    what, _, _ = FORMS[facts.form]
    base = facts.base.name
    of = f"[{base}](https://huggingface.co/{base})" if base else "a model that did not come from the Hub"
    yield f"# {markdown(facts.name)}"
    yield f"\nFine-tuned from {of} with Tuning Studio; this is {what}."
    yield "\n## Use\n"
    yield "```"
    yield _USE[facts.form].format(here=facts.repository, base=base or "BASE")
    yield "```"
    yield from _table("Data", facts.data)
    yield from _table("Training", facts.training)
    if facts.recipe:
        yield from _table("What of the recipe is not as by default", facts.recipe)
    if facts.evaluation_markdown:
        yield f"\n{facts.evaluation_markdown.strip()}"
    else:
        yield "\n## Evaluation\n\nIt was not evaluated: nothing is known of how good it is."
    yield "\n## Fidelity\n"
    yield from _fidelity(facts.exported)
    if not facts.base.license:
        yield "\nThe licence of the base model is not known here: see to it before you use this."
    yield f"\nMade by Tuning Studio {facts.version}."


def _table(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield "| | |\n|---|---|"
    yield from (f"| {_cell(name)} | {_cell(value)} |" for name, value in rows)


def _cell(text: str) -> str:
    return markdown(" ".join(visible(text).split()))


def _fidelity(exported: Exported) -> Iterator[str]:
    yield (
        "What was written was read back: its logits differ from those of the run's own model by "
        f"{exported.difference:.2g} of their norm, and the likeliest next token is the same at "
        f"{exported.same} of {exported.places} places."
    )
    yield from (f"\n{markdown(str(remark))}" for remark in exported.remarks)


def training_rows(
    steps: int, tokens: int, seconds: float, losses: tuple[float | None, int | None], rate: float | None
) -> list[tuple[str, str]]:
    """How a run went, by names that a table shows."""
    best, at = losses
    rows = [("Steps", f"{steps:,}"), ("Tokens read", f"{tokens:,}"), ("Time on steps", duration(seconds))]
    if rate is not None:
        rows.append(("Highest learning rate", f"{rate:.3g}"))
    if best is not None:
        rows.append(("Best validation loss", f"{best:.3f} at step {at:,}" if at else f"{best:.3f}"))
    return rows


def data_rows(name: str, counts: dict[str, int], template: str, fingerprint: str) -> list[tuple[str, str]]:
    """What a run learned from, by names that a table shows: no row of it."""
    parts = ", ".join(f"{counted(count, 'row')} for {part}" for part, count in counts.items() if count)
    told = (("Dataset", name), ("Rows", parts), ("Template", template), ("Fingerprint", fingerprint[:16]))
    return [(name, value) for name, value in told if value]
