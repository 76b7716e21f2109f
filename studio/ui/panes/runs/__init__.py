"""The runs pane: the table, one run in full, several compared."""
