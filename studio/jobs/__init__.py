"""The job contract, the queue and its threads, and what can be asked of them. QtCore only; never mlx."""
