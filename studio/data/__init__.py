"""Files -> records -> tokens -> batches, with every fault named by its line. No Qt, no mlx, no model weights."""
