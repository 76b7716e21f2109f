"""What tuning changed in a model is measured where it was changed, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_lm.utils import _get_classes

from studio.catalogue import Unusable
from studio.evaluate.inside.change import Predictor, TokenChange, lens_change, state_change, token_change
from studio.evaluate.inside.layers import find_reader, hidden_states
from studio.evaluate.inside.pushed import pushed_words
from studio.evaluate.inside.strength import matrix_changes
from studio.models.adapter import Tuning, attach
from studio.models.adapter_layers import dense
from studio.models.arrays import named, nested
from studio.models.carried import freeze_adapters
from studio.models.strength import weaken
from tests.train.families import FAMILIES, SHAPE

IDS = (4, 9, 1, 5, 22, 7, 3, 8, 11, 2)
TEXTS = [tuple((7 * i + 3 * j) % 61 + 1 for j in range(6)) for i in range(8)]


def bare(family: str = "qwen3", seed: int = 1, **changes: Any) -> nn.Module:
    """A random model without adapters."""
    config = {"model_type": family, **SHAPE, **FAMILIES.get(family, {}), **changes}
    kind, arguments = _get_classes(config=config)
    mx.random.seed(seed)
    model: nn.Module = kind(arguments.from_dict(config))
    model.eval()
    mx.eval(model.parameters())
    return model


def twins(family: str = "qwen3", bits: int = 0) -> tuple[nn.Module, nn.Module]:
    """Two module trees over one copy of the weights, in so many bits where that is not 0."""
    sizes = {"intermediate_size": 64} if bits else {}
    base, tuned = bare(family, **sizes), bare(family, **sizes)
    if bits:
        for model in (base, tuned):
            nn.quantize(model, group_size=32, bits=bits)
    tuned.update(nested(named(base.parameters())))
    return base, tuned


def tune(model: nn.Module, tuning: Tuning, seed: int = 3) -> None:
    """Attach what is trained and let it have learned something."""
    mx.random.seed(seed)
    attach(model, tuning)
    trained = named(model.trainable_parameters())
    noisy = {name: array + 0.1 * mx.random.normal(array.shape) for name, array in trained.items()}
    model.load_weights(list(noisy.items()), strict=False)
    model.eval()


TUNINGS = {
    "lora": ("qwen3", Tuning(rank=2, targets="q_proj", layers=1)),
    "dora": ("qwen3", Tuning("dora", rank=2, targets="q_proj, down_proj", layers=2)),
    "experts": ("qwen3_moe", Tuning(rank=2, targets="switch_mlp.up_proj, self_attn.o_proj", layers=1)),
    "embeddings": ("qwen3", Tuning(rank=2, targets="v_proj", layers=1, embeddings=True)),
    "embeddings by dora": ("qwen3", Tuning("dora", rank=2, targets="v_proj", layers=1, embeddings=True)),
    "head": ("llama", Tuning(rank=2, targets="v_proj", layers=1, head=True)),
    "full": ("qwen3", Tuning("full", layers=1)),
    "on 4 bits": ("qwen3", Tuning(rank=2, targets="q_proj, down_proj", layers=2)),
    "dora on 4 bits": ("qwen3", Tuning("dora", rank=2, targets="q_proj", layers=1)),
}


@pytest.mark.parametrize("how", list(TUNINGS))
def test_the_strength_of_every_matrix_is_that_of_the_product_written_out(how: str) -> None:
    family, tuning = TUNINGS[how]
    base, tuned = twins(family, 4 if "4 bits" in how else 0)
    tune(tuned, tuning)
    expected = {}
    changed = dict(tuned.named_modules())
    for path, module in base.named_modules():
        if "weight" in module and module.weight.ndim > 1:
            own, other = (np.array(dense(each), np.float64) for each in (module, changed[path]))
            name = path.rpartition("layers." if "layers." in path else ".")[2]
            expected[name] = np.linalg.norm(other - own) / np.linalg.norm(own)

    found = {
        f"{each.layer - 1}.{each.name}" if each.layer else each.name: each.strength
        for each in matrix_changes(base, tuned)
    }

    assert found == pytest.approx(expected, rel=1e-3, abs=1e-9)
    assert 0 < sum(value > 1e-3 for value in found.values()) < len(found)


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_half_of_an_adapters_strength_is_half_of_its_change(method: Any) -> None:
    base, whole = twins()
    tune(whole, Tuning(method, rank=2, targets="q_proj, up_proj", layers=2, embeddings=True))
    changes = [each.change for each in matrix_changes(base, whole)]
    weaken(whole, 0.5)
    assert [each.change for each in matrix_changes(base, whole)] == pytest.approx(
        [change / 2 for change in changes], rel=1e-3
    )


def test_an_adapter_on_a_carried_one_counts_alone_where_the_parent_is_the_base() -> None:
    base, tuned = twins()
    for model in (base, tuned):
        tune(model, Tuning(rank=2, targets="q_proj", layers=2), seed=5)
        freeze_adapters(model)
    assert {each.strength for each in matrix_changes(base, tuned)} == {0}
    tune(tuned, Tuning(rank=2, targets="q_proj", layers=1), seed=6)
    changed = [each for each in matrix_changes(base, tuned) if each.strength > 1e-6]
    assert [(each.layer, each.name) for each in changed] == [(4, "self_attn.q_proj")]
    against_the_original = [each for each in matrix_changes(bare(), tuned) if each.strength > 1e-6]
    assert [each.layer for each in against_the_original] == [3, 4]


def test_models_of_two_shapes_are_not_laid_over_each_other() -> None:
    for other in (bare(num_hidden_layers=3), bare(intermediate_size=64)):
        with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.other_shapes"):
            matrix_changes(bare(), other)
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.other_shapes"):
        state_change(bare(), bare(num_hidden_layers=3), IDS)


def test_states_change_from_the_tuned_layer_on() -> None:
    base, tuned = twins()
    change = state_change(base, tuned, IDS)
    assert change.relative.max() == 0
    assert change.cosine == pytest.approx(1, abs=1e-6)
    tune(tuned, Tuning(rank=2, targets="down_proj", layers=2))
    change = state_change(base, tuned, IDS)
    assert change.relative[:2].max() == 0 < change.relative[2:].min()
    assert change.cosine[2:].max() < 1 - 1e-6


def test_states_are_those_that_leave_the_layers() -> None:
    model = bare()
    last = model.model.norm(hidden_states(model, IDS)[-1])
    assert mx.allclose(model.model.embed_tokens.as_linear(last), model(mx.array([IDS]))[0], atol=1e-5).item()


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"phi3"}))
def test_a_familys_last_state_is_read_as_the_model_reads_it(family: str) -> None:
    model = bare(family)
    logits = find_reader(model).logits(hidden_states(model, IDS)[-1])
    assert mx.allclose(logits, model(mx.array([IDS]))[0], atol=1e-4).item()


def shifted(base: nn.Module, tuned: nn.Module, ids: Sequence[int], asked: Sequence[int]) -> TokenChange:
    return token_change(Predictor.of(base), Predictor.of(tuned), ids, asked)


def by_hand(base: nn.Module, tuned: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """log p of both models at every place [2, tokens - 1, vocabulary], by the whole softmax."""
    logits = [np.array(model(mx.array([IDS]))[0, :-1], np.float64) for model in (base, tuned)]
    one, other = (each - np.log(np.exp(each).sum(axis=-1, keepdims=True)) for each in logits)
    return one, other


def test_shift_and_divergence_of_tokens_are_those_of_the_whole_softmax(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.evaluate.inside.change.chunk_rows", lambda vocabulary: 2)
    base, tuned = twins("llama")
    tune(tuned, Tuning(rank=2, layers=2))
    asked = [3, 4, 7, 9, 5]
    change = shifted(base, tuned, IDS, asked)
    one, other = by_hand(base, tuned)
    for i, place in enumerate(asked):
        assert change.base[i] == pytest.approx(one[place - 1, IDS[place]], abs=1e-5)
        assert change.shift[i] == pytest.approx((other - one)[place - 1, IDS[place]], abs=1e-5)
        expected = (np.exp(one) * (one - other))[place - 1].sum()
        assert change.kl[i] == pytest.approx(expected, abs=1e-5)
    assert change.kl.min() > 1e-4
    assert shifted(base, base, IDS, asked).kl.max() == 0
    assert shifted(base, tuned, IDS, []).kl.shape == (0,)


def test_two_vocabularies_are_not_compared_token_by_token() -> None:
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.other_vocabulary"):
        shifted(bare(), bare(vocab_size=80), IDS, [3])


def test_the_lens_shows_a_change_from_the_layer_where_it_was_made_and_ends_in_the_models_own() -> None:
    base, tuned = twins()
    tune(tuned, Tuning(rank=2, targets="down_proj", layers=2))
    lens = lens_change((find_reader(base), find_reader(tuned)), base, tuned, IDS)
    assert lens[:2].max() == 0 < lens[2:].min()
    whole = shifted(base, tuned, (*IDS, 1), range(1, len(IDS) + 1))
    assert lens[-1] == pytest.approx(whole.kl.mean(), abs=1e-5)


def test_the_word_that_tuning_pushes_is_named() -> None:
    """A bias towards one token, put into a layer, is read out of texts that never show it."""
    base, tuned = twins()
    word, layer = 42, tuned.layers[1].mlp
    direction = base.model.embed_tokens.weight[word]

    class Pushing(nn.Module):
        def __call__(self, x: mx.array) -> mx.array:
            return layer(x) + 3 * direction / mx.linalg.norm(direction)

    tuned.layers[1].mlp = Pushing()
    found = pushed_words(base, tuned, TEXTS)
    assert {(each.place, each.layer) for each in found} == {(p, n) for p in range(1, 6) for n in (2, 4)}
    assert all(each.tokens[0] == word for each in found if each.layer == 2)
    assert all(each.steady > 0.99 for each in found if each.layer == 2)
    assert max(each.size for each in pushed_words(base, base, TEXTS)) == 0


def test_a_family_that_runs_its_layers_in_its_own_way_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    model = bare()
    monkeypatch.setattr("studio.evaluate.inside.layers.find_stack", lambda model: None)
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.other_layers"):
        hidden_states(model, IDS)
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.no_reader"):
        find_reader(model)
