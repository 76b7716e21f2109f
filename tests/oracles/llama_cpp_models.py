"""Small models of every family that GGUF files are written of, with tokenizers of their kinds.

Their vocabularies are made of the starter's, their weights drawn, the same wherever that is done. Run as a
script, it writes each as a GGUF file, and asked.json, for `make_llama_cpp.py`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.tuner.utils import load_adapters
from mlx_lm.utils import _get_classes
from tokenizers.decoders import ByteLevel

from studio.export.gguf_file import write_gguf
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache, OpenModel
from studio.paths import resource
from studio.recipe.recipe import Recipe

TEMPLATES = Path(__file__).parents[1] / "dataset" / "templates"
STARTER, TUNED = "starter", "tuned"
"""The model that comes with the app; and it after a short run, whose adapter is in fixtures/tuned."""
ADAPTER = Path(__file__).parent / "fixtures" / "tuned"
SHAPE = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
}
_LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
_LONG = {
    "type": "longrope",
    "rope_type": "longrope",
    "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5],
    "long_factor": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
}
_GEMMA = {
    "hidden_activation": "gelu_pytorch_tanh",
    "query_pre_attn_scalar": 16,
    "tie_word_embeddings": True,
    "sliding_window": 4096,
}
_GEMMA3 = {
    **_GEMMA,
    "num_hidden_layers": 4,
    "sliding_window": 12,
    "sliding_window_pattern": 3,
    "rope_theta": 1_000_000.0,
    "rope_local_base_freq": 10_000.0,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", "tie_word_embeddings": False, "rope_scaling": _LLAMA3},
    "smollm": {"model_type": "llama", "tie_word_embeddings": True},
    "mistral": {"model_type": "mistral", "tie_word_embeddings": False, "sliding_window": None},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": True},
    "qwen3": {"model_type": "qwen3", "tie_word_embeddings": True, "head_dim": 32},
    "gemma2": {
        **_GEMMA,
        "model_type": "gemma2",
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    },
    "gemma3_text": {
        **_GEMMA3,
        "model_type": "gemma3_text",
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    },
    "gemma3": {**_GEMMA3, "model_type": "gemma3_text"},  # inside of one that sees, too
    "phi3": {
        "model_type": "phi3",
        "tie_word_embeddings": False,
        "partial_rotary_factor": 0.75,
        "original_max_position_embeddings": 256,
        "rope_scaling": _LONG,
        "sliding_window": None,
    },
}
"""What each family's config says beside SHAPE."""
FILES = {
    **{f"{family}-f16": (family, "f16", 256) for family in CONFIGS},
    **{f"{family}-q8_0": (family, "q8_0", 256) for family in ("llama", "mistral", "gemma2", "phi3")},
    "qwen3-bf16": ("qwen3", "bf16", 256),
    "qwen3-q4_0": ("qwen3", "q4_0", 256),
    "phi3-long": ("phi3", "f16", 512),
    "tuned-f16": (TUNED, "f16", 256),
    "tuned-q8_0": (TUNED, "q8_0", 256),
    **{f"starter-{kind}": ("starter", kind, 256) for kind in ("f16", "q8_0", "q4_0")},
}
"""What is written, and for how many positions llama.cpp makes room: with more, LongRoPE has other factors."""
_RUNS = ["▁" * count for count in range(2, 13)] + ["\n" * count for count in range(2, 5)]
"""Gemma has tokens for runs of spaces and of line ends."""
_LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEXTS = (
    "It is 1984, isn't it? I'VE  said\t\tso 12345 times!!!\n\n\n  Grüße, 東京 🚀 — über…",
    " a text that\nbegins with a space\r\n and ends with one ",
)
CHATS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("user", "What is 2+3?"),),
    (("user", "  Say  two\twords"), ("assistant", "Yes, of course."), ("user", "Now 東京's\n\n1234 names")),
)


def open_model(family: str, folder: Path) -> OpenModel:
    """The model of a family, put into an empty folder; or the starter, which has one."""
    if family in (STARTER, TUNED):
        opened = ModelCache().open(resource("starter/model"))
        if family == TUNED:
            load_adapters(opened.module, str(ADAPTER))
            layers = [
                (path, part.fuse()) for path, part in opened.module.named_modules() if hasattr(part, "fuse")
            ]
            opened.module.update_modules(tree_unflatten(layers))
        return opened
    make_folder(family, folder)
    return ModelCache().open(folder)


def make_folder(family: str, folder: Path) -> None:
    """Write a model folder of the family: config, tokenizer, and weights that are sure of their answers."""
    tokenizer, settings = _tokenizer(family)
    config = {**SHAPE, **CONFIGS[family], "vocab_size": 2880, "eos_token_id": _ends(tokenizer, settings)}
    if family == "gemma3":
        outer = {name: config[name] for name in ("vocab_size", "eos_token_id", "tie_word_embeddings")}
        config = {"model_type": "gemma3", "text_config": config, **outer}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    model_class, arguments = _get_classes(config=config)
    model = model_class(arguments.from_dict(config))
    if config["tie_word_embeddings"]:
        getattr(model, "language_model", model).pop("lm_head", None)
    numbers, about = np.random.default_rng(100 + len(family)), 0.0 if "gemma" in family else 1.0
    weights = {
        name: mx.array(numbers.normal(about if "norm" in name else 0.0, 0.2, array.shape).astype(np.float32))
        for name, array in sorted(tree_flatten(model.parameters()))
        if "freqs" not in name
    }
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})


def write_file(file: Path, opened: OpenModel, precision: str) -> None:
    """Write an opened model of these as a GGUF file."""
    config = json.loads((opened.folder / "config.json").read_text())
    write_gguf(file, opened.module, config, opened.folder, opened.tokenizer, precision)


def asked(opened: OpenModel) -> dict[str, Any]:
    """What is asked of it: texts, conversations in its form, and the tokens that its answers begin with."""
    tokenizer = opened.tokenizer
    chats = [
        tokenizer.apply_chat_template(
            [{"role": role, "content": text} for role, text in turns],
            tokenize=False,
            add_generation_prompt=True,
        )
        for turns in CHATS
    ]
    prompts = [tokenizer.encode(text, add_special_tokens=False) for text in chats]
    return {"texts": [*TEXTS], "chats": chats, "prompts": prompts, "bos": tokenizer.bos_token or ""}


def _tokenizer(family: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tokenizer.json of the family's kind, and the settings beside it."""
    if family in ("mistral", "phi3"):
        return _pieces(family, spaced=True)
    if "gemma" in family:
        return _pieces(family, spaced=False)
    described = json.loads((resource("starter/model") / "tokenizer.json").read_text(encoding="utf-8"))
    settings = json.loads((resource("starter/model") / "tokenizer_config.json").read_text(encoding="utf-8"))
    steps: list[dict[str, Any]] = [dict(described["pre_tokenizer"])]
    if family in ("llama", "qwen2"):
        digits = r"\p{N}{1,3}" if family == "llama" else r"\p{N}"
        pattern = {"Regex": _LETTERS + digits + _REST}
        steps[0]["use_regex"] = False
        steps.insert(0, {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False})
    elif family == "smollm":
        steps.insert(0, {"type": "Digits", "individual_digits": True})
    described["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": steps}
    if family == "llama":
        described["model"]["ignore_merges"] = True
        settings |= _named("llama3", "<|begin_of_text|>", "<|eot_id|>")
        more = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        described["added_tokens"] += [_added(2560 + number, text) for number, text in enumerate(more)]
        described["post_processor"] = _begun("<|begin_of_text|>", 2560)
    return described, settings


def _pieces(family: str, spaced: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """One as converted from SentencePiece: pieces with bytes, and every way of joining them as a merge."""
    name, bos, eos, special, own = {
        "mistral": ("mistral", "<s>", "</s>", ["[INST]", "[/INST]"], []),
        "phi3": ("phi3", "<s>", "<|endoftext|>", ["<|user|>", "<|assistant|>", "<|end|>", "</s>"], []),
    }.get(family, ("gemma", "<bos>", "<eos>", ["<start_of_turn>", "<end_of_turn>"], _RUNS))
    whole = ["<unk>", bos, eos, *special]
    pieces = [*_words()]
    texts = dict.fromkeys([*whole, *own, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces])
    texts |= dict.fromkeys(sorted({letter for piece in pieces for letter in piece}))
    numbers = {text: number for number, text in enumerate(texts)}
    strips = family == "phi3"
    added = [_added(numbers[text], text, strips and text not in ("<unk>", bos, eos)) for text in whole]
    added += [_added(numbers[text], text, special=False) for text in own]
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]}
    described = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": normalizer if spaced else replace,
        "pre_tokenizer": None,
        "post_processor": None if family == "phi3" else _begun(bos, numbers[bos]),
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
        ]},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": numbers,
            "merges": [*_merges([*own, *pieces], numbers)],
        },
    }  # fmt: skip
    return described, {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
        **_named(name, bos, eos),
    }


def _words() -> Iterator[str]:
    """The starter's tokens that are whole texts of two letters or more, with the sign for a space."""
    described = json.loads((resource("starter/model") / "tokenizer.json").read_text(encoding="utf-8"))
    decoder = ByteLevel()
    for token in list(described["model"]["vocab"])[3:]:
        text = decoder.decode([token])
        if len(text) > 1 and "\ufffd" not in text and not text.isspace():
            yield text.replace(" ", "▁")


def _merges(pieces: list[str], numbers: dict[str, int]) -> Iterator[list[str]]:
    """Every pair of pieces that makes a piece, in the order of what they make."""
    for piece in pieces:
        cuts = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        pairs = [pair for pair in cuts if pair[0] in numbers and pair[1] in numbers]
        yield from map(list, sorted(pairs, key=lambda pair: (numbers[pair[0]], numbers[pair[1]])))


def _added(number: int, text: str, rstrip: bool = False, special: bool = True) -> dict[str, Any]:
    plain = {"single_word": False, "lstrip": False, "normalized": False}
    return {"id": number, "content": text, "rstrip": rstrip, "special": special, **plain}


def _begun(bos: str, number: int) -> dict[str, Any]:
    """What puts a first token before every text."""
    first, text = {"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    tokens = {bos: {"id": bos, "ids": [number], "tokens": [bos]}}
    return {
        "type": "TemplateProcessing",
        "single": [first, text],
        "pair": [first, text],
        "special_tokens": tokens,
    }


def _named(template: str, bos: str, eos: str) -> dict[str, Any]:
    text = (TEMPLATES / f"{template}.jinja").read_text(encoding="utf-8")
    return {"bos_token": bos, "eos_token": eos, "pad_token": eos, "chat_template": text}


def _ends(described: dict[str, Any], settings: dict[str, Any]) -> list[int]:
    numbers = {each["content"]: each["id"] for each in described["added_tokens"]}
    ends = [settings["eos_token"], "<end_of_turn>", "<|end|>"]
    return [numbers[text] for text in ends if text in numbers]


def _tune() -> None:
    """Train the starter for some steps on its sample, and keep the adapter."""
    values = {
        "data.path": str(resource("starter/chat.jsonl")),
        "loop.steps": 40,
        "learning_rate": 0.002,
        "rank": 2,
        "targets": "q_proj, up_proj",
        "watch.forgetting": False,
    }
    with TemporaryDirectory() as made:
        list(TrainJob(Recipe().with_values(values), Path(made), "tuned").run_events(ModelCache()))
        ADAPTER.mkdir(exist_ok=True)
        for name in ("adapters.safetensors", "adapter_config.json"):
            shutil.copyfile(Path(made) / "tuned" / "adapter" / name, ADAPTER / name)
    described = json.loads((ADAPTER / "adapter_config.json").read_text())
    (ADAPTER / "adapter_config.json").write_text(json.dumps(described | {"model": STARTER}, indent=1) + "\n")


def main(folder: Path) -> None:
    """Write every file, and what is asked of them."""
    families = {}
    _tune()
    for family in (*CONFIGS, STARTER, TUNED):
        with TemporaryDirectory() as made:
            opened = open_model(family, Path(made))
            for name, (kind, precision, _) in FILES.items():
                if kind == family:
                    write_file(folder / f"{name}.gguf", opened, precision)
            families[family] = asked(opened)
    files = {name: {"family": family, "context": context} for name, (family, _, context) in FILES.items()}
    text = json.dumps({"families": families, "files": files}, ensure_ascii=False)
    (folder / "asked.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
