"""What the curves of a run say: sentences with their evidence. No Qt, no mlx."""
