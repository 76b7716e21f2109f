"""The command line: every job the window can do, without a window."""
