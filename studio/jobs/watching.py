"""What looks at a model while it trains: sample answers after each validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from studio.events import Event, Progress, Sampled
from studio.train.recipe import Recipe
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.train.prepare import Ready


def sampler(recipe: Recipe, ready: Ready) -> Callable[[Any, int], Iterator[Event]]:
    """Answers the recipe's prompts with the model as it stands, each with the likeliest tokens."""
    from studio.data.records import Message
    from studio.generate.batch import answers

    lines = whole_characters(recipe.watch.prompts).splitlines()
    prompts = [line.strip() for line in lines if line.strip()]
    rendered = [ready.renderer.prompt_ids([Message("user", prompt)]) for prompt in prompts]
    ready.renderer.remark(rendered, recipe.watch.sample_tokens)  # raises where the model could not read it

    def watch(model: Any, step: int) -> Iterator[Event]:
        found: dict[int, str] = {}
        model.eval()
        try:
            tokenizer, stops = ready.opened.tokenizer, ready.renderer.stops
            for answered in answers(model, tokenizer, rendered, recipe.watch.sample_tokens, stops):
                if answered:
                    found[answered[0]] = answered[1]
                yield Progress("Answering samples", len(found), len(prompts))
        finally:
            model.train()
        for index, prompt in enumerate(prompts):
            yield Sampled(step, prompt, found[index])

    return watch
