"""The Hugging Face Hub through its own client, for datasets and models: its process, failures, uploads."""
