"""One folder per run: what was asked, what happened, what came out. Knows neither models nor data."""
