"""The dataset pane and its pages."""
