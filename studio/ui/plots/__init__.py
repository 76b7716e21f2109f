"""Plots. Only `lazy` may be imported with the window; the rest brings pyqtgraph, after the first paint."""
