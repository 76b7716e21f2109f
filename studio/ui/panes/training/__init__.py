"""The training pane: recipe, forecast, curves, log."""
