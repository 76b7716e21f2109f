"""What may be wrong with a dataset's rows, and how to fix it; all of it in `registry.CHECKS`."""
