"""What stands behind the window: the start, the state on show, a controller per pane, and their requests."""
