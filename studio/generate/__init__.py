"""Answers from a model: sampling, streaming, base and tuned side by side. No Qt."""
