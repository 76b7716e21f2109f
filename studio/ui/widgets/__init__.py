"""The building blocks every pane is made of: no colours, no jobs, no files, only shape and behaviour."""
