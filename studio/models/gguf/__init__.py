"""GGUF, the files of llama.cpp: what their headers say. Needs no MLX."""
