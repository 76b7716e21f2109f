"""Writes fixtures/peft/: adapters that PEFT made, and the logits that it gives with them on the starter.

To renew it, in the environment that `make_fixtures.py` describes:

    oracle/bin/python tests/oracles/make_peft.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STARTER = HERE.parents[1] / "resources" / "starter" / "model"
IDS = [[5, 900, 200, 31, 7, 2, 1411], [7, 7, 12, 2090, 4, 1, 3]]
CASES: dict[str, dict[str, Any]] = {
    "lora": {"r": 4, "lora_alpha": 12, "target_modules": ["q_proj", "down_proj"]},
    "rslora": {"r": 4, "lora_alpha": 6, "use_rslora": True, "target_modules": ["v_proj", "up_proj"]},
    "dora": {"r": 2, "lora_alpha": 4, "use_dora": True, "target_modules": ["k_proj", "o_proj"]},
    "patterns": {
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["q_proj", "gate_proj"],
        "layers_to_transform": [2, 3],
        "rank_pattern": {"gate_proj": 2, "layers.3.self_attn.q_proj": 3},
        "alpha_pattern": {"gate_proj": 5},
    },
}


def main() -> None:
    """Draw each adapter's numbers from a seed, save it as PEFT does, and keep the logits."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    logits: dict[str, Any] = {"ids": IDS}
    for seed, (name, settings) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        base = AutoModelForCausalLM.from_pretrained(STARTER, dtype=torch.float32)
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(parameter, std=0.02)
            if "magnitude" in key:
                parameter.data *= 1 + 0.1 * torch.rand_like(parameter)
        folder = HERE / "fixtures" / "peft" / name
        model.save_pretrained(folder)
        (folder / "README.md").unlink()
        config = json.loads((folder / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = "starter"
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
        with torch.no_grad():
            found = model(torch.tensor(IDS)).logits[:, :, ::40]
        logits[name] = [[[round(value, 5) for value in row] for row in text] for text in found.tolist()]
    (HERE / "fixtures" / "peft" / "logits.json").write_text(json.dumps(logits) + "\n")


if __name__ == "__main__":
    main()
