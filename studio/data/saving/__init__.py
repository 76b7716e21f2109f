"""Datasets that are kept: a manifest, Parquet parts and a card; and ways out, to JSONL files and the Hub."""
