"""The evaluation pane."""
