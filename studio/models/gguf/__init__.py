"""Models in GGUF, the form of llama.cpp, LM Studio and Ollama: what a file holds, and a folder made of it."""
