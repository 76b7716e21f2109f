"""Base models and adapters: check, count, load, share, attach. Strangers to data and runs; no Qt."""
