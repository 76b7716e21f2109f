"""What may be wrong with a dataset's rows, and how to mend it: one check a file, all in `checks.CHECKS`."""
