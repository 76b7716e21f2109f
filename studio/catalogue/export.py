"""What is said of taking a run's result elsewhere, and of bringing an adapter from elsewhere."""

EXPORT: dict[str, str] = {
    "export.nothing_trained": "{title} has nothing that was trained. Export a run.",
    "export.taken": "{folder} is not empty (it holds {name}). Name another folder with --out.",
    "export.no_one_adapter": "This result is a chain of {count} adapters, one of them of {kind}, and no "
    "single adapter does the same. Export it as a whole model: --to fused.",
    "export.other_answers": "What was written answers unlike the run's model (its logits are off by "
    "{difference:.2%}), so it was thrown away. Try --to fused; and please report this.",
    "export.unreadable": "What was written cannot be read back ({fault}), so it was thrown away. Please "
    "report this.",
    "export.requantized": "Quantizing the weights again loses {lost:.1%} of what the run learned.",
    "export.dequantized": "Quantizing the weights again would lose {lost:.1%} of what the run learned, so "
    "they are de-quantized, and larger. To have them quantized all the same: --weights keep.",
    "export.rounded": "Rounding to the precision of the weights loses {lost:.1%} of what the run learned.",
    "export.merged": "{count} adapters that the run is made of were merged into one.",
    "export.quantized_here": "The run trained on a copy of the model that was quantized to {bits} bits here. "
    "On the original the adapter answers a little otherwise; the whole model (--to fused) is exact.",
}
