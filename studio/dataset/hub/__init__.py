"""Datasets on the Hugging Face Hub: their names, and their download in a process of its own."""
