"""Benchmarks of the field by lm-evaluation-harness, and multiple choice of our own that needs no library."""
