"""Instructions that are checked without a judge: kinds of constraints, and prompts that ask for them.

Everything here is pure and fast: an answer keeps a constraint or does not. So the same checks can score an
evaluation and reward an answer in training.
"""
