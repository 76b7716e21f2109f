"""Tuning Studio: fine-tune language models on this Mac, and learn whether they really got better."""

__version__ = "0.1.0"
