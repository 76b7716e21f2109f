"""The dialogs: each asks one thing, and knows no job."""
