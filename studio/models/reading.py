"""From config.json, as transformers reads it, to what mlx-lm's family gets: each setting by its name."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from studio.models.family import Family, family_of
from studio.models.folder import untagged
from studio.models.tokenizer import LOADING

_OLD_ROPES = {"su": "longrope"}


def as_transformers_reads(config: Mapping[str, Any]) -> dict[str, Any]:
    """The text model's config with transformers' defaults; empty for kinds that it does not know.

    `rope_parameters` holds what there is of positions, by the kind of layer where those differ; `aliases`
    which names transformers takes for others, and `defaults` the values that it takes for what is not said.
    Also empty where transformers refuses a value: the config is then taken as it stands.
    """
    kind = config.get("model_type")
    with LOADING, _silent():
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        try:
            made = CONFIG_MAPPING[kind].from_dict(with_rope_named(config))
            text = made.get_text_config()
            read: dict[str, Any] = json.loads(text.to_json_string(use_diff=False), object_hook=untagged)
            aliases, defaults = dict(text.attribute_map), type(text)().to_dict()
        except Exception:  # noqa: BLE001  # whatever a class of transformers makes of a foreign value
            return {}
    return {**read, "aliases": aliases, "defaults": defaults}


def with_rope_named(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a config in which rope settings have today's names, also in a nested text model."""
    named = copy.deepcopy(dict(config))
    for part in (named, named.get("text_config")):
        for key in ("rope_scaling", "rope_parameters"):
            settings = part.get(key) if isinstance(part, dict) else None
            if isinstance(settings, dict) and isinstance(kind := settings.get("type"), str):
                settings.setdefault("rope_type", kind)
            if isinstance(settings, dict) and (kind := _OLD_ROPES.get(str(settings.get("rope_type")))):
                settings["rope_type"] = kind
            if isinstance(settings, dict) and "type" in settings:
                settings["type"] = settings["rope_type"]
            original = part.get("original_max_position_embeddings") if isinstance(part, dict) else None
            if isinstance(settings, dict) and original and settings.get("rope_type") == "longrope":
                settings.setdefault("original_max_position_embeddings", original)
    return named


@contextmanager
def _silent() -> Iterator[None]:
    """transformers warns of old names and unknown values; what matters of it is said by us."""
    logger = logging.getLogger("transformers")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


THETA = ("rope_theta", "rotary_emb_base", "rope_embedding_base")
PARTIAL = ("partial_rotary_factor", "rotary_pct", "rope_pct")
LOCAL = ("rope_local_base_freq", "rope_local_theta", "swa_rope_theta")
SYNONYMS = (
    ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"),
    ("num_experts_per_tok", "moe_topk", "top_k_experts", "moe_k", "num_experts_per_token"),
    ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"),
    ("hidden_act", "hidden_activation", "activation_function"),
    ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    ("hidden_size", "n_embd", "d_model", "block_dim"),
    ("intermediate_size", "n_inner", "block_ff_dim"),
    ("num_attention_heads", "n_head", "n_heads"),
    ("max_position_embeddings", "n_positions", "n_ctx"),
    ("rms_norm_eps", "norm_eps", "layer_norm_eps", "layer_norm_epsilon", "layernorm_epsilon"),
    THETA,
    PARTIAL,
    LOCAL,
    ("sliding_window", "sliding_window_size", "attention_window_size"),
    ("attention_bias", "qkv_bias", "use_qkv_bias"),
    ("tie_word_embeddings", "tie_embeddings", "weight_tying"),
)
"""Names under which model files and configs mean the same."""
_OLD_KINDS = {"linear_attention": "mamba", "full_attention": "attention"}
FULL, SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True, eq=False)
class ConfigReading:
    """A model's config as its family gets it (`config`), and the text model's part of that (`text`).

    `twin` is the text model as transformers reads it, with its defaults; empty where it knows none.
    """

    config: dict[str, Any]
    text: dict[str, Any]
    twin: dict[str, Any]
    family: Family

    def stated(self, key: str) -> Any:
        """What the config means by a key, defaults included; None where it says nothing."""
        found = self.twin.get(key)
        return self.text.get(key) if found is None else found

    @property
    def ropes(self) -> dict[str, dict[str, Any]]:
        """The settings of positions for each kind of layer; under "" those of all layers."""
        settings = self.stated("rope_parameters") or {}
        if nested := {kind: part for kind, part in settings.items() if isinstance(part, dict)}:
            return nested
        whole = {**(self.text.get("rope_scaling") or {}), **settings}
        for key in ("rope_theta", "partial_rotary_factor"):
            if whole.get(key) is None and self.text.get(key) is not None:
                whole[key] = self.text[key]
        return {"": whole} if whole.get("rope_theta") else {}


def reading_of(config: Mapping[str, Any], folder: object) -> ConfigReading:
    """How the family of a model takes its config. Raises ModelError for a kind that mlx-lm does not know."""
    family = family_of(config, folder)
    named = with_rope_named(config)
    nested = isinstance(named.get("text_config"), dict)
    reading = ConfigReading(
        named, named["text_config"] if nested else named, as_transformers_reads(config), family
    )
    _name_alike(reading)
    _lift_ropes(reading)
    _fill(reading)
    _drop_what_is_refused(reading)
    return reading


def _name_alike(reading: ConfigReading) -> None:
    """Give a field that is left unsaid the value that stands under another name of it."""
    text, fields = reading.text, reading.family.fields
    pairs = [pair for alias in reading.twin.get("aliases", {}).items() for pair in (alias, alias[::-1])]
    pairs += [(one, other) for group in SYNONYMS for one in group for other in group if one != other]
    for wanted, other in pairs:
        if wanted in fields and text.get(wanted) is None and text.get(other) is not None:
            text[wanted] = text[other]


def _lift_ropes(reading: ConfigReading) -> None:
    """Spread rope settings, which transformers keeps in one place, over the fields that the family has."""
    ropes, text, fields = reading.ropes, reading.text, reading.family.fields
    if not ropes:
        return
    main = ropes.get("") or ropes.get(FULL) or next(iter(ropes.values()))
    lifted: dict[str, Any] = {name: main["rope_theta"] for name in THETA}
    if (share := main.get("partial_rotary_factor")) is not None:
        lifted.update(dict.fromkeys(PARTIAL, share))
    if SLIDING in ropes:
        lifted.update(dict.fromkeys(LOCAL, ropes[SLIDING]["rope_theta"]))
    if (kind := main.get("rope_type", "default")) != "default":
        # mlx-lm's own layer for this kind pairs halves of a head whatever the family does: ours is put in
        plainly = kind == "longrope" and "SuScaledRoPE" not in reading.family.reads
        lifted["rope_scaling"] = None if plainly else {**main, "type": kind}
    if text.get("rope_parameters") is None:
        lifted["rope_parameters"] = ropes.get("", ropes)
    text.update({name: value for name, value in lifted.items() if name in fields})
    _lift_pattern(reading, reading.stated("layer_types") or [])
    _lift_kinds(reading)


def _lift_pattern(reading: ConfigReading, kinds: list[str]) -> None:
    """Say in the family's way, as a number or in letters, which layers look back to the first token."""
    key, text = "sliding_window_pattern", reading.text
    if key not in reading.family.fields or FULL not in kinds:
        return
    if key in reading.family.texts:
        if not isinstance(text.get(key), str):
            text[key] = "".join("L" if kind == SLIDING else "G" for kind in kinds)
    elif text.get(key) is None:
        text[key] = kinds.index(FULL) + 1


def _lift_kinds(reading: ConfigReading) -> None:
    """Call kinds of layers as the family does, where it has not the name that transformers gives them."""
    kinds, known = reading.text.get("layer_types"), reading.family.reads
    if isinstance(kinds, list):
        older = {new: old for new, old in _OLD_KINDS.items() if new not in known and old in known}
        reading.text["layer_types"] = [older.get(str(kind), kind) for kind in kinds]


def _fill(reading: ConfigReading) -> None:
    """Give fields that the config leaves unsaid transformers' defaults, where mlx-lm's may be others."""
    text, family = reading.text, reading.family
    for name in family.fields:
        if text.get(name) is None and reading.twin.get(name) is not None:
            text[name] = reading.twin[name]
    if "head_dim" in family.fields and text.get("head_dim") is None and (size := _width_of_a_head(text)):
        text["head_dim"] = size
    if "is_moe_layer" in family.fields and (kinds := text.get("mlp_layer_types")):
        text.setdefault("is_moe_layer", [kind == "sparse" for kind in kinds])
    if "position_embedding_type" in family.fields and reading.twin and "nope" in family.reads:
        text["position_embedding_type"] = reading.twin.get("position_embedding_type") or "nope"
    for name in family.required & {"rope_scaling", "rope_parameters", "num_key_value_heads"}:
        text.setdefault(name, text.get("num_attention_heads") if name.startswith("num") else None)
    if text is not reading.config:  # a family of pictures and text asks for some of the text's above it
        for name in family.fields & text.keys() - {"model_type"}:
            if reading.config.get(name) is None:
                reading.config[name] = text[name]


def _drop_what_is_refused(reading: ConfigReading) -> None:
    """Some families refuse a scaling that they do not know: layers that scale are put in once built."""
    if reading.text.get("rope_scaling"):
        try:
            reading.family.arguments.from_dict(reading.config)
        except ValueError:
            reading.text["rope_scaling"] = None
        except (TypeError, KeyError, AttributeError):  # said when the model is built
            return


def head_size(config: Mapping[str, Any]) -> int:
    """How many numbers of a head positions may turn; 0 where the config does not say."""
    return int(config.get("qk_rope_head_dim") or config.get("head_dim") or _width_of_a_head(config))


def _width_of_a_head(config: Mapping[str, Any]) -> int:
    width, heads = (config.get(key) for key in ("hidden_size", "num_attention_heads"))
    return width // heads if isinstance(width, int) and isinstance(heads, int) and heads else 0
