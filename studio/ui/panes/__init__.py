"""One folder per pane. A pane shows values and announces wishes; it knows no neighbour and no engine."""
