"""An evaluation as something to publish: HTML, Markdown, PDF and data, all of the same blocks and figures."""
