"""Files -> records -> tokens -> batches; every fault named by its line. No Qt, no mlx, no model weights."""
