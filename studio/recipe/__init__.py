"""The recipe: what a run is asked to do, its fields, its files, and grids of it. No Qt, no mlx."""
