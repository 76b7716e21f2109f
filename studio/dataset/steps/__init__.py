"""What was done to a dataset, step by step, so that it can be told, undone, and done again to a new file."""
