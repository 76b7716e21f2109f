"""Base models and adapters: check, count, load, share, attach, detach, save. Strangers to data and runs; no Qt."""
