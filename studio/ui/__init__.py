"""The window: theme, widgets, plots, tables and panes. Qt and pyqtgraph; never an engine library."""
