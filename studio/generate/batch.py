"""Many answers at once, for measuring: greedy, in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mlx import nn
from mlx_lm.generate import BatchGenerator
from mlx_lm.tokenizer_utils import TokenizerWrapper

_PREFILL = 64  # tokens of each prompt that are read at a time


def answers(
    model: nn.Module,
    tokenizer: TokenizerWrapper,
    prompts: Sequence[Sequence[int]],
    max_tokens: int,
    stops: Collection[int],
    batch_size: int = 32,
) -> Iterator[tuple[int, str] | None]:
    """The likeliest answer to each prompt as (index, text), in the order in which they are finished.

    An answer ends before the first of `stops`. Yields None after every token and every piece of the prompts,
    so that the work can be stopped in between.
    """
    generator = BatchGenerator(
        model,
        stop_tokens=[[token] for token in stops],
        completion_batch_size=batch_size,
        prefill_batch_size=8,
        prefill_step_size=_PREFILL,
    )
    try:
        numbers = generator.insert([list(prompt) for prompt in prompts], [max_tokens] * len(prompts))
        index = {number: i for i, number in enumerate(numbers)}
        ids: dict[int, list[int]] = {number: [] for number in numbers}
        while True:
            read, responses = generator.next()
            if not read and not responses:
                break
            for response in responses:
                if response.finish_reason != "stop":
                    ids[response.uid].append(response.token)
                if response.finish_reason is not None:
                    yield index[response.uid], tokenizer.decode(ids.pop(response.uid)).strip()
            yield None
    finally:
        generator.close()
