"""The models on this machine: where they lie, and what each is, without loading one. Needs no MLX."""
