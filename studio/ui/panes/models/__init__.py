"""The models pane: what is on this Mac and what the Hub has, what fits, and what is on its way."""
