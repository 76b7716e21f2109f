"""Models on the Hugging Face Hub: looked for, shown before they are here, and brought into its cache."""
