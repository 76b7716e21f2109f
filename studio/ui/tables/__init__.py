"""Table models: rows and columns as data, tested without a window."""
