"""How an answer is scored against what was wanted: one scorer a file's worth, pure functions. No model."""
