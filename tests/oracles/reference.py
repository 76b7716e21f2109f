"""Training steps as TRL's own trainers make them, on PEFT's adapters and transformers' models, in torch.

The trainers run unmodified; only the adapter's start, the optimizer's rates and the rows are given. Their
tokenizers see words such as <17>, each of which is the token with that number, so rows of token ids go
through all of the trainers' own code.
"""

from __future__ import annotations

import copy
import json
import tempfile
from typing import Any

import torch
from datasets import Dataset, disable_progress_bars
from peft import LoraConfig
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn.functional import cross_entropy, logsigmoid
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback, logging
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer
from trl.experimental.cpo import CPOConfig, CPOTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

from tests.oracles.cases import END
from tests.oracles.cases import case as asked
from tests.oracles.toys import CONFIGS, STARTER, TARGETS, adapter_start, weights, widths

disable_progress_bars()
logging.set_verbosity_error()

TRAINERS = {
    "sft": (SFTTrainer, SFTConfig),
    "dpo": (DPOTrainer, DPOConfig),
    "orpo": (ORPOTrainer, ORPOConfig),
    "simpo": (CPOTrainer, CPOConfig),
}
REWARDS = {name: f"rewards/{name}" for name in ("chosen", "rejected", "margins", "accuracies")}


def measured(kind: str, case: dict[str, Any]) -> dict[str, Any]:
    """What training gives at each step: `losses`, `norms` (before clipping), and for pairs `rewards`."""
    base = _base(kind, case)
    logs, _ = _train(kind, case, copy.deepcopy(base))
    steps = [log for log in logs if "grad_norm" in log]
    rates = [log["learning_rate"] for log in steps]
    torch.testing.assert_close(rates, case["rates"], rtol=1e-7, atol=0)
    found: dict[str, Any] = {
        "losses": [log["loss"] for log in steps],
        "norms": [log["grad_norm"] for log in steps],
    }
    if "objective" in case["recipe"]:
        found["rewards"] = {name: [log[key] for log in steps] for name, key in REWARDS.items()}
    _check_first_step(kind, case, base, found)
    return found


def _base(kind: str, case: dict[str, Any]) -> Any:
    """The model that a case starts from: where it goes on from another, with what that one learned in it."""
    model = _model(kind)
    if (parent := case["recipe"].get("base.adapter")) is None:
        return model
    _, trained = _train(kind, asked(kind, parent), model)
    return trained.merge_and_unload()


def _train(kind: str, case: dict[str, Any], model: Any) -> tuple[list[dict[str, float]], Any]:
    """What a trainer logs, and the model with its trained adapter."""
    recipe, logs = case["recipe"], []
    objective = recipe.get("objective", "sft")
    trainer_class, config_class = TRAINERS[objective]
    with tempfile.TemporaryDirectory() as folder:
        trainer = trainer_class(
            model=model,
            args=config_class(folder, **_arguments(recipe, len(case["rows"]))),
            train_dataset=Dataset.from_list([_row(row) for row in case["rows"]]),
            processing_class=_number_tokenizer(kind),
            peft_config=_adapter(recipe),
        )
        _start(trainer.model, kind, recipe)
        trainer.optimizer = _optimizer(trainer.model, recipe)
        rates = [*case["rates"], 0.0]
        trainer.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(trainer.optimizer, rates.__getitem__)
        trainer.add_callback(_Listener(logs))
        trainer.train()
    return logs, trainer.model


def _optimizer(model: Any, recipe: dict[str, Any]) -> torch.optim.AdamW:
    """AdamW at rate 1, for a scheduler that multiplies it by the rate of each step."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decay = recipe.get("optimizer.weight_decay", 0.0)
    return torch.optim.AdamW(trained, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=decay)


class _Listener(TrainerCallback):
    """Keeps what a trainer reports."""

    def __init__(self, logs: list[dict[str, float]]) -> None:
        self.logs = logs

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **rest: Any) -> None:
        self.logs.append(dict(logs))


def _arguments(recipe: dict[str, Any], rows: int) -> dict[str, Any]:
    size, accumulation = recipe["loop.batch_size"], recipe["loop.accumulation"]
    if recipe.get("objective") == "orpo":
        # TRL's ORPO averages over a batch's tokens, then over the batches of a step. Only a step of one batch
        # is therefore the mean over the step's tokens, whatever its batches.
        size, accumulation = rows, 1
    arguments = {
        "per_device_train_batch_size": size,
        "gradient_accumulation_steps": accumulation,
        "num_train_epochs": recipe["loop.epochs"],
        "max_grad_norm": recipe["optimizer.clip"] or 1e9,
        "max_length": 512,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": False,
    }
    if recipe.get("objective") == "simpo":
        arguments |= {"loss_type": "simpo", "cpo_alpha": 0.0, "beta": recipe["preference.simpo_beta"]}
        arguments["simpo_gamma"] = recipe["preference.simpo_gamma"]
    elif "objective" in recipe:
        arguments["beta"] = recipe["preference.beta"]
    return arguments


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the trainers take it: ids and labels, or a pair in the words of the number tokenizer."""
    if "ids" in row:
        marks = zip(row["ids"], row["trained"], strict=True)
        return {"input_ids": row["ids"], "labels": [token if mark == "1" else -100 for token, mark in marks]}
    words = {part: " ".join(f"<{token}>" for token in row[part]) for part in row}
    return {"prompt": words["prompt"], "chosen": f" {words['chosen']}", "rejected": f" {words['rejected']}"}


def _number_tokenizer(kind: str) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordLevel({f"<{n}>": n for n in range(_config(kind)["vocab_size"])}, "<0>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=f"<{END}>", pad_token="<0>")


def _config(kind: str) -> dict[str, Any]:
    if kind in CONFIGS:
        return CONFIGS[kind]
    found: dict[str, Any] = json.loads((STARTER / "model" / "config.json").read_text(encoding="utf-8"))
    return found


def _model(kind: str) -> Any:
    if kind not in CONFIGS:
        return AutoModelForCausalLM.from_pretrained(STARTER / "model", dtype=torch.float32)
    config = dict(CONFIGS[kind])
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(config.pop("model_type"), **config))
    state = {name: torch.from_numpy(array) for name, array in weights(kind).items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected
    assert set(missing) <= {"lm_head.weight"}  # where it is the embeddings
    return model.float()


def _adapter(recipe: dict[str, Any]) -> LoraConfig:
    return LoraConfig(
        r=recipe["lora.rank"],
        lora_alpha=recipe["lora.alpha"],
        lora_dropout=0.0,
        target_modules=[target.rsplit(".", 1)[-1] for target in TARGETS],
        use_rslora=recipe.get("lora.rank_stabilized", False),
        use_dora=recipe.get("method") == "dora",
        task_type="CAUSAL_LM",
    )


def _start(model: Any, kind: str, recipe: dict[str, Any]) -> None:
    """Set both matrices of every adapter; the magnitudes of DoRA stay those of the model's own weights."""
    config = _config(kind)
    start = adapter_start(config["num_hidden_layers"], widths(config), recipe["lora.rank"])
    trained = {name: p for name, p in model.named_parameters() if "lora_A" in name or "lora_B" in name}
    assert len(trained) == len(start)
    for name, array in start.items():
        path, side = name.rsplit(".lora_", 1)
        parameter = trained[f"base_model.model.model.{path}.lora_{side.upper()}.default.weight"]
        assert parameter.shape == array.T.shape
        parameter.data = torch.from_numpy(array.T.copy())


def _check_first_step(kind: str, case: dict[str, Any], base: Any, found: dict[str, Any]) -> None:
    """The trainers' first loss and norm are those of the published formulas, one unpadded row at a time."""
    from peft import get_peft_model

    model = get_peft_model(base, _adapter(case["recipe"]))
    _start(model, kind, case["recipe"])
    formula = {"sft": _sft, "dpo": _dpo, "orpo": _orpo, "simpo": _simpo}[
        case["recipe"].get("objective", "sft")
    ]
    loss = formula(model, case)
    loss.backward()
    gradients = [p.grad.norm() for p in model.parameters() if p.grad is not None]
    norm = torch.stack(gradients).norm().item()
    torch.testing.assert_close(found["losses"][0], loss.item(), rtol=1e-5, atol=0)
    torch.testing.assert_close(found["norms"][0], norm, rtol=1e-5, atol=0)


def _log_p(model: Any, ids: list[int], first: int = 1) -> torch.Tensor:
    """log p of each token from position `first` on."""
    logits = model(torch.tensor([ids])).logits[0, first - 1 : -1]
    return -cross_entropy(logits, torch.tensor(ids[first:]), reduction="none")


def _sft(model: Any, case: dict[str, Any]) -> torch.Tensor:
    losses = [
        -_log_p(model, row["ids"])[torch.tensor([mark == "1" for mark in row["trained"][1:]])]
        for row in case["rows"]
    ]
    return torch.cat(losses).mean()


def _dpo(model: Any, case: dict[str, Any]) -> torch.Tensor:
    """Rafailov et al., 2023, equation 7."""

    def reward(row: dict[str, Any], side: str) -> torch.Tensor:
        ids, first = row["prompt"] + row[side], len(row["prompt"])
        with torch.no_grad(), model.disable_adapter():
            reference = _log_p(model, ids, first).sum()
        return case["recipe"]["preference.beta"] * (_log_p(model, ids, first).sum() - reference)

    margins = [reward(row, "chosen") - reward(row, "rejected") for row in case["rows"]]
    return -logsigmoid(torch.stack(margins)).mean()


def _orpo(model: Any, case: dict[str, Any]) -> torch.Tensor:
    """Hong et al., 2024, equations 3 to 7; the likelihood is that of prompt and answer, as in their code."""

    def log_odds(row: dict[str, Any], side: str) -> torch.Tensor:
        mean = _log_p(model, row["prompt"] + row[side], len(row["prompt"])).mean()
        return mean - torch.log1p(-mean.exp())

    ratios = torch.stack([log_odds(row, "chosen") - log_odds(row, "rejected") for row in case["rows"]])
    whole = torch.cat([_log_p(model, row["prompt"] + row["chosen"]) for row in case["rows"]])
    return -whole.mean() - case["recipe"]["preference.beta"] * logsigmoid(ratios).mean()


def _simpo(model: Any, case: dict[str, Any]) -> torch.Tensor:
    """Meng et al., 2024, equation 6."""

    def reward(row: dict[str, Any], side: str) -> torch.Tensor:
        mean = _log_p(model, row["prompt"] + row[side], len(row["prompt"])).mean()
        return case["recipe"]["preference.simpo_beta"] * mean

    margins = [reward(row, "chosen") - reward(row, "rejected") for row in case["rows"]]
    return -logsigmoid(torch.stack(margins) - case["recipe"]["preference.simpo_gamma"]).mean()
