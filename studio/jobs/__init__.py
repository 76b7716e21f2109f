"""The job contract, the queue, the engine thread, and the descriptions of what can be asked. QtCore only; never mlx."""
