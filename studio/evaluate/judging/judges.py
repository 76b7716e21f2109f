"""Who may judge: a model on this Mac, read at its logits, or the model of an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from studio.dataset.record import Message
from studio.errors import StudioError
from studio.evaluate.judging.judge import REPLY_TOKENS, Judge, JudgeQuestion, JudgeReply, family_of
from studio.generate.asking import AT_ONCE, Question, asked_server

if TYPE_CHECKING:
    from mlx import nn
    from mlx_lm.tokenizer_utils import TokenizerWrapper

    from studio.dataset.render.render import Renderer
    from studio.generate.server import Server


def local_judge(
    key: str, name: str, module: nn.Module, tokenizer: TokenizerWrapper, renderer: Renderer, family: str
) -> Judge:
    """A loaded model as the judge: it writes nothing, its probabilities of the choices are its reply."""
    tokens: dict[str, tuple[int, ...]] = {}
    reader = _Reader(module)

    def ask(question: JudgeQuestion) -> Generator[None, None, JudgeReply]:
        turn = Message("user", question.asked(alone=True))
        prompt = renderer.prompt_ids((turn,), typed_as_text=True)
        for choice in question.choices:
            if choice not in tokens:
                tokens[choice] = _tokens_of(tokenizer, choice)
        shares = yield from reader.shares(prompt, {each: tokens[each] for each in question.choices})
        return JudgeReply(shares=shares)

    def count(text: str) -> int:
        return len(renderer.prompt_ids((Message("user", text),), typed_as_text=True))

    return Judge(f"local:{key}", name, family, ask, alone=True, count_tokens=count)


def _tokens_of(tokenizer: Any, choice: str) -> tuple[int, ...]:
    """The tokens that a reply may begin with where it is this choice: alone, and after a space."""
    found = set()
    for text in (choice, f" {choice}"):
        ids = tokenizer.encode(text, add_special_tokens=False)
        if ids and tokenizer.decode(ids[-1:]).strip() == choice:
            found.add(int(ids[-1]))
    if not found:
        raise StudioError("judge.no_token", choice=choice)
    return tuple(sorted(found))


class _Reader:
    """Reads prompts one after another; what the next one begins with as the last did is read once.

    Questions about one answer differ in their ends only.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._read: list[int] = []
        self._cache: list[Any] = []

    def shares(
        self, prompt: Sequence[int], tokens: Mapping[str, Sequence[int]]
    ) -> Generator[None, None, dict[str, float]]:
        """The probability of each choice as the first token after the prompt; yields after each piece."""
        import mlx.core as mx

        from studio.generate.stream import PREFILL
        from studio.models.arrays import number

        ids = mx.array(list(prompt))
        start = self._begin(prompt)
        while start < len(prompt) - 1:
            end = min(start + PREFILL, len(prompt) - 1)
            self._module(ids[None, start:end], cache=self._cache)
            mx.eval([layer.state for layer in self._cache])
            start = end
            yield
        logits = self._module(ids[None, -1:], cache=self._cache)[0, -1].astype(mx.float32)
        self._read = list(prompt)
        shares = mx.softmax(logits)
        return {choice: number(shares[mx.array(list(of))].sum()) for choice, of in tokens.items()}

    def _begin(self, prompt: Sequence[int]) -> int:
        """How many tokens of the prompt are read already; what else was read is forgotten."""
        from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache

        pairs = enumerate(zip(self._read, prompt, strict=False))
        shared = next((n for n, (one, other) in pairs if one != other), min(len(self._read), len(prompt)))
        shared = min(shared, len(prompt) - 1)
        surplus, self._read = len(self._read) - shared, []  # not whole until the prompt is
        if shared <= 0 or not can_trim_prompt_cache(self._cache):
            self._cache, shared = make_prompt_cache(self._module), 0
        else:
            trim_prompt_cache(self._cache, surplus)
        return shared


@contextmanager
def server_judge(server: Server) -> Iterator[Judge]:
    """The model of a server as the judge: it gives a reason, then its choice, at temperature 0.

    Asked again with growing pauses where the server is busy or silent, as long as it says where it does.
    """
    with asked_server(server) as send:

        def ask(question: JudgeQuestion) -> Generator[None, None, JudgeReply]:
            turn = Message("user", question.asked(alone=False))
            return JudgeReply((yield from send(Question((turn,), REPLY_TOKENS, 0.0, 0))))

        key = f"server:{server.url.rstrip('/')}:{server.model}"
        yield Judge(key, server.model, family_of(server.model), ask, AT_ONCE)
