"""The loop that carries a recipe out, with its checkpoints. No Qt; mlx only in the loop's own files."""
