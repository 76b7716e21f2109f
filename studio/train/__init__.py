"""The recipe (what is asked) and the loop that carries it out. No Qt; mlx only in the loop's own files."""
