"""Datasets as files: saved with their history, exported, put on the Hub."""
